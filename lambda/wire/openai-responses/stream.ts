// Reads a stream of the Responses format, event by event.
import { finishAfter, lostPiece, nothing } from '../facts.ts';
import { isErrorBody, toInnerFailure } from '../inner-error.ts';
import type { FrameCall, FrameFacts, FrameText, ReplyContext, SseFrame, StreamReader } from '../types.ts';
import type { Json } from '../json.ts';
import { isRecord, parseJson, toAmount, toRecord, toText } from '../json.ts';
import { toFinish, toUsage } from './reply.ts';
import { toFlatName } from './tool-names.ts';

interface OpenCall {
  readonly index: number;
  /** Whether anything of its arguments was seen. */
  isBegun: boolean;
}

interface State {
  /** Tool calls by the place of their item. */
  readonly calls: Map<unknown, OpenCall>;
  /** Items whose thoughts were seen, by their place. */
  readonly thoughts: Set<unknown>;
}

/** Begins to read a stream. */
export function openReader(): StreamReader {
  const state: State = { calls: new Map(), thoughts: new Set() };
  return { read: (frame, context) => readFrame(state, frame, context) };
}

function readFrame(state: State, { event, data }: SseFrame, context: ReplyContext): FrameFacts {
  if (data === null || data === '') return nothing;
  if (data === '[DONE]') return { ...nothing, done: true };
  const json = parseJson(data);
  if (event === 'error' || isErrorBody(json)) return { ...nothing, failure: toInnerFailure(json, data, context) };
  if (json === undefined && `${event}${data}`.includes('response.')) return lostPiece;
  if (!isRecord(json)) return { ...nothing, malformed: true };
  switch (json['type']) {
    case 'response.created':
      return { ...nothing, head: toHead(toRecord(json['response'])) };
    case 'response.output_text.delta':
      return toTextFacts('content', json['delta']);
    case 'response.refusal.delta':
      return toTextFacts('refusal', json['delta']);
    case 'response.reasoning_summary_text.delta':
    case 'response.reasoning_text.delta':
      state.thoughts.add(json['output_index']);
      return toTextFacts('reasoning', json['delta']);
    case 'response.reasoning_summary_part.added':
      // The parts of a summary are paragraphs.
      return state.thoughts.has(json['output_index']) ? toTextFacts('reasoning', '\n\n') : nothing;
    case 'response.output_item.added':
      return readItem(state, json);
    case 'response.function_call_arguments.delta':
      return readArguments(state, json['output_index'], json['delta']);
    case 'response.output_item.done':
      return readItemEnd(state, json);
    case 'response.completed':
    case 'response.incomplete':
    case 'response.failed':
      return readEnd(state, toRecord(json['response']), { data, context });
    default:
      return nothing;
  }
}

function toHead(response: Json): FrameFacts['head'] {
  const id = toText(response['id']);
  if (id === null) return null;
  return { id, model: toText(response['model']) ?? '', created: toAmount(response['created_at']) ?? 0 };
}

const silence: FrameText = { content: '', reasoning: '', refusal: '' };

function toTextFacts(kind: keyof FrameText, text: unknown): FrameFacts {
  return typeof text === 'string' && text !== ''
    ? { ...nothing, content: true, text: { ...silence, [kind]: text } }
    : nothing;
}

const toCallFacts = (call: FrameCall): FrameFacts => ({ ...nothing, content: true, toolCall: true, calls: [call] });

function readItem(state: State, { output_index: at, item: given }: Json): FrameFacts {
  const item = toRecord(given);
  const { type } = item;
  if (type === 'message' || type === 'reasoning') return nothing;
  // What hosted tools do is part of the answer, but not to be told in words.
  if (type !== 'function_call') return { ...nothing, content: true, opaque: true };
  const index = state.calls.size;
  const text = toText(item['arguments']) ?? '';
  state.calls.set(at, { index, isBegun: text !== '' });
  const id = toText(item['call_id']) ?? toText(item['id']);
  const name = toText(item['name']);
  return toCallFacts({
    index,
    id,
    name: name === null ? null : toFlatName(toText(item['namespace']), name),
    arguments: text,
  });
}

function readArguments(state: State, at: unknown, text: unknown): FrameFacts {
  const call = state.calls.get(at);
  if (call === undefined || typeof text !== 'string' || text === '') return nothing;
  call.isBegun = true;
  return toCallFacts({ index: call.index, id: null, name: null, arguments: text });
}

/** Some tell the arguments only at the end of the item. */
function readItemEnd(state: State, { output_index: at, item: given }: Json): FrameFacts {
  const isBegun = state.calls.get(at)?.isBegun ?? true;
  return isBegun ? nothing : readArguments(state, at, toRecord(given)['arguments']);
}

function readEnd(state: State, response: Json, { data, context }: { data: string; context: ReplyContext }): FrameFacts {
  const finish = toFinish(response);
  const usage = toUsage(response);
  if (finish === 'error') {
    const { error } = response;
    const text = JSON.stringify({ error: isRecord(error) ? error : { message: 'The provider broke the answer off.' } });
    return { ...nothing, usage, failure: toInnerFailure(parseJson(text), isRecord(error) ? text : data, context) };
  }
  return { ...nothing, finish: finishAfter(finish ?? 'stop', state.calls.size), usage, done: true };
}
