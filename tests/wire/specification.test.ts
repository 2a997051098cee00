// Whatever providers answered, what is passed on of it is as OpenAI's published specification has it; errors of every kind, too.
// Replies of providers that speak the Responses format themselves are passed on untouched: OpenAI's own depart from its specification there.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CallerError, callerErrorStatus, type CallerErrorCode } from '#shared/failures.ts';
import { parseEmbeddings } from '#lambda/wire/embeddings/question.ts';
import { parseVectors, renderVectors } from '#lambda/wire/embeddings/reply.ts';
import { parsePictures } from '#lambda/wire/images/question.ts';
import { dialects } from '#lambda/wire/index.ts';
import { parseVerdicts } from '#lambda/wire/moderations/question.ts';
import { openaiChat } from '#lambda/wire/openai-chat/index.ts';
import { openaiResponses } from '#lambda/wire/openai-responses/index.ts';
import { chatReplies, chatStreams } from './recorded.ts';
import { createJudge } from './specs.ts';
import { context, framesOf } from './streams.ts';

const judge = createJudge('openai-2.3.0.schema.json');

describe('chat completions passed on', () => {
  it.each(chatReplies)('$name', ({ reply }) => {
    const { facts } = openaiChat.parseReply(reply.body, context);
    const text = facts?.normalise?.() ?? reply.body;
    expect(judge('CreateChatCompletionResponse', JSON.parse(text))).toEqual([]);
  });

  it.each(chatStreams)('$name', ({ reply }) => {
    const reader = openaiChat.openReader();
    for (const frame of framesOf([reply.body])) {
      const { failure, done, malformed, normalise } = reader.read(frame, context);
      if (failure !== null || done || malformed || frame.data === null || frame.data === '') continue;
      const data = normalise === null ? frame.data : normalise().slice('data: '.length);
      expect(judge('CreateChatCompletionStreamResponse', JSON.parse(data))).toEqual([]);
    }
  });
});

const operations = new URL('../fixtures/operations/', import.meta.url);
const read = (name: string) =>
  JSON.parse(readFileSync(new URL(name, operations), 'utf8')) as {
    request: { body: Record<string, unknown> };
    response: { body: string };
  };
const names = readdirSync(operations);
const plain = { dialect: dialects.generic, nowMs: 0, native: null };

describe('other answers', () => {
  it.each(names.filter((name) => name.includes('embed')))('vectors of %s', (name) => {
    const { request, response } = read(name);
    const question = parseEmbeddings({ input: request.body['input'] });
    const found = parseVectors(response.body, question, plain);
    if (!('embeddings' in found)) throw new Error(found.failure.message);
    expect(judge('CreateEmbeddingResponse', JSON.parse(renderVectors(found.embeddings, question, 'm')))).toEqual([]);
  });

  it.each(names.filter((name) => name.includes('image')))('pictures of %s', (name) => {
    const { body } = read(name).response;
    expect(parsePictures(body, plain)).not.toHaveProperty('failure');
    expect(judge('ImagesResponse', JSON.parse(body))).toEqual([]);
  });

  it.each(names.filter((name) => name.includes('moderation')))('judgements of %s', (name) => {
    const { body } = read(name).response;
    expect(parseVerdicts(body, plain)).not.toHaveProperty('failure');
    expect(judge('CreateModerationResponse', JSON.parse(body))).toEqual([]);
  });

  it.each(Object.keys(callerErrorStatus) as CallerErrorCode[])('the error %s', (code) => {
    const error = new CallerError(code, 'It did not work.', { param: 'model' });
    for (const wire of [openaiChat, openaiResponses])
      expect(judge('ErrorResponse', JSON.parse(wire.renderError(error, 'req_1', 0)))).toEqual([]);
  });
});
