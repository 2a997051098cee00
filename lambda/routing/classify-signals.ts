// What the classifier looks for: words and shapes, and what each speaks for. General on purpose; corrected by people, not tuned to examples.
import type { Hinted } from './classify-hints.ts';
import type { Task } from './types.ts';

/** A pattern in the last message. Weights are points towards a task, and towards a larger model. */
export interface TextSignal extends Hinted {
  readonly name: string;
  readonly task?: Exclude<Task, 'chat'>;
  readonly weight?: number;
  readonly size?: number;
}

/** Words in English, German, French, Spanish, Portuguese, Italian, Russian, Chinese and Japanese. */
export const textSignals: readonly TextSignal[] = [
  { name: 'code fence', pattern: /```|~~~/, shapes: ['fence'], task: 'coding', weight: 3, size: 1 },
  {
    name: 'stack trace',
    pattern:
      /^\s+at .+:\d+|Traceback \(most recent|\w(?:Error|Exception)\b|\bsegmentation fault|\bpanicked at|error\[E\d+\]/m,
    shapes: ['bracket', 'capital'],
    task: 'coding',
    weight: 3,
    size: 1,
  },
  {
    name: 'code-like line',
    pattern:
      /(?:^|\n)\s*(?:const|let|var|import|export|def|class|function|fn|func|public|private|#include|SELECT|return|async)\b.*[;:{(=]|=>\s*[{(]|\)\s*\{\s*$/,
    shapes: ['bracket'],
    task: 'coding',
    weight: 2,
  },
  {
    name: 'programming words',
    pattern:
      /\b(?:code|coding|function|method|bug|debug|refactor|compil\w*|unit tests?|regex\w*|algorithm|script|api endpoint|repository|pull request|typescript|javascript|python|java|rust|golang|kotlin|swift|c\+\+|c#|php|sql|html|css|react|django|docker\w*|kubernetes|terraform|bash|git|npm|query|async|mutex|thread|recursi\w+|programm\w*|funktion|fonction|funci[oó]n|c[oó]digo|codice|softwarefehler)\b|代码|函数|编程|コード|関数|プログラム|код|функци|скрипт/i,
    task: 'coding',
    weight: 2,
  },
  {
    name: 'asks to build software',
    pattern:
      /\b(?:implement|write|build|create|fix|optimi[sz]e|port|refactor|schreib\w*|[ée]cri[st]|escrib\w+|scrivi)\b[^.?!\n]{0,60}\b(?:function|class|script|program|component|endpoint|query|test|app|server|parser|hook|module|library|cli|funktion|fonction|funci[oó]n|funzione)\b/i,
    task: 'coding',
    weight: 2,
    size: 1,
  },
  {
    name: 'file names',
    pattern: /(?<=\w[./-]*)\.(?:ts|tsx|js|py|rs|go|java|cpp|h|sql|sh|ya?ml|toml|css|html)\b/,
    shapes: ['extension'],
    task: 'coding',
    weight: 1.5,
  },
  {
    name: 'summary words',
    pattern:
      /\b(?:summar\w+|tl;?dr|recap|condense|shorten this|key (?:points|takeaways)|main (?:points|ideas?)|in (?:one|two|three|a few) (?:sentences?|bullets?)|gist|zusammenfass\w*|fasse?\b.{0,60}\bzusammen|kernaussagen|r[ée]sum\w*|resum\w+|s[ií]ntesis|riassum\w+|riepilog\w+)\b|总结|摘要|概括|要約|まとめて|кратко|резюм|перескаж|суммир/i,
    task: 'summarization',
    weight: 3,
  },
  {
    name: 'extraction words',
    pattern:
      /\b(?:extract\w*|pull out|parse|list (?:all|every) (?:the )?(?:names?|dates?|e-?mails?|numbers?|entities|prices|companies)|find all|identify all|classif\w+|categori[sz]e|label (?:each|the|this)|sentiment|tag (?:each|the)|named entit\w+|fill in the fields|as (?:a )?(?:json|csv|table)|(?:return|respond|answer|output)(?: only| with)? (?:valid )?(?:json|csv|yaml)|key-value|extrahier\w*|klassifizier\w*|extrai\w*|extra[ei]\b|extrae\w*|estra\w+|clasific\w+|classez)\b|提取|抽取|分类|抽出|分類|извлек|классифиц/i,
    task: 'extraction',
    weight: 3,
  },
  {
    name: 'planning words',
    pattern:
      /\b(?:plan(?:s|ning)?|roadmap|strategy|itinerary|schedule|milestones?|timeline|project plan|agenda|curriculum|action items|checklist|step-by-step plan|break (?:this|it) down into|organi[sz]e|prioriti[sz]e|budget for|planen|plane\b|zeitplan|strategie|planifi\w+|organise\w*|planific\w+|itinerario|pianific\w+|piano)\b|计划|规划|方案|行程|計画|予定|план|стратеги|расписан/i,
    task: 'planning',
    weight: 2.5,
    size: 1,
  },
  {
    name: 'proof or derivation',
    pattern:
      /\b(?:prove|proof|theorem|lemma|derive|derivation|induction|contradiction|bewei\w+|d[ée]montr\w*|demuestr\w+|dimostra\w*)\b|证明|証明|докаж|теорем/i,
    size: 4,
  },
  {
    name: 'mathematics',
    pattern:
      /[∑∫√∂≤≥∞∈∀∃]|\\(?:frac|sum|int|sqrt)|\b(?:integral|derivative|eigenvalue|probability that|expected value|how many (?:ways|different)|modulo|polynomial|matrix|differential equation|wahrscheinlichkeit|probabilit[ée]|probabilidad)\b|概率|方程|確率|вероятност|уравнени/i,
    shapes: ['backslash'],
    size: 2.5,
  },
  {
    name: 'puzzle',
    pattern:
      /\b(?:puzzle|riddle|logic problem|knights? and knaves|river crossing|weighings?|truth-?teller|each of whom|exactly one of|r[äa]tsel|[ée]nigme|acertijo)\b|谜题|推理|パズル|загадк/i,
    size: 2.5,
  },
  {
    name: 'asks to reason',
    pattern:
      /\b(?:step by step|think (?:carefully|hard|deeply)|reason (?:about|through)|chain of thought|rigorous\w*|trade-?offs?|root cause|schritt f[üu]r schritt|[ée]tape par [ée]tape|paso a paso)\b|一步一步|仔细思考|段階的に|пошагово/i,
    size: 2,
  },
  {
    name: 'hard engineering',
    pattern:
      /\b(?:race condition|deadlock|concurren\w+|distributed|consensus|lock-free|memory leak|time complexity|O\(n|dynamic programming|np-hard|compiler|type inference|cryptograph\w+|throughput|scal(?:e|able|ability)|migrat\w+|architect\w+)\b/i,
    size: 2,
  },
  {
    name: 'depth asked for',
    pattern:
      /\b(?:in[- ]depth|detailed|comprehensive|thorough\w*|essay|report|analy[sz]e|analysis|compare|evaluate|critique|pros and cons|ausf[üu]hrlich|d[ée]taill[ée]\w*|detallad\w+|analys\w+|analiz\w+|vergleich\w*|compar\w+)\b|详细|分析|比较|詳しく|подробн|сравни/i,
    size: 2,
  },
  {
    name: 'short answer asked for',
    pattern:
      /\b(?:briefly|one word|yes or no|short answer|in one sentence|kurz|bri[èe]vement|brevemente)\b|简短|一言で|коротко/i,
    size: -1,
  },
];

/** Words in a system prompt that tell what the assistant is for. */
export const roleSignals: readonly TextSignal[] = [
  {
    name: 'system: coding assistant',
    pattern: /\b(?:coding (?:agent|assistant)|software engineer|programm\w+|developer|code review|repository)\b/i,
    task: 'coding',
    weight: 2.5,
    size: 1,
  },
  { name: 'system: summariser', pattern: /\bsummar\w+\b/i, task: 'summarization', weight: 2.5 },
  {
    name: 'system: extractor',
    pattern: /\b(?:extract\w*|classif\w+|(?:return|respond|output|answer)\b.{0,20}\bjson)\b/i,
    task: 'extraction',
    weight: 2.5,
  },
  { name: 'system: planner', pattern: /\bplann?(?:er|ing)\b/i, task: 'planning', weight: 2.5 },
];
