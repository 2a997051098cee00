// Writes replies and streams in the OpenAI chat format.
import type { Answer, ChatQuestion, Finish, ReplyHead } from '../types.ts';
import type { Closing, StreamDelta, StreamTool, StreamWriter } from '../writer.ts';
import { toExtra } from '../signatures.ts';
import { renderFrame } from '../sse.ts';
import { renderStreamError } from './error.ts';
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
export function renderReply(answer: Answer, _: ChatQuestion, freeway?: Readonly<Record<string, unknown>>): string {
  const calls = answer.toolCalls.map(({ id, name, arguments: given, signature }) => ({
    id,
    type: 'function',
    function: { name, arguments: given },
    ...toExtra(signature),
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
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishWords[answer.finish ?? 'stop'] }],
    ...(usage === null ? {} : { usage }),
    ...(freeway === undefined ? {} : { freeway }),
  });
}

/** Begins to write a stream. Chunks of this format stand alone, so nothing need be remembered. */
export function openWriter(question: ChatQuestion): StreamWriter {
  return question.includeUsage ? tellingUsage : keepingUsage;
}

const writer = {
  /** The role, no content. */
  start: (head: ReplyHead) => renderChunk(head, { role: 'assistant', content: '' }, null),
  text: (head: ReplyHead, { kind, text }: StreamDelta) =>
    renderChunk(head, { [kind === 'reasoning' ? 'reasoning_content' : kind]: text }, null),
  tool: renderTool,
  passed: null,
  fail: renderStreamError,
};

const tellingUsage: StreamWriter = {
  ...writer,
  finish: (head, finish, closing) => renderChunk(head, {}, finishWords[finish]) + renderClosing(head, closing),
  closeAfter: (_, head, closing) => renderClosing(head, closing),
};

const keepingUsage: StreamWriter = {
  ...writer,
  finish: (head, finish) => renderChunk(head, {}, finishWords[finish]) + doneFrame,
  closeAfter: () => doneFrame,
};

function renderTool(head: ReplyHead, tool: StreamTool): string {
  const call = {
    index: tool.index,
    ...(tool.id === undefined ? {} : { id: tool.id, type: 'function' }),
    function: { ...(tool.name === undefined ? {} : { name: tool.name }), arguments: tool.arguments },
    ...toExtra(tool.signature),
  };
  return renderChunk(head, { tool_calls: [call] }, null);
}

const doneFrame = renderFrame('[DONE]');

/** The chunk of usage, with what Freeway adds under `freeway`, and the closing mark. */
function renderClosing(head: ReplyHead, { usage, freeway }: Closing): string {
  return renderFrame(JSON.stringify({ ...chunk(head), choices: [], usage: toUsageJson(usage), freeway })) + doneFrame;
}

function chunk(head: ReplyHead): Readonly<Record<string, unknown>> {
  return { id: head.id, object: 'chat.completion.chunk', created: head.created, model: head.model };
}

function renderChunk(head: ReplyHead, delta: object, finish: string | null): string {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }];
  return renderFrame(JSON.stringify({ ...chunk(head), choices }));
}
