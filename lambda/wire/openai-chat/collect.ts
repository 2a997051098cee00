// Gathers streams and whole replies into one answer in our own words.
import type { Usage } from '#shared/usage.ts';
import type { Answer, Finish, ReplyHead, SseFrame, ToolCall } from '../types.ts';
import type { Json } from '../json.ts';
import { isRecord, parseJson, toList } from '../json.ts';
import { isErrorBody } from './inner-error.ts';
import type { CallPiece } from './message.ts';
import { readCalls, readText, toFinish } from './message.ts';
import { deltaOf, finishAfter, toHead } from './stream.ts';
import { parseUsage } from './usage.ts';

const namelessHead: ReplyHead = { id: '', model: '', created: 0 };

interface Draft {
  head: ReplyHead;
  content: string;
  reasoning: string;
  refusal: string;
  readonly calls: Map<number, ToolCall>;
  finish: Finish | null;
  usage: Usage | null;
}

/** All frames of a stream as one answer. `finish` is null when the stream was cut; broken frames and errors are left out. */
export function collectStream(frames: readonly SseFrame[]): Answer {
  const draft = createDraft();
  for (const frame of frames) {
    if (frame.data === null || frame.event === 'error') continue;
    const json = parseJson(frame.data);
    if (!isRecord(json) || isErrorBody(json)) continue;
    if (draft.head === namelessHead) draft.head = toHead(json) ?? namelessHead;
    draft.usage = parseUsage(json) ?? draft.usage;
    const choice = toList(json['choices'])[0];
    if (isRecord(choice)) addChoice(draft, choice, true);
  }
  return toAnswerOf(draft);
}

/** A whole reply as an answer; null when the text is no chat completion. */
export function toAnswer(text: string): Answer | null {
  const json = parseJson(text);
  if (!isRecord(json)) return null;
  const choice = toList(json['choices'])[0];
  if (!isRecord(choice)) return null;
  const draft = createDraft();
  draft.head = toHead(json) ?? namelessHead;
  draft.usage = parseUsage(json);
  addChoice(draft, choice, false);
  return toAnswerOf(draft);
}

function createDraft(): Draft {
  return { head: namelessHead, content: '', reasoning: '', refusal: '', calls: new Map(), finish: null, usage: null };
}

function addChoice(draft: Draft, choice: Json, streamed: boolean): void {
  const message = deltaOf(choice);
  const text = readText(message);
  draft.content += text.content;
  draft.reasoning += text.reasoning;
  draft.refusal += text.refusal;
  for (const piece of readCalls(message, streamed)) addCall(draft.calls, piece);
  // Some tell the reason twice; the first one that says more than `stop` stands.
  const told = toFinish(choice['finish_reason']);
  if (told !== null && (draft.finish === null || draft.finish === 'stop')) draft.finish = told;
}

function addCall(calls: Map<number, ToolCall>, piece: CallPiece): void {
  const before = calls.get(piece.index);
  // Pieces without an index start a new call whenever they bring an id of their own.
  const isOther =
    before !== undefined && piece.irregular && piece.id !== null && before.id !== '' && piece.id !== before.id;
  const index = isOther ? calls.size : piece.index;
  const call = isOther ? undefined : before;
  calls.set(index, {
    id: call?.id || piece.id || '',
    name: call?.name || piece.name || '',
    arguments: (call?.arguments ?? '') + piece.arguments,
  });
}

function toAnswerOf(draft: Draft): Answer {
  const toolCalls = [...draft.calls.entries()].sort(([left], [right]) => left - right).map(([, call]) => call);
  const { content, reasoning, refusal, usage } = draft;
  const finish = finishAfter(draft.finish, toolCalls.length);
  return { ...draft.head, content, reasoning, refusal, toolCalls, finish, usage };
}
