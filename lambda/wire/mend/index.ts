// Mends answers of models that write tool calls as text, or words around JSON: a wire around their own, only where the catalog marks them.
import type { Quirk } from '#shared/quirks.ts';
import { toCallName } from '../call-ids.ts';
import { finishAfter } from '../facts.ts';
import { toList, toRecord, toText } from '../json.ts';
import { appliesTo } from '../openai-chat/quirks.ts';
import type { Answer, ChatQuestion, FrameFacts, StreamReader, ToolCall, UpstreamWire } from '../types.ts';
import { findJson } from './json-text.ts';
import { findCalls, openers, type FoundCall } from './tool-text.ts';

/** What was mended. */
export type Mend = 'tool_calls' | 'json';

/** What may be mended of one answer. */
interface Mending {
  /** Names of the tools offered; null when their calls are not looked for. */
  readonly offered: ReadonlySet<string> | null;
  readonly json: boolean;
  readonly onMend: (what: Mend) => void;
}

/** What is to be mended of answers to this question by this model; null when nothing is. */
function toMending(
  question: ChatQuestion,
  target: { readonly model: string; readonly quirks: readonly Quirk[] },
  onMend: (what: Mend) => void,
): Mending | null {
  const marks = target.quirks.flatMap((quirk) =>
    quirk.kind === 'mend' && appliesTo(quirk, target.model) ? quirk.what : [],
  );
  if (marks.length === 0) return null;
  const names = toList(question.pivot['tools']).map((tool) => toText(toRecord(toRecord(tool)['function'])['name']));
  const offered =
    marks.includes('tool_calls') && names.length > 0 ? new Set(names.filter((name) => name !== null)) : null;
  const json = marks.includes('json') && question.needs.json;
  return offered === null && !json ? null : { offered, json, onMend };
}

const toCalls = (calls: readonly FoundCall[], text: string): ToolCall[] =>
  calls.map(({ name, arguments: given }, index) => ({ id: toCallName(text, index), name, arguments: given }));

/** The text as what it stands for. */
function mendText(text: string, { offered, json, onMend }: Mending): { content: string; toolCalls: ToolCall[] } {
  const found = offered === null ? null : findCalls(text, offered);
  if (found !== null) {
    onMend('tool_calls');
    return { content: found.content, toolCalls: toCalls(found.calls, text) };
  }
  const plain = json ? findJson(text) : null;
  if (plain !== null) onMend('json');
  return { content: plain ?? text, toolCalls: [] };
}

function mendAnswer(answer: Answer, mending: Mending): Answer {
  if (answer.toolCalls.length > 0) return answer;
  const { content, toolCalls } = mendText(answer.content, mending);
  return { ...answer, content, toolCalls, finish: finishAfter(answer.finish, toolCalls.length) };
}

/** From where on text must be held back, since a call may begin there; its length when none may. */
function holdFrom(text: string, isFirst: boolean): number {
  const start = text.search(/\S/);
  if (isFirst && (start < 0 || /[{[`]/.test(text[start] ?? ''))) return 0;
  const begun = openers.map((opener) => text.indexOf(opener)).filter((at) => at >= 0);
  if (begun.length > 0) return Math.min(...begun);
  // The end may be the beginning of a mark.
  for (let at = Math.max(0, text.length - 30); at < text.length; at++)
    if (openers.some((opener) => opener.startsWith(text.slice(at)))) return at;
  return text.length;
}

const silence = { content: '', reasoning: '', refusal: '' };

interface Held {
  /** What is held back. */
  text: string;
  /** Nothing has been passed on yet. */
  isFirst: boolean;
  /** The model calls tools properly: nothing is held back any more. */
  isOver: boolean;
}

/** The facts as they are passed on: text that may be a call waits until the end tells. */
function mendFacts(facts: FrameFacts, held: Held, mending: Mending): FrameFacts {
  if (held.isOver || facts.failure !== null) return facts;
  const { content = '', ...others } = facts.text ?? silence;
  held.text += content;
  if (facts.calls.length > 0) return release(facts, held, others);
  if (facts.finish !== null || facts.done) return mendEnd(facts, held, { mending, others });
  if (content === '') return facts;
  const at = mending.json ? 0 : holdFrom(held.text, held.isFirst);
  const passed = held.text.slice(0, at);
  held.text = held.text.slice(at);
  if (passed !== '') held.isFirst = false;
  // What is held back is content all the same: the model is at work.
  return { ...facts, text: { ...others, content: passed } };
}

function release(facts: FrameFacts, held: Held, others: Omit<typeof silence, 'content'>): FrameFacts {
  held.isOver = true;
  return { ...facts, text: { ...others, content: held.text } };
}

function mendEnd(
  facts: FrameFacts,
  held: Held,
  { mending, others }: { mending: Mending; others: Omit<typeof silence, 'content'> },
): FrameFacts {
  held.isOver = true;
  if (held.text === '') return facts;
  const { content, toolCalls } = mendText(held.text, mending);
  return {
    ...facts,
    content: true,
    text: { ...others, content },
    toolCall: toolCalls.length > 0,
    calls: toolCalls.map((call, index) => ({ index, ...call })),
    finish: finishAfter(facts.finish, toolCalls.length),
  };
}

function openMendingReader(reader: StreamReader, mending: Mending): StreamReader {
  const held: Held = { text: '', isFirst: true, isOver: false };
  return { read: (frame, context) => mendFacts(reader.read(frame, context), held, mending) };
}

/** The wire, mending what it reads where the model is marked for it; the very same wire everywhere else. */
export function toMendingWire(
  wire: UpstreamWire,
  question: ChatQuestion,
  {
    target,
    onMend,
  }: {
    readonly target: { readonly model: string; readonly quirks: readonly Quirk[] };
    readonly onMend: (what: Mend) => void;
  },
): UpstreamWire {
  const mending = toMending(question, target, onMend);
  if (mending === null) return wire;
  return {
    ...wire,
    openReader: () => openMendingReader(wire.openReader(), mending),
    toAnswer: (text) => {
      const answer = wire.toAnswer(text);
      return answer === null ? null : mendAnswer(answer, mending);
    },
  };
}

export type ToMendingWire = typeof toMendingWire;
