// What requests with trouble count against a quota: rescued, repeated elsewhere, cut off for good, and left by their caller.
import { describe, expect, it } from 'vitest';
import type { FakeProviderSpec } from '../fakes/provider/spec.ts';
import { createWorld, type World } from './harness.ts';

const MAX = 1_000_000;
const stream = { stream: true, stream_options: { include_usage: true } };

async function openWorld(providers: readonly FakeProviderSpec[]): Promise<World> {
  return createWorld({
    providers,
    toStore: (store) => {
      const settings = { quota: { requests_per_day: 1_000, tokens_per_day: MAX } };
      void store.put({ pk: 'settings', sk: 'installation' }, { json: JSON.stringify(settings), v: 1 });
      return store;
    },
  });
}

/** What stands in the book of all. */
async function countsOf({ store }: World): Promise<{ requests: number; tokens: number }> {
  const book = (await store.get({ pk: 'book#everybody', sk: 'state' })) ?? {};
  const sum = (unit: string): number =>
    Object.entries(book)
      .filter(([name]) => name.startsWith(`${unit}-day:`))
      .reduce((total, [, count]) => total + Number(count), 0);
  return { requests: sum('requests'), tokens: sum('tokens') };
}

const model = { id: 'm1' };

describe('tokens of a request', () => {
  it('that another provider answers after a fault are those of the answer', async () => {
    const world = await openWorld([
      { name: 'alpha', models: [{ ...model, fault: '503' }] },
      { name: 'beta', models: [model] },
    ]);
    const reply = await world.ask();
    const { usage } = reply.json() as unknown as { usage: { total_tokens: number } };
    expect(await countsOf(world)).toEqual({ requests: 1, tokens: usage.total_tokens });
  });

  it('whose stream goes on elsewhere are those of both', async () => {
    const world = await openWorld([
      { name: 'alpha', models: [{ ...model, fault: 'cut-40' }] },
      { name: 'beta', models: [model] },
    ]);
    const reply = await world.ask(stream);
    expect(reply.status).toBe(200);
    const { inputTokens, outputTokens } = world.providers['beta']!.books().total();
    const { requests, tokens } = await countsOf(world);
    expect(requests).toBe(1);
    expect(tokens).toBeGreaterThan(inputTokens + outputTokens);
  });

  it('that breaks off for good are those that were seen', async () => {
    const world = await openWorld([{ name: 'alpha', models: [{ ...model, fault: 'cut-40' }] }]);
    const reply = await world.ask({ ...stream, max_tokens: 5_000, freeway: { rescue: false } });
    expect(reply.error()).not.toBeNull();
    const { tokens } = await countsOf(world);
    expect(tokens).toBeGreaterThan(20);
    expect(tokens).toBeLessThan(500);
  });

  it('whose caller hangs up while it is under way stay as they were estimated', async () => {
    const world = await openWorld([{ name: 'alpha', models: [{ ...model, ttftMs: 5_000 }] }]);
    const begun = world.begin({ max_tokens: 300 });
    await world.clock.advance(1_000);
    begun.hangUp();
    await world.clock.runUntil(begun.reply);
    expect(world.providers['alpha']!.books().total().abandoned).toBe(1);
    const { requests, tokens } = await countsOf(world);
    expect(requests).toBe(1);
    // The answer as long as it may be, and a short prompt.
    expect(tokens).toBeGreaterThan(300);
    expect(tokens).toBeLessThan(330);
  });
});
