// OpenAI's text completions before providers of chats, as the official client sees them.
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { canonicalAnswer } from '../fakes/provider/answer.ts';
import type { FakeModel, FakeProviderSpec } from '../fakes/provider/spec.ts';
import { createWorld, toEntry, type Reply, type World } from './harness.ts';

const provider = (name: string, more: Partial<FakeModel> = {}): FakeProviderSpec => ({
  name,
  keepRequests: 9,
  models: [{ id: 'm1', ...more }],
});
const path = '/v1/completions';
const prompt = 'Tell me the story.';

type Body = Omit<OpenAI.CompletionCreateParams, 'model'> & Readonly<Record<string, unknown>>;
const ask = (world: World, body: Partial<Body>): Promise<Reply> =>
  world.ask({ messages: undefined, prompt, ...body }, {}, path);

const clientOf = (reply: Reply): OpenAI =>
  new OpenAI({
    apiKey: 'k',
    baseURL: 'http://x.test/v1',
    maxRetries: 0,
    fetch: async () => new Response(reply.text, { status: reply.status, headers: { ...reply.headers } }),
  });
const readWhole = (reply: Reply): Promise<OpenAI.Completion> =>
  clientOf(reply).completions.create({ model: 'm', prompt });

async function readStream(reply: Reply): Promise<{ chunks: OpenAI.Completion[]; text: string; finishes: string[] }> {
  const chunks: OpenAI.Completion[] = [];
  for await (const chunk of await clientOf(reply).completions.create({ model: 'm', prompt, stream: true }))
    chunks.push(chunk);
  const choices = chunks.flatMap((chunk) => chunk.choices);
  return {
    chunks,
    text: choices.map(({ text }) => text).join(''),
    finishes: choices.map((choice) => choice.finish_reason as string | null).filter((word) => word !== null),
  };
}

/** What the provider was told. */
const told = (world: World, name = 'alpha'): Record<string, unknown> => {
  const [call] = world.providers[name]?.received() ?? [];
  return JSON.parse(call?.body ?? '') as Record<string, unknown>;
};

describe('a text', () => {
  it('is completed whole, with its use, its receipt and its record', async () => {
    const world = await createWorld({ providers: [provider('alpha')] });
    const reply = await ask(world, { max_tokens: 400, temperature: 0.5, stop: ['END'], seed: 7, user: 'ada' });
    const { choices, ...rest } = await readWhole(reply);
    expect(choices).toEqual([{ text: canonicalAnswer, index: 0, logprobs: null, finish_reason: 'stop' }]);
    expect(rest).toMatchObject({ object: 'text_completion', model: 'm1' });
    const [served] = await world.records();
    expect(rest.usage).toMatchObject({ completion_tokens: served?.output_tokens, prompt_tokens: served?.input_tokens });
    expect(reply.headers).toMatchObject({ 'x-freeway-credential': 'alpha', 'x-freeway-attempts': '1' });
    expect(reply.headers).not.toHaveProperty('x-freeway-dropped');
    expect(told(world)).toEqual({
      model: 'm1',
      messages: [{ role: 'user', content: prompt }],
      max_tokens: 400,
      temperature: 0.5,
      stop: ['END'],
      seed: 7,
      user: 'ada',
    });
  });
  it('is completed as a stream, with its use where that is asked for', async () => {
    const world = await createWorld({ providers: [provider('alpha')] });
    const { chunks, text, finishes } = await readStream(
      await ask(world, { stream: true, stream_options: { include_usage: true } }),
    );
    expect([text, finishes]).toEqual([canonicalAnswer, ['stop']]);
    expect(chunks.at(-1)).toMatchObject({ object: 'text_completion', choices: [], usage: { prompt_tokens: 9 } });
    expect(chunks.slice(0, -1).every(({ choices, usage }) => choices.length === 1 && !usage)).toBe(true);
    const plain = await readStream(await ask(world, { stream: true }));
    expect([plain.text, plain.chunks.every(({ choices }) => choices.length === 1)]).toEqual([canonicalAnswer, true]);
  });
  it('may stand alone in a list', async () => {
    const world = await createWorld({ providers: [provider('alpha')] });
    await ask(world, { prompt: ['One.'] });
    expect(told(world)['messages']).toEqual([{ role: 'user', content: 'One.' }]);
  });
  it('is repeated before the answer where that is asked for, whole or streamed, once', async () => {
    const world = await createWorld({ providers: [provider('alpha', { fault: 'cut-20' }), provider('beta')] });
    const streamed = await readStream(await ask(world, { stream: true, echo: true }));
    expect(streamed.text).toBe(prompt + canonicalAnswer);
    const whole = await readWhole(await ask(world, { echo: true }));
    expect(whole.choices[0]?.text).toBe(prompt + canonicalAnswer);
    expect(told(world)).not.toHaveProperty('echo');
  });
  it('ends for its length where the bound is reached, without the thoughts before it', async () => {
    const world = await createWorld({ providers: [provider('alpha', { reasoning: true })] });
    const short = await readWhole(await ask(world, { max_tokens: 5 }));
    expect(short.choices[0]?.finish_reason).toBe('length');
    const thoughtful = await readStream(await ask(world, { stream: true, reasoning_effort: 'high' }));
    expect(thoughtful.text).toBe(canonicalAnswer);
  });
  it.each(['anthropic', 'gemini', 'openai-responses', 'bedrock-converse'] as const)(
    'is completed by providers of %s',
    async (wire) => {
      const entry = toEntry('alpha', { models: [{ id: 'm1', kind: 'chat', wire, context: 9_000, maxOutput: 999 }] });
      const world = await createWorld({ providers: [provider('alpha')], entries: [entry] });
      expect((await readWhole(await ask(world, {}))).choices[0]?.text).toBe(canonicalAnswer);
      expect((await readStream(await ask(world, { stream: true }))).text).toBe(canonicalAnswer);
    },
  );
});

describe('several texts', () => {
  const echoing = (name: string, more: Partial<FakeModel> = {}): FakeProviderSpec => ({
    name,
    keepRequests: 99,
    models: [{ id: 'm1', answer: (said) => `After ${said}`, ...more }],
  });
  const texts = Array.from({ length: 9 }, (_, at) => `text ${at}`);

  it('are completed each, in their order, with what all have used', async () => {
    const world = await createWorld({ providers: [echoing('alpha', { fault: '503' }), echoing('beta')] });
    const reply = await ask(world, { prompt: texts, echo: true });
    const { choices, usage } = await readWhole(reply);
    expect(choices.map(({ index, text }) => [index, text])).toEqual(
      texts.map((text, at) => [at, `${text}After ${text}`]),
    );
    const records = await world.records();
    const sum = (name: 'input_tokens' | 'output_tokens'): number =>
      records.reduce((total, record) => total + (record[name] ?? 0), 0);
    expect(usage).toMatchObject({ prompt_tokens: sum('input_tokens'), completion_tokens: sum('output_tokens') });
    expect(records.map(({ outcome }) => outcome)).toEqual(texts.map(() => 'ok'));
    expect(new Set(records.map((record) => record.request_id)).size).toBe(texts.length);
    expect(reply.headers['x-freeway-request-id']).toBe(reply.headers['x-request-id']);
    expect(Number(reply.headers['x-freeway-attempts'])).toBe(
      ['alpha', 'beta'].reduce((total, name) => total + (world.providers[name]?.received().length ?? 0), 0),
    );
  });
  it('of which one is refused are refused, and no more of them are asked for', async () => {
    const world = await createWorld({ providers: [echoing('alpha')] });
    const reply = await ask(world, { prompt: ['good', '', ...texts] });
    expect([reply.status, reply.json().error?.param]).toEqual([400, 'prompt']);
    expect(world.providers['alpha']?.received().length).toBeLessThan(5);
  });
  it('leave the providers at once when the caller hangs up', async () => {
    const world = await createWorld({ providers: [echoing('alpha', { fault: 'silent' })] });
    const call = world.begin({ messages: undefined, prompt: texts }, {}, path);
    await world.clock.advance(500);
    expect(world.upstream.open()).toBe(4);
    call.hangUp();
    expect(world.upstream.open()).toBe(0);
    await world.clock.runUntil(call.reply);
    expect(world.upstream.started()).toBe(4);
  });
});

describe('under faults', () => {
  it.each(['cut-20', 'cut-clean-40', 'stall-20', 'error-mid-20', '429', '503', 'empty'])(
    'a stream goes on elsewhere after %s, unseen',
    async (fault) => {
      const world = await createWorld({ providers: [provider('alpha', { fault }), provider('beta')] });
      const { chunks, text, finishes } = await readStream(await ask(world, { stream: true }));
      expect([text, finishes]).toEqual([canonicalAnswer, ['stop']]);
      expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
    },
  );
  it('a stream that nobody can go on with ends in an error that the client throws', async () => {
    const world = await createWorld({ providers: [provider('alpha', { fault: 'cut-20' })] });
    const reply = await ask(world, { stream: true, freeway: { rescue: false } });
    expect(reply.text).not.toMatch(/"finish_reason":"|\[DONE\]/);
    await expect(readStream(reply)).rejects.toThrow(/broke off/);
  });
});

describe('a gap', () => {
  const gap = { prompt: 'def add(a, b):\n    ', suffix: '\n\nprint(add(1, 2))\n' };
  it('is told in words to those who know none, and listed as such', async () => {
    const world = await createWorld({ providers: [provider('alpha')] });
    const reply = await ask(world, gap);
    expect(reply.headers['x-freeway-dropped']).toBe('suffix');
    const body = told(world);
    expect(body).not.toHaveProperty('suffix');
    const [rules, text] = body['messages'] as { role: string; content: string }[];
    expect([rules?.role, rules?.content.includes('gap')]).toEqual(['system', true]);
    expect(text).toEqual({ role: 'user', content: `<before>${gap.prompt}</before>\n<after>${gap.suffix}</after>` });
  });
  it('that is empty is none', async () => {
    const world = await createWorld({ providers: [provider('alpha')] });
    const reply = await ask(world, { suffix: '' });
    expect(reply.headers).not.toHaveProperty('x-freeway-dropped');
    expect(told(world)['messages']).toEqual([{ role: 'user', content: prompt }]);
  });
});

describe('a gap before a model that fills it by itself', () => {
  const gap = { prompt: 'def add(a, b):\n    ', suffix: '\n\nprint(add(1, 2))\n' };
  const model = {
    id: 'm1',
    kind: 'chat' as const,
    context: 9_000,
    maxOutput: 999,
    fim: { path: '/fim/completions', maxOutput: 50 },
  };
  const createPair = (fault?: string): Promise<World> =>
    createWorld({
      providers: [provider('alpha', fault === undefined ? {} : { fault }), provider('beta')],
      entries: [toEntry('alpha', { priority: 10, models: [model] }), toEntry('beta', { priority: 20 })],
    });

  it('is told as it stands, at its own place and within its bound', async () => {
    const world = await createPair();
    const reply = await ask(world, { ...gap, max_tokens: 400, stop: ['END'], logprobs: 1, freeway: { tier: 'free' } });
    const [choice] = (await readWhole(reply)).choices;
    expect([choice?.finish_reason, canonicalAnswer.startsWith(choice?.text ?? '?')]).toEqual(['length', true]);
    expect(world.providers['alpha']?.received()[0]?.path).toMatch(/\/fim\/completions$/);
    expect(told(world)).toEqual({ model: 'm1', ...gap, max_tokens: 50, stop: ['END'] });
    expect(reply.headers['x-freeway-dropped']).toBe('logprobs');
  });
  it('comes as a stream, with what it used', async () => {
    const world = await createPair();
    const streamed = await readStream(
      await ask(world, { ...gap, stream: true, stream_options: { include_usage: true } }),
    );
    expect([streamed.text, streamed.finishes]).toEqual([canonicalAnswer, ['stop']]);
    const [record] = await world.records();
    expect(streamed.chunks.at(-1)?.usage).toMatchObject({ completion_tokens: record?.output_tokens });
    expect(told(world)).toMatchObject({ stream_options: { include_usage: true } });
  });
  it('is told in words elsewhere when the stream is cut, and goes on unseen', async () => {
    const world = await createPair('cut-20');
    const streamed = await readStream(await ask(world, { ...gap, stream: true }));
    expect([streamed.text, streamed.finishes]).toEqual([canonicalAnswer, ['stop']]);
    expect(told(world, 'beta')['messages']).toHaveLength(2);
    expect(new Set(streamed.chunks.map(({ id }) => id)).size).toBe(1);
  });
  it('is none without a suffix: then the model is asked as for a chat', async () => {
    const world = await createPair();
    await ask(world, {});
    expect(told(world)['messages']).toEqual([{ role: 'user', content: prompt }]);
  });
  it('goes on in a chat where the model must go on with its own beginning', async () => {
    const able = { ...model, capabilities: ['prefill' as const] };
    const world = await createWorld({
      providers: [provider('alpha', { fault: 'cut-20' }), provider('beta')],
      entries: [toEntry('alpha', { priority: 10, models: [able] }), toEntry('beta', { priority: 20, models: [able] })],
    });
    const streamed = await readStream(await ask(world, { ...gap, stream: true }));
    expect(streamed.text).toBe(canonicalAnswer);
    const { messages } = told(world, 'beta') as { messages: { role: string }[] };
    expect(messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant']);
  });
});

describe('what can not be had', () => {
  it('is listed where an answer can do without', async () => {
    const world = await createWorld({ providers: [provider('alpha')] });
    const reply = await ask(world, { logprobs: 3, best_of: 2, top_k: 40, tools: [], best: 1 });
    expect([reply.status, reply.headers['x-freeway-dropped']]).toEqual([200, 'tools, logprobs, best_of']);
    expect(told(world)).toEqual({
      model: 'm1',
      messages: [{ role: 'user', content: prompt }],
      top_k: 40,
      best: 1,
    });
  });
  it.each<[Record<string, unknown>, string, RegExp]>([
    [{ prompt: undefined }, 'prompt', /a string; received nothing/],
    [{ prompt: '' }, 'prompt', /not empty/],
    [{ prompt: [] }, 'prompt', /an empty array/],
    [{ prompt: ['One.', 'Two.'], stream: true }, 'prompt', /not streamed/],
    [{ prompt: ['One.', [1, 2]] }, 'prompt', /an array/],
    [{ prompt: Array.from({ length: 65 }, () => 'One.') }, 'prompt', /at most 64 texts; received 65/],
    [{ prompt: [1, 2, 3] }, 'prompt', /token ids/],
    [{ prompt: [[1, 2, 3]] }, 'prompt', /token ids/],
    [{ prompt: { text: 'x' } }, 'prompt', /an object/],
    [{ suffix: 3 }, 'suffix', /a string/],
    [{ echo: 'yes' }, 'echo', /true or false/],
    [{ echo: true, suffix: 'x' }, 'echo', /suffix/],
    [{ n: 2 }, 'n', /one choice/],
    [{ best_of: 0 }, 'best_of', /from 1 on/],
    [{ logprobs: 'yes' }, 'logprobs', /an integer/],
    [{ max_tokens: -1 }, 'max_tokens', /positive/],
    [{ stop: 5 }, 'stop', /string/],
  ])('%j is refused by its name, and nobody is asked', async (body, param, message) => {
    const world = await createWorld({ providers: [provider('alpha')] });
    const reply = await ask(world, body);
    await expect(readWhole(reply)).rejects.toThrow(message);
    expect([reply.status, reply.json().error?.param]).toEqual([400, param]);
    expect(world.providers['alpha']?.received()).toEqual([]);
  });
});

describe('as for a chat', () => {
  it('an equal request is answered from memory where that is asked for', async () => {
    const world = await createWorld({ providers: [provider('alpha')] });
    const body = { freeway: { cache: { ttl_seconds: 60 } } };
    await ask(world, body);
    const again = await ask(world, body);
    expect([again.headers['x-freeway-cache'], world.providers['alpha']?.received().length]).toEqual(['hit', 1]);
    expect((await readWhole(again)).choices[0]?.text).toBe(canonicalAnswer);
    const several = { ...body, prompt: ['One.', 'Two.'] };
    const first = await ask(world, several);
    expect((await ask(world, several)).text).toBe(first.text);
    expect(world.providers['alpha']?.received().length).toBe(3);
  });
  it('who would be asked is explained', async () => {
    const world = await createWorld({ providers: [provider('alpha')] });
    const body = { messages: undefined, kind: 'completion', prompt };
    const reply = await world.ask(body, {}, '/v1/explain');
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.text)).toMatchObject({ plan: [{ route: 'openai-compatible/m1' }] });
    expect(world.providers['alpha']?.received()).toEqual([]);
  });
});
