// Reads single frames of a stream in the OpenAI chat format.
import type { FrameCall, FrameFacts, ReplyContext, ReplyHead, SseFrame, StreamReader } from '../types.ts';
import { lostPiece, nothing } from '../facts.ts';
import type { Json } from '../json.ts';
import { isRecord, parseJson, toList, toRecord, toText } from '../json.ts';
import { isErrorBody, toInnerFailure } from '../inner-error.ts';
import { renderFrame } from '../sse.ts';
import { noCalls, seatCalls, type ReadCalls, type Seats } from './calls.ts';
import { readText, toFinish } from './message.ts';
import { completeDocument, isOfficialChunk, toNames, type Names } from './official.ts';
import { normaliseMessage } from './reply.ts';
import { parseUsage } from './usage.ts';

interface State {
  readonly seats: Seats;
  /** Stand in for names that the chunks do not tell: those of the first chunk that has some, or is made some. */
  names: Names | null;
  /** Whether they are the provider's own. */
  isNamed: boolean;
  /** Whether a chunk has said who speaks, as the first one must. */
  isBegun: boolean;
}

/** Begins to read a stream. */
export function openReader(): StreamReader {
  const state: State = { seats: { taken: [], last: -1 }, names: null, isNamed: false, isBegun: false };
  return { read: (frame, context) => readFrame(state, frame, context) };
}

/** What one frame means. Comments and empty frames mean nothing; broken JSON is `malformed`, and a failure only where it is a piece of this answer. */
function readFrame(state: State, frame: SseFrame, context: ReplyContext): FrameFacts {
  const { data } = frame;
  if (data === null || data === '') return nothing;
  if (data === '[DONE]' || data.trim() === '[DONE]') return { ...nothing, done: true };
  const json = parseJson(data);
  if (json === undefined) {
    if (frame.event !== 'error') return isOurs(state, data) ? lostPiece : { ...nothing, malformed: true };
    return { ...nothing, failure: toInnerFailure(null, data, context) };
  }
  if (frame.event === 'error' || isErrorBody(json)) {
    return { ...nothing, failure: toInnerFailure(json, data, context) };
  }
  if (!isRecord(json)) return { ...nothing, malformed: true };
  return readChunk(state, json, context);
}

/** Whether broken JSON is a piece of this answer: it tells the answer's id as far as it goes, or comes before any id; of an answer without one, it tells choices. */
function isOurs({ names, isNamed }: State, data: string): boolean {
  const begun = `{"id":"${names?.id ?? ''}`;
  if (names === null) return data.startsWith('{');
  return begun.startsWith(data) || data.includes(isNamed ? `"${names.id}"` : '"choices"');
}

function readChunk(state: State, json: Json, { nowMs }: ReplyContext): FrameFacts {
  const choices = toList(json['choices']);
  const usage = parseUsage(json);
  const head = toHead(json);
  if (head !== null && state.names === null) {
    state.names = { ...toNames(nowMs), id: head.id };
    state.isNamed = true;
  }
  const choice = choices[0];
  if (!isRecord(choice)) {
    const normalise =
      json['object'] === 'chat.completion.chunk' && choices === json['choices'] && choices.length === 0
        ? null
        : toNormal(state, { json, read: noCalls, isMute: false, nowMs });
    return { ...nothing, usage, usageOnly: usage !== null, normalise, head };
  }
  const delta = deltaOf(choice);
  const isMute = !state.isBegun && toText(delta['role']) === null;
  state.isBegun = true;
  const text = readText(delta);
  const read = seatCalls(delta, state.seats, toText(json['id']) ?? nowMs.toString(36));
  const { calls } = read;
  const finish = toFinish(choice['finish_reason']);
  const hasText = text.content !== '' || text.reasoning !== '' || text.refusal !== '';
  const opaque = hasAudio(delta);
  const isOfficial = !isMute && !text.irregular && !read.irregular && isOfficialChunk(json, choice);
  return {
    content: hasText || calls.length > 0 || opaque,
    toolCall: calls.length > 0,
    finish,
    usage,
    usageOnly: false,
    done: false,
    malformed: false,
    normalise: isOfficial ? null : toNormal(state, { json, read, isMute, nowMs }),
    head,
    text: hasText ? text : null,
    calls,
    opaque,
    failure: finish === 'error' ? brokenOff : null,
  };
}

const brokenOff = {
  kind: 'bad_reply',
  message: 'The provider broke the stream off with an error of its own.',
  status: 200,
} as const;

/** The delta of a choice. A whole `message` is read only where there is no delta: some repeat the answer there at the end. */
export function deltaOf(choice: Json): Json {
  if (isRecord(choice['delta'])) return choice['delta'];
  return isRecord(choice['message']) ? choice['message'] : { content: choice['text'] };
}

/** The names of the reply; null when the chunk has none (a filter report that comes first, for example). */
export function toHead(json: Json): ReplyHead | null {
  const { id, model, created } = json;
  if (typeof id !== 'string' || id === '' || typeof model !== 'string' || model === '') return null;
  return { id, model, created: typeof created === 'number' ? created : 0 };
}

function hasAudio(delta: Json): boolean {
  return isRecord(delta['audio']) && Object.keys(delta['audio']).length > 0;
}

interface Chunk {
  readonly json: Json;
  readonly read: ReadCalls<FrameCall>;
  /** It is the first, and does not say who speaks. */
  readonly isMute: boolean;
  readonly nowMs: number;
}

const toNormal = (state: State, chunk: Chunk) => (): string =>
  renderFrame(normaliseChunk(chunk, (state.names ??= toNames(chunk.nowMs))));

/** The chunk in the shape official clients read: content as a string, tool calls with their index. */
function normaliseChunk({ json, read, isMute }: Chunk, names: Names): string {
  const choices = toList(json['choices']).map((choice, at) => {
    const { message: _, ...record } = toRecord(choice);
    const delta = normaliseMessage(deltaOf(toRecord(choice)), at === 0 ? read : noCalls);
    const index = typeof record['index'] === 'number' ? record['index'] : at;
    return { finish_reason: null, ...record, index, delta: isMute ? { ...delta, role: 'assistant' } : delta };
  });
  return JSON.stringify({ ...completeDocument(json, 'chat.completion.chunk', names), choices });
}
