// POST /v1/explain tells when free quota will run out if use goes on as it has.
import { describe, expect, it } from 'vitest';
import { providers } from '#catalog/index.ts';
import { readConfig } from '#lambda/config.ts';
import { limitsSchema, type Limits } from '#shared/api/limits.ts';
import { createFreeway } from '#lambda/deps.ts';
import type { Exchange, Upstream } from '#lambda/ports.ts';
import { createMetrics } from '#lambda/telemetry/metrics.ts';
import { createSlices } from '#lambda/gateway/slices.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';

const OWNER_KEY = 'owner-key-for-tests-0123456789abcdef';
const NOON = Date.UTC(2026, 10, 21, 12);

const reply = JSON.stringify({
  id: 'r',
  object: 'chat.completion',
  created: 1,
  model: 'm1',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Yes.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
});

const instantUpstream: Upstream = {
  close: () => Promise.resolve(),
  start: (_call, listener) => {
    queueMicrotask(() => {
      listener.onHead(200, { 'content-type': 'application/json' });
      listener.onData(Buffer.from(reply));
      listener.onEnd();
    });
    return { abort: () => undefined, pause: () => undefined, resume: () => undefined };
  },
};

interface Explained {
  readonly scarcity: number | null;
  readonly free_until: string | null;
  readonly candidates: readonly {
    readonly pools: readonly { readonly used: number; readonly runs_out_at: string | null }[];
  }[];
}

/** Freeway at noon with one free model of ten calls a day. */
async function createAsk() {
  const clock = createFakeClock(NOON);
  const silent = () => undefined;
  const entry = {
    provider: 'openai-compatible',
    name: 'gratis',
    baseUrl: 'http://gratis.test/v1',
    apiKey: 'k',
    tier: 'free',
    models: [{ id: 'm1', kind: 'chat' }],
    pools: [{ models: ['*'], unit: 'requests', max: 10, clock: { kind: 'calendar', every: 'day', zone: 'UTC' } }],
  };
  const env = { FREEWAY_PROVIDERS: JSON.stringify([entry]) };
  const { handler } = await createFreeway({
    config: readConfig({ env, providers, readText: () => '', older: [] }),
    providers,
    store: createMemoryStore(clock),
    upstream: instantUpstream,
    clock,
    metrics: createMetrics(),
    log: { debug: silent, info: silent, warn: silent, error: silent },
    ownerKey: OWNER_KEY,
    openSlices: createSlices,
  });
  const ask = async (path: string, method = 'POST'): Promise<Explained & Limits> => {
    let text = '';
    const exchange: Exchange = {
      method,
      path,
      query: '',
      remoteAddress: null,
      deadlineAtMs: null,
      headers: { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' },
      body: async () => Buffer.from(JSON.stringify({ model: 'm1', messages: [{ role: 'user', content: 'Well?' }] })),
      onGone: () => undefined,
      reply: () => ({
        write: (chunk) => ((text += Buffer.from(chunk as Uint8Array).toString()), true),
        drained: () => Promise.resolve(),
        end: (last) => void (text += last === undefined ? '' : Buffer.from(last as Uint8Array).toString()),
      }),
    };
    // What /api stands on is loaded at the first request, which no clock of ours can hurry.
    await (method === 'GET' ? handler(exchange) : clock.runUntil(handler(exchange)));
    return JSON.parse(text) as Explained & Limits;
  };
  return Object.assign(ask, { advance: clock.advance });
}

describe('explain', () => {
  it('says until when free quota lasts, by pool and in all', async () => {
    const ask = await createAsk();
    expect(await ask('/v1/explain')).toMatchObject({
      free_until: null,
      candidates: [{ pools: [{ used: 0, runs_out_at: null }] }],
    });
    for (let i = 0; i < 8; i++) await ask('/v1/chat/completions');
    // Eight of ten in twelve hours: the other two last for three.
    const { free_until: freeUntil, candidates } = await ask('/v1/explain');
    expect(candidates[0]?.pools[0]).toMatchObject({ used: 8 });
    expect(freeUntil).toMatch(/^2026-11-21T15:00:/);
    expect(candidates[0]?.pools[0]?.runs_out_at).toBe(freeUntil);
  });

  it('says how scarce free quota is once its use has been watched for some minutes', async () => {
    const ask = await createAsk();
    for (let minute = 0; minute < 6; minute++) {
      expect((await ask('/v1/explain')).scarcity).toBeNull();
      if (minute < 2) await ask('/v1/chat/completions');
      // A little less than five minutes in all.
      await ask.advance(minute < 5 ? 59_900 : 0);
    }
    await ask.advance(61_000);
    const { scarcity } = await ask('/v1/explain');
    // Two calls in some six minutes are about 240 until midnight, of eight that are left.
    expect(scarcity).toBeGreaterThan(20);
    expect(scarcity).toBeLessThan(40);
  });

  it('and /api/limits tells it of everything that can be reached, with how it is known', async () => {
    const ask = await createAsk();
    for (let i = 0; i < 8; i++) await ask('/v1/chat/completions');
    const limits = limitsSchema.parse(await ask('/api/limits', 'GET'));
    expect(limits.free_until).toMatch(/^2026-11-21T15:00:/);
    expect(limits.models).toMatchObject([
      {
        route: 'openai-compatible/m1',
        credential: 'gratis',
        known: 'counted',
        pressure: 0.8,
        resting_until: null,
        shares_limits_with: [],
        pools: [{ used: 8, max: 10, known: 'counted', limit_from: 'configured', told_at: null, as_of: null }],
      },
    ]);
  });
});
