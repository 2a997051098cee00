import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import type { CallerErrorCode } from '#shared/failures.ts';
import { CallerError, callerErrorStatus } from '#shared/failures.ts';
import { openaiChat } from '#lambda/wire/openai-chat/index.ts';
import type { Answer, ChatQuestion } from '#lambda/wire/types.ts';
import { anyQuestion, collect, framesOf, writeAnswer } from './streams.ts';

const answer: Answer = {
  id: 'chatcmpl-1',
  model: 'm',
  created: 5,
  content: 'Hello "you"\n',
  reasoning: 'Hm.',
  refusal: '',
  toolCalls: [
    { id: 'a', name: 'f', arguments: '{"x":1}' },
    { id: 'b', name: 'g', arguments: '{}' },
  ],
  finish: 'tool_calls',
  usage: { inputTokens: 10, outputTokens: 4, cachedInputTokens: 2, reasoningTokens: 1 },
};

/** A caller who does not want usage. */
const silent: ChatQuestion = { ...anyQuestion, includeUsage: false };

/** The official client, answered with the given text. */
function clientFor(body: string, status: number, type: string): OpenAI {
  const fetch = (): Promise<Response> =>
    Promise.resolve(new Response(body, { status, headers: { 'content-type': type } }));
  return new OpenAI({ apiKey: 'k', baseURL: 'http://127.0.0.1:1/v1', maxRetries: 0, fetch });
}
const ask = { model: 'm', messages: [{ role: 'user' as const, content: 'hi' }] };

describe('written replies', () => {
  it('read back as they were', () => {
    expect(openaiChat.toAnswer(openaiChat.renderReply(answer, anyQuestion))).toEqual(answer);
    expect(collect(openaiChat, framesOf([writeAnswer(openaiChat, answer)]))).toEqual(answer);
    expect(collect(openaiChat, framesOf([writeAnswer(openaiChat, answer, silent)]))).toEqual({
      ...answer,
      usage: null,
    });
  });

  it('leave out what is not known', () => {
    const reply = JSON.parse(
      openaiChat.renderReply({ ...answer, usage: null, toolCalls: [], finish: 'stop' }, anyQuestion),
    ) as object;
    expect(reply).not.toHaveProperty('usage');
    expect(JSON.parse(openaiChat.renderReply({ ...answer, usage: { inputTokens: 1 } }, anyQuestion))).toHaveProperty(
      'usage',
      {
        prompt_tokens: 1,
      },
    );
  });

  it('carry what Freeway adds', () => {
    expect(JSON.parse(openaiChat.renderReply(answer, anyQuestion, { route: 'a/b' }))).toHaveProperty('freeway', {
      route: 'a/b',
    });
    const closing = { usage: answer.usage, freeway: { cost_usd: 0 } };
    const frame = openaiChat.openWriter(anyQuestion).closeAfter(null, answer, closing);
    expect(JSON.parse(framesOf([frame])[0]?.data ?? '')).toEqual({
      id: 'chatcmpl-1',
      object: 'chat.completion.chunk',
      created: 5,
      model: 'm',
      choices: [],
      usage: {
        prompt_tokens: 10,
        completion_tokens: 4,
        total_tokens: 14,
        prompt_tokens_details: { cached_tokens: 2 },
        completion_tokens_details: { reasoning_tokens: 1 },
      },
      freeway: { cost_usd: 0 },
    });
  });
});

describe('the official client', () => {
  it('reads a whole reply', async () => {
    const reply = await clientFor(
      openaiChat.renderReply(answer, anyQuestion),
      200,
      'application/json',
    ).chat.completions.create(ask);
    expect(reply.choices[0]?.message).toMatchObject({ content: answer.content, refusal: null });
    expect(reply.usage?.total_tokens).toBe(14);
  });

  it('reads a stream', async () => {
    const client = clientFor(writeAnswer(openaiChat, answer), 200, 'text/event-stream');
    const reply = await client.chat.completions.stream(ask).finalChatCompletion();
    expect(reply.choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { content: answer.content } });
    expect(reply.choices[0]?.message.tool_calls).toHaveLength(2);
    expect(reply.usage?.prompt_tokens).toBe(10);
  });

  it('throws the error of a stream after what came before it', async () => {
    const writer = openaiChat.openWriter(anyQuestion);
    const start = writer.start(answer) + writer.text(answer, { kind: 'content', text: 'He' });
    const error = new CallerError('upstream_failed', 'The answer broke off.');
    const client = clientFor(start + writer.fail(error, 'req_1', 0), 200, 'text/event-stream');
    const seen: string[] = [];
    const read = async (): Promise<void> => {
      for await (const chunk of await client.chat.completions.create({ ...ask, stream: true })) {
        seen.push(chunk.choices[0]?.delta.content ?? '');
      }
    };
    await expect(read()).rejects.toMatchObject({
      code: 'upstream_failed',
      type: 'server_error',
      message: 'The answer broke off.',
    });
    expect(seen.join('')).toBe('He');
  });

  it('throws the error of a reply by its kind', async () => {
    const error = new CallerError('invalid_request', 'Bad field.', { param: 'messages[0].role' });
    const client = clientFor(openaiChat.renderError(error, 'req_1', 0), 400, 'application/json');
    await expect(client.chat.completions.create(ask)).rejects.toMatchObject({
      status: 400,
      code: 'invalid_request',
      param: 'messages[0].role',
      type: 'invalid_request_error',
    });
  });
});

describe('renderError', () => {
  it('tells attempts and when to come back', () => {
    const attempt = {
      route: 'a/b',
      credential: 'one',
      tier: 'free',
      failure: 'rate_limited',
      status: 429,
      ms: 12,
      endedAtMs: 5,
      message: 'no',
    } as const;
    const error = new CallerError('exhausted', 'Nobody can serve.', { retryAfterMs: 1500, attempts: [attempt] });
    expect(JSON.parse(openaiChat.renderError(error, 'req_2', Date.parse('2026-11-21T00:00:00Z')))).toEqual({
      error: {
        message: 'Nobody can serve.',
        type: 'server_error',
        param: null,
        code: 'exhausted',
        request_id: 'req_2',
        retryable: true,
        attempts: [{ route: 'a/b', credential: 'one', failure: 'rate_limited', status: 429, ms: 12 }],
        earliest_reset: '2026-11-21T00:00:01.500Z',
      },
    });
  });

  it('always tells of attempts when quota is used up, even of none', () => {
    const read = (error: CallerError) => JSON.parse(openaiChat.renderError(error, 'r', 0)) as { error: object };
    expect(read(new CallerError('exhausted', 'x', { retryAfterMs: 1 })).error).toMatchObject({ attempts: [] });
    expect(read(new CallerError('exhausted', 'x')).error).toMatchObject({ attempts: [], earliest_reset: null });
    expect(read(new CallerError('no_candidate', 'x')).error).not.toHaveProperty('attempts');
  });

  it.each(Object.keys(callerErrorStatus) as CallerErrorCode[])('names a type for %s', (code) => {
    const { error } = JSON.parse(openaiChat.renderError(new CallerError(code, 'x'), 'r', 0)) as {
      error: { type: string };
    };
    expect(error.type).toMatch(/_error$|^insufficient_quota$/);
    expect(error.type === 'server_error').toBe(callerErrorStatus[code] >= 500);
  });
});
