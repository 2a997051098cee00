// The watch over one attempt: late, silent, paused, out of time; it tells each once, and leaves no timer behind.
import { describe, expect, it } from 'vitest';
import { createWatch, type Watch } from '#lambda/gateway/watch.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';

interface Seen {
  readonly clock: FakeClock;
  readonly watch: Watch;
  /** What was told, and after how many ms. */
  readonly told: string[];
}

function begin(more: { lateMs?: number; deadlineMs?: number } = {}): Seen {
  const clock = createFakeClock();
  const startMs = clock.now();
  const told: string[] = [];
  const watch = createWatch({
    clock,
    lateMs: more.lateMs ?? Infinity,
    onLate: () => told.push(`late ${clock.now() - startMs}`),
    firstContentMs: 20_000,
    idleMs: 12_000,
    deadlineAtMs: startMs + (more.deadlineMs ?? 600_000),
    onTimeout: (message) => {
      told.push(`${message} ${clock.now() - startMs}`);
      watch.stop();
    },
  });
  return { clock, watch, told };
}

describe('watch', () => {
  it('tells a late first content once, and then its absence', async () => {
    const { clock, told } = begin({ lateMs: 8_000 });
    await clock.advance(60_000);
    expect(told).toEqual(['late 8000', 'no answer within 20000 ms 20000']);
    expect(clock.pending()).toBe(0);
  });
  it('content in time is not late, and silence is counted from the last of it', async () => {
    const { clock, watch, told } = begin({ lateMs: 8_000 });
    for (let i = 0; i < 5; i++) {
      await clock.advance(7_000);
      watch.seen();
    }
    await clock.advance(60_000);
    expect(told).toEqual(['the answer stood still for 12000 ms 47000']);
  });
  it('a slow caller is not a silent provider', async () => {
    const { clock, watch, told } = begin();
    watch.seen();
    watch.paused();
    await clock.advance(100_000);
    watch.resumed();
    await clock.advance(11_000);
    expect(told).toEqual([]);
    await clock.advance(13_000);
    expect(told).toHaveLength(1);
  });
  it.each([0, 5_000])('the total deadline goes before everything else (%i ms)', async (deadlineMs) => {
    const { clock, told } = begin({ lateMs: 8_000, deadlineMs });
    expect(told).toEqual([]);
    await clock.advance(60_000);
    expect(told).toEqual([`the time for the whole request is over ${deadlineMs}`]);
  });
  it('leaves nothing behind when it is stopped', async () => {
    const { clock, watch, told } = begin({ lateMs: 8_000 });
    watch.stop();
    expect(clock.pending()).toBe(0);
    await clock.advance(60_000);
    expect(told).toEqual([]);
  });
});
