// What whole seconds in replies tell of a store's clock.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createServerTime } from '#lambda/store/server-time.ts';

const START_MS = Date.UTC(2026, 10, 21);

describe('the time of a store', () => {
  it('is unknown before its first reply, and then known to a second and the way', () => {
    const time = createServerTime();
    expect(time.ahead(START_MS)).toBeNull();
    time.noted({ sentAtMs: START_MS, receivedAtMs: START_MS + 10, serverSecondMs: START_MS });
    expect(time.ahead(START_MS + 10)).toEqual({ leastMs: -10, mostMs: 1_000 });
  });

  it('is within its bounds, whatever the clocks, and these narrow', () => {
    const replies = fc.array(fc.record({ gapMs: fc.nat(3_000), wayMs: fc.nat(40), backMs: fc.nat(40) }), {
      minLength: 30,
      maxLength: 60,
    });
    fc.assert(
      fc.property(fc.integer({ min: -5_000, max: 5_000 }), replies, (aheadMs, steps) => {
        const time = createServerTime();
        let nowMs = START_MS;
        for (const { gapMs, wayMs, backMs } of steps) {
          nowMs += gapMs;
          const sentAtMs = nowMs;
          nowMs += wayMs;
          const serverSecondMs = Math.floor((nowMs + aheadMs) / 1_000) * 1_000;
          nowMs += backMs;
          time.noted({ sentAtMs, receivedAtMs: nowMs, serverSecondMs });
          const { leastMs, mostMs } = time.ahead(nowMs)!;
          expect(leastMs).toBeLessThanOrEqual(aheadMs);
          expect(mostMs).toBeGreaterThanOrEqual(aheadMs);
          expect(mostMs - leastMs).toBeLessThanOrEqual(1_080);
        }
        const { leastMs, mostMs } = time.ahead(nowMs)!;
        expect(mostMs - leastMs).toBeLessThan(700);
      }),
      { numRuns: 100, seed: 5 },
    );
  });

  it('begins anew when a clock was set, and widens while nothing is heard', () => {
    const time = createServerTime();
    time.noted({ sentAtMs: START_MS, receivedAtMs: START_MS + 10, serverSecondMs: START_MS });
    time.noted({ sentAtMs: START_MS + 60_000, receivedAtMs: START_MS + 60_010, serverSecondMs: START_MS });
    expect(time.ahead(START_MS + 60_010)).toEqual({ leastMs: -60_010, mostMs: -59_000 });
    expect(time.ahead(START_MS + 60_010 + 3_600_000)?.mostMs).toBeCloseTo(-59_000 + 720);
  });
});
