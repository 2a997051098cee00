// The breaker's whole life in one book, and rests.
import { describe, expect, it } from 'vitest';
import { applyUpdate, type Item } from '#shared/items.ts';
import {
  afterFailure,
  afterHealthy,
  afterRest,
  afterSuccess,
  breakerState,
  everyMark,
  failuresToOpen,
  probePollMs,
  recoveryMs,
  restOf,
  shareAfter,
} from '#lambda/routing/breaker.ts';
import { planSettle } from '#lambda/routing/pools.ts';
import { key, leaseMs, plan, reserve, write } from './pools-world.ts';

const startMs = Date.parse('2026-11-21T12:00:00Z');
const fail = (book: Item | null, nowMs: number, random = 1): Item =>
  write(book, afterFailure({ book: book ?? {}, mark: 'm', nowMs, random })) ?? {};
const failTimes = (times: number, nowMs = startMs): Item => {
  let book: Item = {};
  for (let i = 0; i < times; i++) book = fail(book, nowMs);
  return book;
};

describe('the breaker', () => {
  it('opens at the third failure in a row and not before', () => {
    expect(breakerState(failTimes(2), 'm', startMs)).toMatchObject({ state: 'closed', waitMs: 0 });
    expect(breakerState(failTimes(3), 'm', startMs)).toMatchObject({ state: 'open', waitMs: 5000 });
    expect(breakerState(failTimes(3), 'other', startMs).state).toBe('closed');
    const forgiven = write(failTimes(2), afterSuccess(failTimes(2), 'm', startMs));
    expect(breakerState(fail(forgiven, startMs), 'm', startMs).state).toBe('closed');
  });

  it('stays open twice as long each time, up to five minutes, less jitter', () => {
    let book = failTimes(3);
    let nowMs = startMs;
    const waits: number[] = [];
    for (let i = 0; i < 9; i++) {
      const { waitMs } = breakerState(book, 'm', nowMs);
      waits.push(waitMs / 1000);
      nowMs += waitMs;
      expect(breakerState(book, 'm', nowMs).state).toBe('half_open');
      book = fail(book, nowMs);
    }
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300]);
    expect(breakerState(fail(failTimes(2), startMs, 0), 'm', startMs).waitMs).toBe(4000);
  });

  it('does not count calls that were under way when it opened', () => {
    const open = failTimes(3);
    expect(fail(open, startMs + 100)).toEqual(open);
    expect(write(open, afterSuccess(open, 'm', startMs + 100))).toEqual(open);
  });

  it('blocks reservations while open, and those planned before it opened', () => {
    const open = failTimes(3);
    expect(plan([], open, { nowMs: startMs + 1000 })).toMatchObject({ kind: 'blocked', by: 'breaker', waitMs: 4000 });
    const early = plan([], null, { nowMs: startMs });
    if (early.kind === 'blocked') throw new Error('blocked');
    expect(applyUpdate(open, { key, ...early }).applied).toBe(false);
  });

  it('lets one probe through at a time', () => {
    const nowMs = startMs + 5000;
    const open = failTimes(3);
    const both = [plan([], open, { nowMs }), plan([], open, { nowMs })];
    let book: Item | null = open;
    const applied = both.map((planned) => {
      if (planned.kind === 'blocked') throw new Error('blocked');
      const result = applyUpdate(book, { key, ...planned });
      book = result.item;
      return result.applied;
    });
    expect(applied).toEqual([true, false]);
    expect(plan([], book, { nowMs })).toMatchObject({ kind: 'blocked', by: 'breaker', waitMs: probePollMs });
    // A probe that was killed gives way when its lease is over.
    expect(plan([], book, { nowMs: nowMs + leaseMs + 1 }).kind).toBe('write');
  });

  it('tells when the lease of a probe is over, where that is sooner than one would look again', () => {
    const nowMs = startMs + 5000;
    const { book } = reserve([], failTimes(3), { nowMs });
    const waits = [250, 249, 100, 0].map((leftMs) => breakerState(book, 'm', nowMs + leaseMs - leftMs).waitMs);
    expect(waits).toEqual([250, 250, 101, 1]);
  });

  it('lets no probe through that was planned before another one failed', () => {
    const nowMs = startMs + 5000;
    const open = failTimes(3);
    const late = plan([], open, { nowMs });
    if (late.kind === 'blocked') throw new Error('blocked');
    expect(applyUpdate(open, { key, ...late }).applied).toBe(true);
    expect(applyUpdate(fail(open, nowMs), { key, ...late }).applied).toBe(false);
  });

  it('lets a probe through at once where a health check has found the provider well', () => {
    const open = failTimes(3);
    const vouched = write(open, afterHealthy(open, 'm', startMs));
    expect(breakerState(vouched ?? {}, 'm', startMs)).toMatchObject({ state: 'half_open', waitMs: 0 });
    expect(reserve([], vouched, { nowMs: startMs }).hold.probe).not.toBeNull();
  });

  it('counts failures of which none knew of the others', () => {
    const unaware = afterFailure({ book: {}, mark: 'm', nowMs: startMs, random: 1 });
    const counted = write(write(null, unaware), unaware);
    expect(breakerState(fail(counted, startMs), 'm', startMs).state).toBe('open');
  });

  it('recovers after a good probe: one failure opens it again, and the first success when that is over forgets all', () => {
    const nowMs = startMs + 5000;
    const { book, hold } = reserve([], failTimes(3), { nowMs });
    expect(hold.probe).not.toBeNull();
    const done = write(
      write(book, planSettle({ hold, actual: null, nowMs: nowMs + 10 })),
      afterSuccess(book, 'm', nowMs + 10),
    );
    const recoveredAtMs = nowMs + 10;
    expect(done).toEqual({ 'm!f': failuresToOpen - 1, 'm!b': recoveredAtMs });
    const lastMs = recoveredAtMs + recoveryMs - 1;
    for (const atMs of [recoveredAtMs, lastMs]) {
      expect(breakerState(done ?? {}, 'm', atMs)).toEqual({ state: 'recovering', waitMs: 0, recoveredAtMs });
      expect(breakerState(fail(done, atMs), 'm', atMs)).toMatchObject({ state: 'open', waitMs: 5000 });
      expect(write(done, afterSuccess(done ?? {}, 'm', atMs))).toEqual(done);
    }
    expect(breakerState(done ?? {}, 'm', lastMs + 1).state).toBe('closed');
    expect(write(done, afterSuccess(done ?? {}, 'm', lastMs + 1))).toEqual({});
    expect(afterSuccess({}, 'm', nowMs)).toEqual({ add: {}, set: {}, remove: [] });
  });

  it('lets all calls through that ask while it recovers', () => {
    const book = { 'm!f': failuresToOpen - 1, 'm!b': startMs };
    const planned = [plan([], book, { nowMs: startMs }), plan([], book, { nowMs: startMs })];
    for (const one of planned) {
      if (one.kind === 'blocked') throw new Error('blocked');
      expect([applyUpdate(book, { key, ...one }).applied, one.hold.probe]).toEqual([true, null]);
    }
  });

  it('lets a share prefer it that grows from a tenth to all in 30 s', () => {
    const shares = [-5, 0, 10, 20, 30, 300].map((seconds) => shareAfter(seconds * 1_000));
    const expected = [0.1, 0.1, 0.4, 0.7, 1, 1];
    shares.forEach((share, index) => expect(share).toBeCloseTo(expected[index]!));
  });

  it('gives the probe back when it told nothing', () => {
    const nowMs = startMs + 5000;
    const { book, hold } = reserve([], failTimes(3), { nowMs });
    const released = write(book, planSettle({ hold, actual: null, nowMs: nowMs + 10 }));
    expect(breakerState(released ?? {}, 'm', nowMs + 10)).toMatchObject({ state: 'half_open', waitMs: 0 });
  });
});

describe('rests', () => {
  const rest = { untilMs: startMs + 1000, reason: 'rate_limited' } as const;

  it('bench a candidate or its whole book, the longer one counts', () => {
    const own = write(null, afterRest({}, 'm', rest)) ?? {};
    expect(restOf(own, 'm', startMs)).toEqual(rest);
    expect(restOf(own, 'n', startMs)).toBeNull();
    expect(restOf(own, 'm', startMs + 1001)).toBeNull();
    const both = write(own, afterRest(own, everyMark, { untilMs: startMs + 9000, reason: 'bad_credential' })) ?? {};
    expect(restOf(both, 'm', startMs)).toEqual({ untilMs: startMs + 9000, reason: 'bad_credential' });
  });

  it('are not cut short', () => {
    const book = write(null, afterRest({}, 'm', rest)) ?? {};
    expect(afterRest(book, 'm', { untilMs: startMs + 500, reason: 'timeout' }).set).toEqual({});
  });
});
