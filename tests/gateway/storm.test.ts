// A thousand streams at once, a tenth of them struck by any fault: nobody takes a truncated answer for whole, and nothing is left open.
import { expect, it } from 'vitest';
import { canonicalAnswer } from '../fakes/provider/answer.ts';
import { createWorld, toEntry } from './harness.ts';

const STREAMS = 1_000;
const faults = [
  'cut-12', 'cut-clean-7', 'cut-byte-900', 'cut-clean-byte-1500', 'stall-9', 'stall-byte-700', 'error-mid-5', 'error-200', 'reset',
  'reset-after-head', 'silent', 'late-20000', '500', '503', '429', '429-after-2', 'malformed-4', 'empty', 'html', 'no-done', 'giant',
]; // prettier-ignore

it('1,000 concurrent streams, 10 % random faults', async () => {
  const names = ['alpha', 'beta', 'gamma'];
  const specs = names.map((name, index) => ({
    name,
    seed: index + 5,
    wordsPerChunk: 3,
    models: [{ id: 'm1', jitter: 0.4 }],
    chaos: faults.map((fault) => ({ fault, share: 0.1 / faults.length })),
  }));
  const world = await createWorld({ providers: specs, entries: names.map((name) => toEntry(name)) });
  const calls = Array.from({ length: STREAMS }, (_, index) => world.begin({ stream: true, user: `u${index}` }));
  const replies = await world.clock.runUntil(Promise.all(calls.map(({ reply }) => reply)));
  const whole = replies.filter(
    (reply) => reply.status === 200 && reply.content() === canonicalAnswer && reply.events().at(-1) === '[DONE]',
  );
  const honest = replies.filter((reply) => reply.status !== 200 || reply.error() !== null);
  expect(whole.length + honest.length).toBe(STREAMS);
  expect(whole.length).toBeGreaterThanOrEqual(STREAMS * 0.999);
  expect([world.upstream.open(), world.clock.pending()]).toEqual([0, 0]);
  expect(world.metrics()).toMatch(/freeway_rescues_total\{/);
});
