// Writes the input of a prediction from the OpenAI chat format. Every model has inputs of its own; the catalog says what they are called.
import type { Quirk } from '#shared/quirks.ts';
import type { Json } from '../json.ts';
import { toAmount, toList, toRecord, toText } from '../json.ts';
import { appliesTo, bendBody } from '../openai-chat/quirks.ts';
import type { Field } from '../splice.ts';
import type { ChatQuestion, RenderedRequest, RequestTarget } from '../types.ts';

type Names = Extract<Quirk, { kind: 'inputs' }>['names'];

/** What nearly all language models take beside their prompt. */
const usual: Names = { max_tokens: 'max_tokens', temperature: 'temperature', top_p: 'top_p' };

/** Fields of the OpenAI chat format that are told here in other words, or mean nothing to a provider. */
const told: ReadonlySet<string> = new Set([
  'model', 'models', 'freeway', 'messages', 'stream', 'stream_options', 'max_tokens', 'max_completion_tokens', 'n',
]); // prettier-ignore

/** Inputs of one value, named as in the OpenAI chat format. */
const plain = ['temperature', 'top_p', 'presence_penalty', 'frequency_penalty', 'seed', 'reasoning_effort', 'verbosity'] as const; // prettier-ignore

function toNames({ quirks, model }: RequestTarget): Names {
  const quirk = quirks.find((one) => one.kind === 'inputs' && appliesTo(one, model));
  return quirk?.kind === 'inputs' ? { ...usual, ...quirk.names } : usual;
}

/** The request for the target. A model with a version is one of many that anybody has published. */
export function renderRequest(
  { pivot }: ChatQuestion,
  _: readonly Field[] | null,
  target: RequestTarget,
): RenderedRequest {
  const asked = bendBody(pivot, target);
  const names = toNames(target);
  const dropped = new Set<string>();
  const input: Record<string, unknown> = { ...toConversation(asked, names, dropped), ...toBound(asked, names, target) };
  for (const [field, value] of Object.entries(asked)) {
    if (told.has(field) || value === undefined || value === null || value === false) continue;
    const name = plain.find((one) => one === field);
    const as = name === undefined ? null : names[name];
    if (typeof as === 'string') input[as] = value;
    else dropped.add(field);
  }
  const version = target.model.includes(':') ? { version: target.model } : {};
  return { text: JSON.stringify({ ...version, input, stream: true }), dropped: [...dropped] };
}

/** Where the prediction is made. */
export const requestPath = (_: ChatQuestion, { model }: RequestTarget): string =>
  model.includes(':') ? '/predictions' : `/models/${model.split('/').map(encodeURIComponent).join('/')}/predictions`;

function toBound(asked: Json, names: Names, { maxOutputTokens }: RequestTarget): Json {
  const bound = toAmount(asked['max_completion_tokens']) ?? toAmount(asked['max_tokens']);
  const name = names['max_tokens'];
  return bound === undefined || typeof name !== 'string' ? {} : { [name]: Math.min(bound, maxOutputTokens ?? bound) };
}

interface Said {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

function textOf(content: unknown, dropped: Set<string>): string {
  if (typeof content === 'string') return content;
  return toList(content)
    .map(toRecord)
    .flatMap((part) => {
      const text = toText(part['text']) ?? toText(part['refusal']);
      if (text === null) dropped.add(`messages.content.${String(part['type'])}`);
      return text ?? [];
    })
    .join('\n');
}

function toSaid(message: Json, dropped: Set<string>): Said {
  const { role, content, tool_calls: calls } = message;
  if (toList(calls).length > 0) dropped.add('messages.tool_calls');
  const said = textOf(content, dropped) + (toText(message['refusal']) ?? '');
  if (role === 'system' || role === 'developer') return { role: 'system', content: said };
  return { role: role === 'assistant' ? 'assistant' : 'user', content: said };
}

const speakers = { user: 'User', assistant: 'Assistant' } as const;

/** One question stands for itself; what was said before is told as a script, the last word being the answer's. */
function toScript(turns: readonly Said[]): string {
  const [only] = turns;
  if (turns.length === 1 && only?.role === 'user') return only.content;
  const lines = turns.map(
    ({ role, content }) => `${role === 'assistant' ? speakers.assistant : speakers.user}: ${content}`,
  );
  return [...lines, ...(turns.at(-1)?.role === 'assistant' ? [] : [`${speakers.assistant}:`])].join('\n\n');
}

/** Who said what, in words alone. What has no place is added to `dropped`. */
export const toTurns = (messages: unknown, dropped: Set<string>): readonly Said[] =>
  toList(messages).map((message) => toSaid(toRecord(message), dropped));

function toConversation(asked: Json, names: Names, dropped: Set<string>): Json {
  const said = toTurns(asked['messages'], dropped);
  if (typeof names['messages'] === 'string') return { [names['messages']]: said };
  const system = said.flatMap(({ role, content }) => (role === 'system' ? [content] : [])).join('\n\n');
  const prompt = toScript(said.filter(({ role }) => role !== 'system'));
  if (system === '') return { prompt };
  return typeof names['system'] === 'string'
    ? { prompt, [names['system']]: system }
    : { prompt: `${system}\n\n${prompt}` };
}
