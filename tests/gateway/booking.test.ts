// Waiting for a limit to lift: who waits books what comes free, sleeps until then, and queues up behind others on whatever instance.
import { describe, expect, it } from 'vitest';
import { createWorld, toEntry, type World } from './harness.ts';

const entries = [
  toEntry('alpha', {
    pools: [{ models: ['*'], scope: 'credential', unit: 'requests', max: 1, clock: { kind: 'rolling', seconds: 10 } }],
  }),
];
const patient = { freeway: { max_wait_ms: 60_000 } };
/** The window, and what is allowed for clocks and the way: a fifth of it. */
const APART_MS = 12_000;

/** Three instances over one store, whose only limit has just been used. */
async function createInstances(): Promise<[World, World, World]> {
  const first = await createWorld({ providers: [{ name: 'alpha', models: [{ id: 'm1' }] }], entries });
  const second = await createWorld({ providers: [], entries, beside: first });
  const third = await createWorld({ providers: [], entries, beside: first });
  expect((await first.ask(patient)).status).toBe(200);
  return [first, second, third];
}

describe('who waits', () => {
  it('books, sleeps without asking the store, and is served in the order of coming', async () => {
    const [first, second, third] = await createInstances();
    const { clock, store } = first;
    const early = second.begin(patient);
    await clock.advance(100);
    const late = third.begin(patient);
    await clock.advance(1_000);
    const { reads, writes } = { ...store.counts };
    await clock.advance(8_000);
    expect(store.counts).toEqual({ reads, writes });
    const replies = await clock.runUntil(Promise.all([early.reply, late.reply]));
    expect(replies.map(({ status }) => status)).toEqual([200, 200]);
    const [one, other] = replies.map(({ ms }) => ms) as [number, number];
    expect(one).toBeGreaterThan(9_000);
    expect(one).toBeLessThan(APART_MS + 1_000);
    expect(other - one).toBeGreaterThan(9_000);
    expect(other - one).toBeLessThan(APART_MS + 1_000);
    expect(first.providers['alpha']?.books().total()).toMatchObject({ accepted: 3, limited: 0 });
  });

  it('gives the place back when the caller hangs up', async () => {
    const [first, second, third] = await createInstances();
    const { clock } = first;
    const early = second.begin(patient);
    await clock.advance(1_000);
    early.hangUp();
    await clock.advance(100);
    const { status, ms } = await third.ask(patient);
    expect(status).toBe(200);
    expect(ms).toBeLessThan(APART_MS);
  });

  it('is told at once when the queue is longer than the patience, and when to come back', async () => {
    const [first, second, third] = await createInstances();
    const early = second.begin(patient);
    await first.clock.advance(100);
    const { status, ms, headers } = await third.ask();
    expect([status, ms < 1_000]).toEqual([503, true]);
    const retryAfterMs = Number(headers['retry-after']) * 1_000;
    expect(retryAfterMs).toBeGreaterThan(15_000);
    await first.clock.runUntil(early.reply);
    await first.clock.advance(retryAfterMs - 12_000);
    expect((await third.ask()).status).toBe(200);
  });
});
