// Reads single frames of a stream in the OpenAI chat format.
import type { Finish, FrameFacts, ReplyContext, ReplyHead, SseFrame } from '../types.ts';
import type { Json } from '../json.ts';
import { isRecord, parseJson, toList, toRecord } from '../json.ts';
import { isErrorBody, toInnerFailure } from './inner-error.ts';
import { readCalls, readText, toFinish } from './message.ts';
import { normaliseMessage } from './reply.ts';
import { parseUsage } from './usage.ts';

const nothing: FrameFacts = {
  content: false,
  toolCall: false,
  finish: null,
  usage: null,
  usageOnly: false,
  done: false,
  malformed: false,
  irregular: false,
  head: null,
  text: null,
  calls: [],
  opaque: false,
  failure: null,
};

/** What one frame means. Comments and empty frames mean nothing; broken JSON is told as `malformed`, not as a failure. */
export function inspectFrame(frame: SseFrame, context: ReplyContext): FrameFacts {
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
  return readChunk(json);
}

function readChunk(json: Json): FrameFacts {
  const choices = toList(json['choices']);
  const usage = parseUsage(json);
  const head = toHead(json);
  const choice = choices[0];
  if (!isRecord(choice)) return { ...nothing, usage, usageOnly: usage !== null, head };
  const delta = deltaOf(choice);
  const text = readText(delta);
  const calls = readCalls(delta, true);
  const finish = toFinish(choice['finish_reason']);
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
    irregular: text.irregular || calls.some((call) => call.irregular),
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

/** The reason the stream ended, so that some `stop` after tool calls is told as what it is. */
export function finishAfter(finish: Finish | null, toolCalls: number): Finish | null {
  return finish === 'stop' && toolCalls > 0 ? 'tool_calls' : finish;
}

/** The data of a chunk in the shape official clients read: content as a string, tool calls with their index. */
export function normaliseFrame(data: string): string {
  const json = parseJson(data);
  if (!isRecord(json)) return data;
  const choices = toList(json['choices']).map((choice) => {
    const record = toRecord(choice);
    return { ...record, delta: normaliseMessage(deltaOf(record), true) };
  });
  return JSON.stringify({ ...json, choices });
}
