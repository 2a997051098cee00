// Callers of the Gemini format under faults: what they get is whole, goes on elsewhere, or ends in a typed error.
import { describe, expect, it } from 'vitest';
import { canonicalAnswer } from '../fakes/provider/answer.ts';
import type { FakeProviderSpec } from '../fakes/provider/spec.ts';
import { createWorld, type World } from './harness.ts';

const provider = (name: string, fault?: string): FakeProviderSpec => ({
  name,
  models: [{ id: 'm1', ...(fault === undefined ? {} : { fault }) }],
});
const hello = { contents: [{ role: 'user', parts: [{ text: 'Tell me a story.' }] }] };
const ask = (world: World, method: string) => world.ask(hello, {}, `/v1beta/models/m1:${method}`);

interface Chunk {
  readonly candidates?: readonly {
    readonly content?: { readonly parts?: readonly { readonly text?: string }[] };
    readonly finishReason?: string;
  }[];
  readonly error?: { readonly code: number; readonly status: string };
}
const textOf = (chunks: readonly Chunk[]): string =>
  chunks
    .flatMap(({ candidates }) => candidates?.[0]?.content?.parts ?? [])
    .map(({ text }) => text ?? '')
    .join('');

describe('a stream', () => {
  it.each(['cut-20', 'stall-20', '429', '503', 'reset-20'])('%s goes on elsewhere, unseen', async (fault) => {
    const world = await createWorld({ providers: [provider('alpha', fault), provider('beta')] });
    const reply = await ask(world, 'streamGenerateContent');
    const chunks = JSON.parse(reply.text) as Chunk[];
    expect([reply.status, reply.ended, textOf(chunks)]).toEqual([200, true, canonicalAnswer]);
    expect(chunks.some(({ error }) => error)).toBe(false);
    expect(chunks.filter(({ candidates }) => candidates?.[0]?.finishReason === 'STOP')).toHaveLength(1);
  });

  it('that nobody can go on with ends in an error, inside the array', async () => {
    const world = await createWorld({ providers: [provider('alpha', 'cut-20')], env: {} });
    const reply = await world.ask(hello, { 'x-freeway-failover': 'false' }, '/v1beta/models/m1:streamGenerateContent');
    const chunks = JSON.parse(reply.text) as Chunk[];
    expect(canonicalAnswer.startsWith(textOf(chunks))).toBe(true);
    expect(chunks.at(-1)?.error).toMatchObject({ code: 502, status: 'UNAVAILABLE' });
  });
});

describe('a whole answer', () => {
  it.each(['429', '503', 'empty', 'html'])('%s fails over', async (fault) => {
    const world = await createWorld({ providers: [provider('alpha', fault), provider('beta')] });
    const reply = await ask(world, 'generateContent');
    expect([reply.status, textOf([JSON.parse(reply.text) as Chunk])]).toEqual([200, canonicalAnswer]);
  });

  it('that nobody gives is told in the format, with when to come back', async () => {
    const world = await createWorld({ providers: [provider('alpha', '429-after-120')] });
    const reply = await ask(world, 'generateContent');
    expect(reply.status).toBe(503);
    expect(JSON.parse(reply.text)).toMatchObject({
      error: {
        code: 503,
        status: 'UNAVAILABLE',
        reason: 'exhausted',
        retryable: true,
        attempts: [{ failure: 'rate_limited' }],
      },
    });
  });
});
