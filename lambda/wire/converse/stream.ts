// Reads a stream of the Converse format, event by event.
import { nothing } from '../facts.ts';
import type { Json } from '../json.ts';
import { isRecord, parseJson, toRecord, toText } from '../json.ts';
import type { FrameCall, FrameFacts, ReplyContext, SseFrame, StreamReader } from '../types.ts';
import { toException, toFinish, toUsage } from './words.ts';

/** A tool call by the block it stands in. */
interface OpenCall {
  readonly index: number;
  /** Whether anything of its arguments was seen. */
  isBegun: boolean;
}

interface State {
  /** Tool calls by the index of their block. */
  readonly calls: Map<unknown, OpenCall>;
  /** Why it ended was told. */
  isEnded: boolean;
}

/** Begins to read a stream. */
export function openReader(): StreamReader {
  const state: State = { calls: new Map(), isEnded: false };
  return { read: (frame, context) => readFrame(state, frame, context) };
}

function readFrame(state: State, { event, data }: SseFrame, context: ReplyContext): FrameFacts {
  const { calls } = state;
  if (data === null || data === '') return nothing;
  const json = parseJson(data);
  if (!isRecord(json)) return { ...nothing, malformed: true };
  switch (event) {
    case 'exception':
      return { ...nothing, failure: toException(json, data, context) };
    case 'messageStart':
      return { ...nothing, head: { id: '', model: '', created: Math.floor(context.nowMs / 1000) } };
    case 'contentBlockStart':
      return readStart(calls, json);
    case 'contentBlockDelta':
      return readDelta(calls, json);
    case 'contentBlockStop':
      return readStop(calls, json);
    case 'messageStop':
      state.isEnded = true;
      return readEnd(json);
    case 'metadata':
      // It comes last.
      return { ...nothing, usage: toUsage(json), done: state.isEnded };
    default:
      return nothing;
  }
}

function readEnd({ stopReason }: Json): FrameFacts {
  const finish = toFinish(stopReason);
  if (finish !== 'error') return { ...nothing, finish };
  return {
    ...nothing,
    finish,
    failure: { kind: 'bad_reply', message: 'The provider broke off a call it could not write.' },
  };
}

const silence = { content: '', reasoning: '', refusal: '' };

function toTextFacts(kind: 'content' | 'reasoning', text: unknown): FrameFacts {
  return typeof text === 'string' && text !== ''
    ? { ...nothing, content: true, text: { ...silence, [kind]: text } }
    : nothing;
}

const toCallFacts = (call: FrameCall): FrameFacts => ({ ...nothing, content: true, toolCall: true, calls: [call] });

function readStart(calls: Map<unknown, OpenCall>, { contentBlockIndex: at, start }: Json): FrameFacts {
  const { toolUse, ...others } = toRecord(start);
  if (isRecord(toolUse)) {
    const index = calls.size;
    calls.set(at, { index, isBegun: false });
    return toCallFacts({ index, id: toText(toolUse['toolUseId']), name: toText(toolUse['name']), arguments: '' });
  }
  // Pictures and results of the provider's own tools: part of the answer, but not to be told in words.
  const isOpaque = others['toolResult'] !== undefined || others['image'] !== undefined;
  return isOpaque ? { ...nothing, content: true, opaque: true } : nothing;
}

function readDelta(calls: Map<unknown, OpenCall>, { contentBlockIndex: at, delta: given }: Json): FrameFacts {
  const { text, toolUse, reasoningContent } = toRecord(given);
  if (typeof text === 'string') return toTextFacts('content', text);
  if (isRecord(reasoningContent)) {
    const { redactedContent, text: thought } = reasoningContent;
    return redactedContent === undefined ? toTextFacts('reasoning', thought) : { ...nothing, content: true };
  }
  const call = calls.get(at);
  const piece = toText(toRecord(toolUse)['input']);
  if (call === undefined || piece === null) return nothing;
  call.isBegun = true;
  return toCallFacts({ index: call.index, id: null, name: null, arguments: piece });
}

/** A call without arguments sends none; everywhere else it has an empty object. */
function readStop(calls: Map<unknown, OpenCall>, { contentBlockIndex: at }: Json): FrameFacts {
  const call = calls.get(at);
  if (call === undefined || call.isBegun) return nothing;
  call.isBegun = true;
  return toCallFacts({ index: call.index, id: null, name: null, arguments: '{}' });
}
