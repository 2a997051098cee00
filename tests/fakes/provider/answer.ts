// What the simulated provider says: deterministic text, tool calls and JSON, derived from the question alone.
import { countTokens, type Question } from './question.ts';
import type { AnswerMode, FakeModel } from './spec.ts';

/** The fixed answer of 60 words, so that a test can tell whether any word is missing or doubled. */
export const canonicalAnswer =
  'Once upon a time a small freeway carried sixty numbered words from one simulated provider to one patient reader, ' +
  'and no word was ever lost, repeated or swapped on the way, because every lane had a spare lane beside it, ' +
  'and whenever a bridge fell in the middle the traffic simply continued over the next one until the very end.';

const loremWords = 'lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor'.split(' ');

export interface Answer {
  readonly reasoning: string;
  readonly text: string;
  readonly toolCalls: readonly { readonly id: string; readonly name: string; readonly arguments: string }[];
  readonly finish: 'stop' | 'length' | 'tool_calls';
  readonly outputTokens: number;
  readonly reasoningTokens: number;
}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The smallest value that satisfies a simple schema (types, properties, items, enum, const, anyOf, local $ref). */
export function toSample(schema: unknown, root: unknown = schema, depth = 0): unknown {
  if (!isObject(schema) || depth > 12) return {};
  const reference = schema['$ref'];
  if (typeof reference === 'string' && reference.startsWith('#/')) {
    const found = reference
      .slice(2)
      .split('/')
      .reduce<unknown>((at, name) => (isObject(at) ? at[name] : undefined), root);
    return toSample(found, root, depth + 1);
  }
  if ('const' in schema) return schema['const'];
  if (Array.isArray(schema['enum'])) return schema['enum'][0];
  const choices = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(choices)) return toSample(choices[0], root, depth + 1);
  const type = Array.isArray(schema['type']) ? schema['type'][0] : schema['type'];
  if (type === 'string') return 'simulated'.padEnd(Number(schema['minLength'] ?? 0), '.');
  if (type === 'integer' || type === 'number') return Number(schema['minimum'] ?? 1);
  if (type === 'boolean') return true;
  if (type === 'null') return null;
  if (type === 'array') {
    const least = Math.max(1, Number(schema['minItems'] ?? 1));
    return Array.from({ length: least }, () => toSample(schema['items'], root, depth + 1));
  }
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  return Object.fromEntries(
    Object.entries(properties).map(([name, inner]) => [name, toSample(inner, root, depth + 1)]),
  );
}

/** `call tool NAME with {...}` in the prompt, or a tool the caller insists on. Several may be asked for. */
function toToolCalls(question: Question): Answer['toolCalls'] {
  if (question.tools.length === 0 || question.toolResult !== null) return [];
  const asked = [...question.prompt.matchAll(/call tool ([\w.-]+)(?: with (\{.*?\})(?=$|[\s.,;]))?/g)];
  const calls = asked.flatMap((match) => {
    const tool = question.tools.find(({ name }) => name === match[1]);
    return tool ? [{ name: tool.name, arguments: match[2] ?? JSON.stringify(toSample(tool.parameters)) }] : [];
  });
  if (calls.length === 0 && question.forcedTool !== null) {
    const wanted = question.forcedTool;
    const tool = question.tools.find(({ name }) => wanted === '*' || name === wanted);
    if (tool) calls.push({ name: tool.name, arguments: JSON.stringify(toSample(tool.parameters)) });
  }
  return calls.map((call, index) => ({ id: `call_sim_${index + 1}`, ...call }));
}

function loremText(tokens: number): string {
  const words: string[] = [];
  for (let length = 0; length < tokens * 4;) {
    const word = loremWords[words.length % loremWords.length] ?? 'lorem';
    words.push(word);
    length += word.length + 1;
  }
  return words.join(' ').slice(0, tokens * 4);
}

function plainText(question: Question, mode: AnswerMode): string {
  if (typeof mode === 'function') return mode(question.prompt);
  if (mode === 'echo') return question.prompt;
  return mode === 'lorem' ? loremText(question.maxTokens ?? 256) : canonicalAnswer;
}

function toText(question: Question, mode: AnswerMode): string {
  if (question.toolResult !== null) return `The tool answered: ${question.toolResult}`;
  if (question.schema !== null) {
    return JSON.stringify(question.schema === true ? { answer: 'simulated' } : toSample(question.schema));
  }
  const text = plainText(question, mode);
  if (question.images === 0) return text;
  return `I see ${question.images} image${question.images === 1 ? '' : 's'}. ${text}`;
}

/** Answers a question: the same answer to the same question, always. */
export function toAnswer(
  question: Question,
  model: FakeModel,
  how: { readonly mode: AnswerMode; readonly preface: string },
): Answer {
  const toolCalls = toToolCalls(question);
  const bound = Math.min(question.maxTokens ?? Infinity, model.maxOutput ?? 8192);
  const reasoning = model.reasoning && question.reasoning ? 'Thinking about it. The question is clear. Answering.' : '';
  const reasoningTokens = countTokens(reasoning);
  if (toolCalls.length > 0) {
    const outputTokens = countTokens(JSON.stringify(toolCalls)) + reasoningTokens;
    return { reasoning, text: '', toolCalls, finish: 'tool_calls', outputTokens, reasoningTokens };
  }
  const preface = question.schema === null ? how.preface : '';
  let text = `${preface}${toText(question, model.answer ?? how.mode)}`;
  const { prefill } = question;
  if (prefill !== null && model.prefill !== 'restarts' && text.startsWith(prefill)) text = text.slice(prefill.length);
  const room = Math.max(0, bound - reasoningTokens) * 4;
  const finish = text.length > room ? 'length' : 'stop';
  text = text.slice(0, room);
  const outputTokens = countTokens(text) + reasoningTokens;
  return { reasoning, text, toolCalls, finish, outputTokens, reasoningTokens };
}
