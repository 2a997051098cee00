// Streams that break off in the middle go on elsewhere: the caller gets the whole answer once, or one typed error.
import { describe, expect, it } from 'vitest';
import { canonicalAnswer } from '../fakes/provider/answer.ts';
import type { FakeProviderSpec } from '../fakes/provider/spec.ts';
import { createWorld, toEntry, type Reply, type World } from './harness.ts';

const alpha = (fault: string, more: Partial<FakeProviderSpec> = {}): FakeProviderSpec => ({
  name: 'alpha',
  models: [{ id: 'm1', fault }],
  ...more,
});
const beta = (more: Partial<FakeProviderSpec['models'][number]> = {}): FakeProviderSpec => ({
  name: 'beta',
  keepRequests: 20,
  models: [{ id: 'm1', ...more }],
});
const withPrefill = toEntry('beta', {
  priority: 20,
  models: [
    { id: 'm1', kind: 'chat', context: 131_072, maxOutput: 8_192, size: 'large', capabilities: ['tools', 'prefill'] },
  ],
});

const asked = (world: World, name: string): Record<string, unknown>[] =>
  world.providers[name]!.received().map(({ body }) => JSON.parse(body) as Record<string, unknown>);

function last(reply: Reply): Record<string, unknown> {
  return JSON.parse(reply.events().at(-2) ?? '{}') as Record<string, unknown>;
}

function expectWhole(reply: Reply): void {
  expect(reply.status).toBe(200);
  expect(reply.error()).toBeNull();
  expect(reply.content()).toBe(canonicalAnswer);
  expect(reply.ended).toBe(true);
  expect(reply.events().at(-1)).toBe('[DONE]');
  const chunks = reply
    .events()
    .slice(0, -1)
    .map((data) => JSON.parse(data) as { id: string; choices: { finish_reason: string | null }[] });
  expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
  expect(chunks.filter(({ choices }) => choices[0]?.finish_reason === 'stop')).toHaveLength(1);
}

const stream = { stream: true, stream_options: { include_usage: true } };

describe('mid-stream rescue', () => {
  it.each(['cut-40', 'cut-clean-40', 'stall-20', 'error-mid-20', 'cut-byte-700'])(
    '%s goes on elsewhere by restart',
    async (fault) => {
      const world = await createWorld({ providers: [alpha(fault), beta()] });
      const reply = await world.ask(stream);
      expectWhole(reply);
      expect(world.upstream.open()).toBe(0);
      expect(world.clock.pending()).toBe(0);
      expect(asked(world, 'beta')[0]).toMatchObject({ messages: [{ role: 'user' }] });
      expect(last(reply)['freeway']).toMatchObject({
        resumed_by: 'restart',
        rescued: [{ from: 'openai-compatible/m1' }],
      });
    },
  );
  it('gives the sent text as a beginning where the model takes one', async () => {
    const world = await createWorld({
      providers: [alpha('cut-40'), beta()],
      entries: [toEntry('alpha', { priority: 10 }), withPrefill],
    });
    const reply = await world.ask({ ...stream, max_tokens: 500 });
    expectWhole(reply);
    const [question] = asked(world, 'beta');
    expect(question).toMatchObject({ messages: [{ role: 'user' }, { role: 'assistant' }] });
    expect(question?.['max_tokens']).toBeLessThan(500);
    expect(last(reply)['freeway']).toMatchObject({ resumed_by: 'prefill' });
  });
  it.each(['rejects', 'restarts'] as const)(
    'a model that %s the beginning still completes the answer',
    async (prefill) => {
      const world = await createWorld({
        providers: [alpha('cut-40'), beta({ prefill })],
        entries: [toEntry('alpha', { priority: 10 }), withPrefill],
      });
      expectWhole(await world.ask(stream));
    },
  );
  it('adds up the use of both attempts', async () => {
    const world = await createWorld({ providers: [alpha('cut-40'), beta()] });
    const usage = last(await world.ask(stream))['usage'] as Record<string, number>;
    const whole = last(await (await createWorld({ providers: [beta()] })).ask(stream))['usage'] as Record<
      string,
      number
    >;
    expect(usage['completion_tokens']).toBe(whole['completion_tokens']! + 40);
    expect(usage['prompt_tokens']).toBeGreaterThan(whole['prompt_tokens']!);
    expect(usage['total_tokens']).toBe(usage['prompt_tokens']! + usage['completion_tokens']!);
  });
  it('goes on by instruction when the other tells another story', async () => {
    const other = (prompt: string): string =>
      prompt.startsWith('Your answer was cut off')
        ? `Sure. ${JSON.parse(prompt.slice(prompt.indexOf('stand: ') + 7)) as string} and they lived happily ever after.`
        : 'In a hole in the ground there lived something else entirely.';
    const world = await createWorld({ providers: [alpha('cut-40'), beta({ answer: other })] });
    const reply = await world.ask(stream);
    expect(reply.error()).toBeNull();
    expect(reply.content().startsWith('Once upon a time a small freeway carried sixty')).toBe(true);
    expect(reply.content().endsWith(' and they lived happily ever after.')).toBe(true);
    expect(reply.content()).not.toContain('Sure');
    expect(last(reply)['freeway']).toMatchObject({ resumed_by: 'instruct' });
  });
  it.each([
    ['by the body', { freeway: { rescue: false } }, {}],
    ['by a header', {}, { 'x-freeway-rescue': 'false' }],
    ['with failover', { freeway: { failover: false } }, {}],
  ])('can be turned off %s: one typed error, no closing mark', async (_, body, headers) => {
    const world = await createWorld({ providers: [alpha('cut-40'), beta()] });
    const reply = await world.ask({ ...stream, ...body }, headers);
    expect(reply.status).toBe(200);
    expect(reply.error()).toMatchObject({ code: 'upstream_failed' });
    expect(reply.text).not.toContain('[DONE]');
    expect(world.providers['beta']!.received()).toHaveLength(0);
  });
  it('ends with one typed error when nobody can go on', async () => {
    const world = await createWorld({
      providers: [alpha('cut-40'), { name: 'beta', models: [{ id: 'm1', fault: '503' }] }],
    });
    const reply = await world.ask(stream);
    expect(reply.error()).toMatchObject({ code: 'upstream_failed' });
    expect(canonicalAnswer.startsWith(reply.content())).toBe(true);
    expect(reply.events().filter((data) => data.includes('"error"'))).toHaveLength(1);
    expect(world.upstream.open()).toBe(0);
  });
  it('a single provider goes on with its own answer', async () => {
    const world = await createWorld({ providers: [alpha('first-1-cut-40')] });
    expectWhole(await world.ask(stream));
  });
  it('whole replies fail over', async () => {
    const world = await createWorld({ providers: [alpha('cut-40'), beta()] });
    const reply = await world.ask();
    expect(reply.content()).toBe(canonicalAnswer);
  });
});

const tools = [
  {
    type: 'function',
    function: { name: 'look', parameters: { type: 'object', properties: { where: { type: 'string' } } } },
  },
];
const calling = {
  ...stream,
  tools,
  messages: [{ role: 'user', content: 'call tool look with {"where":"behind the third door on the left"}' }],
};

function callOf(reply: Reply): { names: string; ids: number; args: string } {
  const pieces = reply
    .events()
    .slice(0, -1)
    .flatMap((data) => {
      const { choices } = JSON.parse(data) as {
        choices?: { delta: { tool_calls?: { id?: string; function: { name?: string; arguments?: string } }[] } }[];
      };
      return choices?.[0]?.delta.tool_calls ?? [];
    });
  return {
    names: pieces.map((piece) => piece.function.name ?? '').join(''),
    ids: pieces.filter(({ id }) => id !== undefined).length,
    args: pieces.map((piece) => piece.function.arguments ?? '').join(''),
  };
}

describe('rescue of tool calls', () => {
  it('a call that was cut is told again and goes on exactly', async () => {
    const world = await createWorld({ providers: [alpha('cut-arguments'), beta()] });
    const reply = await world.ask(calling);
    expect(reply.error()).toBeNull();
    expect(callOf(reply)).toEqual({ names: 'look', ids: 1, args: '{"where":"behind the third door on the left"}' });
    expect(reply.text).toContain('"finish_reason":"tool_calls"');
  });
  it('a call that was cut is never mixed with another', async () => {
    const answer = (): string => 'No tool for me.';
    const stubborn: FakeProviderSpec = { name: 'beta', models: [{ id: 'm1', answer, rejectsFields: ['tools'] }] };
    const world = await createWorld({ providers: [alpha('cut-arguments'), stubborn] });
    const reply = await world.ask(calling);
    expect(reply.error()).toMatchObject({ code: 'upstream_failed' });
    expect(reply.content()).toBe('');
  });
});

describe('rescue of several tool calls, and of text beside them', () => {
  const both = {
    ...stream,
    tools: [
      ...tools,
      { type: 'function', function: { name: 'listen', parameters: { type: 'object', properties: {} } } },
    ],
    messages: [
      {
        role: 'user',
        content: 'call tool look with {"where":"up in the old tower"} and call tool listen with {"to":"the wind"}',
      },
    ],
  };
  it.each([1, 3, 6, 9, 11])('two calls, cut after %i pieces', async (pieces) => {
    const world = await createWorld({ providers: [alpha(`cut-${pieces}`), beta()] });
    const reply = await world.ask(both);
    expect(reply.error()).toBeNull();
    expect(callOf(reply)).toEqual({
      names: 'looklisten',
      ids: 2,
      args: '{"where":"up in the old tower"}{"to":"the wind"}',
    });
  });
  it('never gives a model its own half call as a beginning', async () => {
    const world = await createWorld({
      providers: [alpha('cut-arguments'), beta()],
      entries: [toEntry('alpha', { priority: 10 }), withPrefill],
    });
    expect((await world.ask(calling)).error()).toBeNull();
    for (const question of asked(world, 'beta')) expect(question).toMatchObject({ messages: [{ role: 'user' }] });
  });
});

describe('rescue over more than two attempts', () => {
  it('an answer that breaks off twice goes on twice, under one id', async () => {
    const gamma: FakeProviderSpec = { name: 'gamma', models: [{ id: 'm1' }] };
    const world = await createWorld({
      providers: [alpha('cut-10'), { ...beta(), models: [{ id: 'm1', fault: 'stall-30' }] }, gamma],
    });
    const reply = await world.ask(stream);
    expectWhole(reply);
    const freeway = last(reply)['freeway'] as { rescued: { shown_characters: number }[]; credential: string };
    expect(freeway.credential).toBe('gamma');
    expect(freeway.rescued).toHaveLength(2);
    expect(freeway.rescued[1]!.shown_characters).toBeGreaterThan(freeway.rescued[0]!.shown_characters);
  });
  it('tells the model of the provider that wrote the end, and the id of the first', async () => {
    const models = [{ id: 'm1-other', kind: 'chat' as const, family: 'm1', size: 'large' as const }];
    const world = await createWorld({
      providers: [alpha('cut-40'), { name: 'beta', models: [{ id: 'm1-other' }] }],
      entries: [toEntry('alpha', { priority: 10 }), toEntry('beta', { priority: 20, models })],
    });
    const reply = await world.ask(stream);
    expectWhole(reply);
    expect(last(reply)['model']).toBe('m1-other');
  });
  it('a candidate that has not the text of the first in many languages goes on all the same', async () => {
    const text = 'Größe, naïveté, 東京の夜は静かです。 Прощай, мир! 🚀🌍 — fin de l’histoire, mes amis; das Ende.';
    const speaking = (name: string, fault?: string): FakeProviderSpec => ({
      name,
      models: [{ id: 'm1', answer: () => text, ...(fault === undefined ? {} : { fault }) }],
    });
    for (const bytes of [300, 333, 612, 613, 614, 615, 616, 900, 1_400]) {
      const world = await createWorld({ providers: [speaking('alpha', `cut-byte-${bytes}`), speaking('beta')] });
      const reply = await world.ask(stream);
      expect([reply.error(), reply.content()]).toEqual([null, text]);
    }
  });
});

describe('rescue of thoughts', () => {
  it('thoughts that were shown are not told twice', async () => {
    const thinking = (name: string, fault?: string): FakeProviderSpec => ({
      name,
      models: [{ id: 'm1', reasoning: true, ...(fault === undefined ? {} : { fault }) }],
    });
    const world = await createWorld({ providers: [thinking('alpha', 'cut-3'), thinking('beta')] });
    const reply = await world.ask({ ...stream, reasoning_effort: 'high' });
    expectWhole(reply);
    const thoughts = reply
      .events()
      .slice(0, -1)
      .map((data) => {
        const { choices } = JSON.parse(data) as {
          choices?: { delta: { reasoning_content?: string; reasoning?: string } }[];
        };
        return choices?.[0]?.delta.reasoning_content ?? choices?.[0]?.delta.reasoning ?? '';
      });
    expect(thoughts.join('')).toBe('Thinking about it. The question is clear. Answering.');
  });
});
