// Reads a stream of the Anthropic format, event by event.
import { lostPiece, nothing } from '../facts.ts';
import { isErrorBody, toInnerFailure } from '../inner-error.ts';
import { withSignature } from '../signatures.ts';
import { renderFrame } from '../sse.ts';
import type { FrameCall, FrameFacts, ReplyContext, SseFrame, StreamReader } from '../types.ts';
import type { Json } from '../json.ts';
import { isRecord, parseJson, toRecord, toText } from '../json.ts';
import { keepThoughts, toThought, type Thought } from './kept.ts';
import { addCounts, toFinish, toUsage, type Counts } from './words.ts';

/** A tool call by the block it stands in. */
interface OpenCall {
  readonly index: number;
  /** Whether anything of its arguments was seen. */
  isBegun: boolean;
}

interface State {
  counts: Counts;
  /** Tool calls by the index of their block. */
  readonly calls: Map<unknown, OpenCall>;
  /** Thoughts since the last call. */
  thoughts: Thought[];
}

/** Begins to read a stream. */
export function openReader(): StreamReader {
  const state: State = { counts: {}, calls: new Map(), thoughts: [] };
  return {
    read: (frame, context) => {
      const facts = readFrame(state, frame, context);
      return frame.event === null && frame.data !== null ? { ...facts, normalise: () => toNamed(frame) } : facts;
    },
  };
}

/** Official clients go by the names of events, which some who speak the format leave out. */
function toNamed({ raw, data }: SseFrame): string {
  const type = toText(toRecord(parseJson(data ?? ''))['type']);
  return type === null || data === null ? raw : renderFrame(data, type);
}

function readFrame(state: State, frame: SseFrame, context: ReplyContext): FrameFacts {
  const { data } = frame;
  if (data === null || data === '') return nothing;
  const json = parseJson(data);
  if (frame.event === 'error' || isErrorBody(json)) return { ...nothing, failure: toInnerFailure(json, data, context) };
  if (json === undefined && `${frame.event}${data}`.includes('content_block')) return lostPiece;
  if (!isRecord(json)) return { ...nothing, malformed: true };
  switch (json['type']) {
    case 'message_start':
      return readStart(state, toRecord(json['message']), context);
    case 'content_block_start':
      return readBlock(state, json);
    case 'content_block_delta':
      return readDelta(state, json);
    case 'content_block_stop':
      return readStop(state, json);
    case 'message_delta':
      state.counts = addCounts(state.counts, json['usage']);
      return { ...nothing, finish: toFinish(toRecord(json['delta'])['stop_reason']), usage: toUsage(state.counts) };
    case 'message_stop':
      return { ...nothing, done: true };
    default:
      return nothing;
  }
}

function readStart(state: State, message: Json, { nowMs }: ReplyContext): FrameFacts {
  // What is written is told at the end; here stands a number for its beginning.
  state.counts = addCounts(state.counts, { ...toRecord(message['usage']), output_tokens: undefined });
  const head = {
    id: toText(message['id']) ?? '',
    model: toText(message['model']) ?? '',
    created: Math.floor(nowMs / 1000),
  };
  return { ...nothing, head: head.id === '' ? null : head, usage: toUsage(state.counts) };
}

const silence = { content: '', reasoning: '', refusal: '' };

function toTextFacts(kind: 'content' | 'reasoning', text: unknown): FrameFacts {
  return typeof text === 'string' && text !== ''
    ? { ...nothing, content: true, text: { ...silence, [kind]: text } }
    : nothing;
}

const toCallFacts = (call: FrameCall): FrameFacts => ({ ...nothing, content: true, toolCall: true, calls: [call] });

function readBlock(state: State, { index: at, content_block: given }: Json): FrameFacts {
  const block = toRecord(given);
  const thought = toThought(block);
  if (thought !== null) state.thoughts.push(thought);
  switch (block['type']) {
    case 'text':
      return toTextFacts('content', block['text']);
    case 'thinking':
      return toTextFacts('reasoning', block['thinking']);
    case 'redacted_thinking':
      return { ...nothing, content: true };
    case 'tool_use': {
      const input = toRecord(block['input']);
      const isBegun = Object.keys(input).length > 0;
      const index = state.calls.size;
      state.calls.set(at, { index, isBegun });
      const text = isBegun ? JSON.stringify(input) : '';
      const signed = withSignature(keepThoughts(state.thoughts));
      state.thoughts = [];
      return toCallFacts({ index, id: toText(block['id']), name: toText(block['name']), arguments: text, ...signed });
    }
    default:
      // Server tools and whatever comes next: part of the answer, but not to be told in words.
      return { ...nothing, content: true, opaque: true };
  }
}

function readDelta(state: State, { index: at, delta: given }: Json): FrameFacts {
  const delta = toRecord(given);
  const thought = state.thoughts.at(-1);
  if (thought?.type === 'thinking') {
    thought.thinking += toText(delta['thinking']) ?? '';
    thought.signature += toText(delta['signature']) ?? '';
  }
  switch (delta['type']) {
    case 'text_delta':
      return toTextFacts('content', delta['text']);
    case 'thinking_delta':
      return toTextFacts('reasoning', delta['thinking']);
    case 'input_json_delta': {
      const call = state.calls.get(at);
      const text = toText(delta['partial_json']);
      if (call === undefined || text === null) return nothing;
      call.isBegun = true;
      return toCallFacts({ index: call.index, id: null, name: null, arguments: text });
    }
    default:
      return nothing;
  }
}

/** A call without arguments sends none; everywhere else it has an empty object. */
function readStop(state: State, { index: at }: Json): FrameFacts {
  const call = state.calls.get(at);
  if (call === undefined || call.isBegun) return nothing;
  call.isBegun = true;
  return toCallFacts({ index: call.index, id: null, name: null, arguments: '{}' });
}
