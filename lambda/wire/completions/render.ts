// Writes answers in the format of OpenAI's text completions: whole ones, and streams chunk by chunk.
import { renderStreamError } from '../openai-chat/error.ts';
import { toUsageJson } from '../openai-chat/usage.ts';
import { renderFrame } from '../sse.ts';
import type { Answer, ChatQuestion, Finish, ReplyHead } from '../types.ts';
import type { Closing, StreamWriter } from '../writer.ts';
import type { Json } from '../json.ts';
import { readGap } from './question.ts';

/** The format has no other words. */
const toWord = (finish: Finish | null): string | null =>
  finish === null || finish === 'length' || finish === 'content_filter' ? finish : 'stop';

const toDocument = ({ id, created, model }: ReplyHead, choices: readonly Json[]): Json => ({
  id,
  object: 'text_completion',
  created,
  model,
  choices,
});

const toChoice = (text: string, finish: string | null): Json => ({
  text,
  index: 0,
  logprobs: null,
  finish_reason: finish,
});

/** What is told before the answer. */
function toEcho({ body }: ChatQuestion): string {
  const { echo, prompt } = readGap(body);
  return echo ? prompt : '';
}

/** A whole reply as JSON text. Thoughts have no place in it. */
export function renderReply(
  answer: Answer,
  question: ChatQuestion,
  freeway?: Readonly<Record<string, unknown>>,
): string {
  const { content, refusal, finish } = answer;
  const usage = toUsageJson(answer.usage);
  return JSON.stringify({
    ...toDocument(answer, [toChoice(toEcho(question) + content + refusal, toWord(finish))]),
    ...(usage === null ? {} : { usage }),
    ...(freeway === undefined ? {} : { freeway }),
  });
}

const render = (head: ReplyHead, text: string, finish: string | null = null): string =>
  renderFrame(JSON.stringify(toDocument(head, [toChoice(text, finish)])));

/** Begins to write a stream. */
export function openWriter(question: ChatQuestion): StreamWriter {
  const close = (head: ReplyHead, { usage, freeway }: Closing): string => {
    const told = { ...toDocument(head, []), usage: toUsageJson(usage), freeway };
    return (question.includeUsage ? renderFrame(JSON.stringify(told)) : '') + renderFrame('[DONE]');
  };
  return {
    start: (head) => {
      const echo = toEcho(question);
      return echo === '' ? '' : render(head, echo);
    },
    text: (head, { kind, text }) => (kind === 'reasoning' ? '' : render(head, text)),
    // Nobody was offered a tool.
    tool: () => '',
    finish: (head, finish, closing) => render(head, '', toWord(finish)) + close(head, closing),
    passed: null,
    closeAfter: (_, head, closing) => close(head, closing),
    fail: renderStreamError,
  };
}
