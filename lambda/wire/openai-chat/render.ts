// Writes replies and streams in the OpenAI chat format.
import type { Usage } from '#shared/usage.ts';
import type { Answer, Finish, ReplyHead, StreamDelta, StreamTool } from '../types.ts';
import { renderFrame } from '../sse.ts';
import { spliceFields } from '../splice.ts';
import { toUsageJson } from './usage.ts';

const finishWords: Readonly<Record<Finish, string>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  content_filter: 'content_filter',
  // The format has no word for these; an answer that ended this way is told apart by its error.
  error: 'stop',
  other: 'stop',
};

/** A whole reply as JSON text. */
export function renderReply(answer: Answer, freeway?: unknown): string {
  const calls = answer.toolCalls.map(({ id, name, arguments: given }) => ({
    id,
    type: 'function',
    function: { name, arguments: given },
  }));
  const silent = answer.content === '' && (calls.length > 0 || answer.refusal !== '');
  const message = {
    role: 'assistant',
    content: silent ? null : answer.content,
    refusal: answer.refusal === '' ? null : answer.refusal,
    ...(answer.reasoning === '' ? {} : { reasoning_content: answer.reasoning }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
  const usage = toUsageJson(answer.usage);
  return JSON.stringify({
    id: answer.id,
    object: 'chat.completion',
    created: answer.created,
    model: answer.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: answer.finish && finishWords[answer.finish] }],
    ...(usage === null ? {} : { usage }),
    ...(freeway === undefined ? {} : { freeway }),
  });
}

/** The first chunk: the role, no content. */
export function renderStreamStart(head: ReplyHead): string {
  return renderChunk(head, { role: 'assistant', content: '' }, null);
}

/** A piece of text. */
export function renderStreamDelta(head: ReplyHead, delta: StreamDelta): string {
  const field = delta.kind === 'reasoning' ? 'reasoning_content' : delta.kind;
  return renderChunk(head, { [field]: delta.text }, null);
}

/** A piece of a tool call. */
export function renderStreamTool(head: ReplyHead, tool: StreamTool): string {
  const call = {
    index: tool.index,
    ...(tool.id === undefined ? {} : { id: tool.id, type: 'function' }),
    function: { ...(tool.name === undefined ? {} : { name: tool.name }), arguments: tool.arguments },
  };
  return renderChunk(head, { tool_calls: [call] }, null);
}

/** The chunk that says why the answer ended. */
export function renderStreamFinish(head: ReplyHead, finish: Finish): string {
  return renderChunk(head, {}, finishWords[finish]);
}

/** The chunk of usage that closes a stream, with what Freeway adds under `freeway`. */
export function renderUsageFrame(head: ReplyHead, usage: Usage | null, freeway?: unknown): string {
  const extra = freeway === undefined ? {} : { freeway };
  return renderFrame(JSON.stringify({ ...chunk(head), choices: [], usage: toUsageJson(usage), ...extra }));
}

/** The closing mark. */
export function renderStreamDone(): string {
  return renderFrame('[DONE]');
}

/** A whole answer as the frames of a stream, closing mark included. An answer that was cut gets no finish and no closing mark. */
export function splitReply(answer: Answer, includeUsage: boolean): readonly string[] {
  const { id, model, created } = answer;
  const head = { id, model, created };
  const frames = [renderStreamStart(head)];
  for (const kind of ['reasoning', 'content', 'refusal'] as const) {
    if (answer[kind] !== '') frames.push(renderStreamDelta(head, { kind, text: answer[kind] }));
  }
  answer.toolCalls.forEach((call, index) => frames.push(renderStreamTool(head, { index, ...call })));
  if (answer.finish === null) return frames;
  frames.push(renderStreamFinish(head, answer.finish));
  if (includeUsage) frames.push(renderUsageFrame(head, answer.usage));
  frames.push(renderStreamDone());
  return frames;
}

/** Adds the field `freeway` to the data of a chunk without touching the rest of its text. */
export function addFreewayField(data: string, freeway: unknown): string {
  return spliceFields(data, { freeway: JSON.stringify(freeway) }) ?? data;
}

function chunk(head: ReplyHead): Readonly<Record<string, unknown>> {
  return { id: head.id, object: 'chat.completion.chunk', created: head.created, model: head.model };
}

function renderChunk(head: ReplyHead, delta: object, finish: string | null): string {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }];
  return renderFrame(JSON.stringify({ ...chunk(head), choices }));
}
