// Reads single frames of a stream in the OpenAI chat format.
import type { FrameFacts, ReplyContext, ReplyHead, SseFrame, StreamReader } from '../types.ts';
import { nothing } from '../facts.ts';
import type { Json } from '../json.ts';
import { isRecord, parseJson, toList, toRecord } from '../json.ts';
import { isErrorBody, toInnerFailure } from '../inner-error.ts';
import { readCalls, readText, toFinish, type CallPiece } from './message.ts';
import { completeDocument, isOfficialChunk } from './official.ts';
import { normaliseMessage } from './reply.ts';
import { parseUsage } from './usage.ts';

/** Where the tool calls stand whose pieces come without an index. */
interface Seats {
  readonly ids: string[];
  last: number;
}

/** Begins to read a stream. */
export function openReader(): StreamReader {
  const seats: Seats = { ids: [], last: 0 };
  return { read: (frame, context) => readFrame(frame, context, seats) };
}

/** Pieces without an index begin a new call whenever they bring an id of their own, and else go on with the last one. */
function toSeat(piece: CallPiece, seats: Seats): CallPiece {
  if (!piece.irregular) return piece;
  if (piece.id === null) return seats.ids.length === 0 ? piece : { ...piece, index: seats.last };
  const known = seats.ids.indexOf(piece.id);
  seats.last = known < 0 ? seats.ids.push(piece.id) - 1 : known;
  return { ...piece, index: seats.last };
}

/** What one frame means. Comments and empty frames mean nothing; broken JSON is told as `malformed`, not as a failure. */
function readFrame(frame: SseFrame, context: ReplyContext, seats: Seats): FrameFacts {
  const { data } = frame;
  if (data === null || data === '') return nothing;
  if (data === '[DONE]' || data.trim() === '[DONE]') return { ...nothing, done: true };
  const json = parseJson(data);
  if (json === undefined) {
    if (frame.event !== 'error') return { ...nothing, malformed: true };
    return { ...nothing, failure: toInnerFailure(null, data, context) };
  }
  if (frame.event === 'error' || isErrorBody(json)) {
    return { ...nothing, failure: toInnerFailure(json, data, context) };
  }
  if (!isRecord(json)) return { ...nothing, malformed: true };
  return readChunk(json, seats);
}

function readChunk(json: Json, seats: Seats): FrameFacts {
  const choices = toList(json['choices']);
  const usage = parseUsage(json);
  const head = toHead(json);
  const choice = choices[0];
  if (!isRecord(choice)) {
    const irregular = json['object'] !== 'chat.completion.chunk';
    return { ...nothing, usage, usageOnly: usage !== null, irregular, head };
  }
  const delta = deltaOf(choice);
  const text = readText(delta);
  const calls = readCalls(delta, true);
  const finish = toFinish(choice['finish_reason']);
  const isIrregular = calls.some((call) => call.irregular);
  const hasText = text.content !== '' || text.reasoning !== '' || text.refusal !== '';
  const opaque = hasAudio(delta);
  return {
    content: hasText || calls.length > 0 || opaque,
    toolCall: calls.length > 0,
    finish,
    usage,
    usageOnly: false,
    done: false,
    malformed: false,
    irregular: text.irregular || isIrregular || !isOfficialChunk(json, choice),
    head,
    text: hasText ? text : null,
    calls: isIrregular ? calls.map((call) => toSeat(call, seats)) : calls,
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

/** The data of a chunk in the shape official clients read: content as a string, tool calls with their index. */
export function normaliseFrame(data: string): string {
  const json = parseJson(data);
  if (!isRecord(json)) return data;
  const choices = toList(json['choices']).map((choice) => {
    const record = toRecord(choice);
    return { finish_reason: null, ...record, delta: normaliseMessage(deltaOf(record), true) };
  });
  return JSON.stringify({ ...completeDocument(json, 'chat.completion.chunk'), choices });
}
