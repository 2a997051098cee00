// The simulated provider's own counting: each clock exactly, checked against brute force where a rule is simple to state.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLimits } from '../fakes/provider/limits.ts';
import { createMeter } from '../fakes/provider/meters.ts';
import type { LimitClock } from '../fakes/provider/spec.ts';

const at = Date.UTC(2026, 10, 21, 12, 0, 30);
const second = 1000;

describe('one count, by each clock', () => {
  const cases: readonly [name: string, clock: LimitClock, spread: number, waitMs: number][] = [
    ['fixed minute: waits for the full minute', { kind: 'fixed', seconds: 60 }, 0, 30 * second],
    ['sliding: waits for the first charge to leave', { kind: 'sliding', seconds: 60 }, 2 * second, 56 * second],
    ['refill: waits for one unit', { kind: 'refill', seconds: 60 }, 0, 20 * second],
    ['day in UTC: waits for midnight', { kind: 'calendar', every: 'day', zone: 'UTC' }, 0, Date.UTC(2026, 10, 22) - at],
    ['day in California: midnight is 8 hours later', { kind: 'calendar', every: 'day', zone: 'America/Los_Angeles' }, 0, Date.UTC(2026, 10, 22, 8) - at],
  ]; // prettier-ignore
  it.each(cases)('%s', (_name, clock, spread, waitMs) => {
    const meter = createMeter(3, clock);
    let now = at;
    for (let charge = 0; charge < 3; charge += 1) {
      expect(meter.waitMs(1, now)).toBe(0);
      meter.take(1, now);
      now += spread;
    }
    now -= spread;
    expect(meter.waitMs(1, now)).toBe(waitMs);
    const wait = meter.waitMs(1, now);
    expect(meter.waitMs(1, now + wait - 1)).toBeGreaterThan(0);
    expect(meter.waitMs(1, now + wait)).toBe(0);
    expect(meter.waitMs(4, now)).toBe(Infinity);
  });

  it('ends days exactly, also those of 23 and 25 hours', () => {
    const zone = 'America/Los_Angeles';
    const noonBefore = { short: Date.UTC(2026, 2, 8, 8, 0), long: Date.UTC(2026, 10, 1, 7, 0) };
    const lengthOf = (startMs: number): number => {
      const meter = createMeter(1, { kind: 'calendar', every: 'day', zone });
      return meter.resetMs(startMs) / 3_600_000;
    };
    expect(lengthOf(noonBefore.short)).toBe(23);
    expect(lengthOf(noonBefore.long)).toBe(25);
  });

  it('begins a month at its first day', () => {
    const meter = createMeter(1, { kind: 'calendar', every: 'month', zone: 'UTC' });
    expect(at + meter.resetMs(at)).toBe(Date.UTC(2026, 11, 1));
  });

  it('replaces a charge by what was used, unless its window has gone', () => {
    for (const clock of [{ kind: 'fixed', seconds: 60 }, { kind: 'sliding', seconds: 60 }, { kind: 'refill', seconds: 60 }] as const) {
      const meter = createMeter(1000, clock);
      const correct = meter.take(800, at);
      correct(100, at);
      expect(meter.used(at), clock.kind).toBe(100);
      const late = meter.take(800, at);
      late(0, at + 3600 * second);
      expect(meter.used(at + 3600 * second), clock.kind).toBe(0);
    }
  }); // prettier-ignore

  it('holds what runs and gives it back', () => {
    const meter = createMeter(2, { kind: 'held' });
    const first = meter.take(1, at);
    meter.take(1, at);
    expect(meter.waitMs(1, at)).toBeGreaterThan(0);
    first(0, at);
    expect(meter.waitMs(1, at)).toBe(0);
  });

  it('lets exactly the maximum through any sliding window, at any arrivals', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 120 }), (gaps) => {
        const meter = createMeter(5, { kind: 'sliding', seconds: 60 });
        const taken: number[] = [];
        let now = at;
        for (const gap of gaps) {
          now += gap;
          const inWindow = taken.filter((t) => t > now - 60_000).length;
          expect(meter.waitMs(1, now) === 0).toBe(inWindow < 5);
          if (meter.waitMs(1, now) > 0) continue;
          meter.take(1, now);
          taken.push(now);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('limits together', () => {
  const clock: LimitClock = { kind: 'sliding', seconds: 60 };
  const tryAll = (limits: Parameters<typeof createLimits>[0], who: readonly [key: string, model: string][]): number => {
    const all = createLimits(limits);
    return who.filter(([key, model]) => 'settle' in all.admit({ key, model }, { requests: 1 }, at)).length;
  };
  const calls: readonly [string, string][] = [['k1', 'a'], ['k1', 'b'], ['k2', 'a'], ['k2', 'b']]; // prettier-ignore

  it.each([
    ['shared by models, one count a key', {}, 2],
    ['own count for each model and key', { perModel: true }, 4],
    ['shared by keys of an account, by model', { perModel: true, scope: 'account' as const }, 2],
    ['one count for all', { scope: 'account' as const }, 1],
  ])('%s', (_name, more, admitted) => {
    expect(tryAll([{ models: ['*'], unit: 'requests', max: 1, clock, ...more }], calls)).toBe(admitted);
  });

  it('charges nothing when one of several refuses, and names the one with the longest wait', () => {
    const limits = createLimits([
      { models: ['*'], unit: 'requests', max: 10, clock },
      { models: ['*'], unit: 'tokens', max: 100, clock: { kind: 'refill', seconds: 60 } },
      { models: ['*'], unit: 'requests', max: 1, clock: { kind: 'sliding', seconds: 3600 } },
    ]);
    const who = { key: 'k', model: 'm' };
    expect('settle' in limits.admit(who, { requests: 1, tokens: 90 }, at)).toBe(true);
    expect(limits.admit(who, { requests: 1, tokens: 90 }, at)).toMatchObject({ waitMs: 3_600_000 });
    expect(limits.views(who, at).map(({ used }) => used)).toEqual([1, 90, 1]);
  });
});
