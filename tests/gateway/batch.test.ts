// How a batch goes on: what is made of replies, how far it has come whatever the order of answers, and who may work on it.
import { describe, expect, it } from 'vitest';
import { isOpen, type KeptBatch } from '#shared/batch.ts';
import {
  judgeReply,
  noUse,
  openAccount,
  payAtMs,
  toCancelling,
  toEnded,
  toFailed,
  toHeld,
  toProgressed,
  toReleased,
  toStarted,
} from '#lambda/gateway/batch.ts';
import { toRenewed } from '#lambda/gateway/lease.ts';
import { createRandom } from '../fakes/random.ts';

const HOUR = 3_600_000;
const batch: KeptBatch = {
  id: 'batch_1',
  personId: 'ada',
  email: null,
  key: null,
  fileId: 'file-1',
  endpoint: '/v1/chat/completions',
  metadata: null,
  headers: {},
  status: 'validating',
  createdAtMs: 0,
  endsAtMs: 24 * HOUR,
  keptUntilMs: 720 * HOUR,
  startedAtMs: null,
  cancellingAtMs: null,
  endedAtMs: null,
  problems: [],
  total: 0,
  completed: 0,
  failed: 0,
  late: 0,
  outputBytes: 0,
  errorBytes: 0,
  model: null,
  use: noUse,
  next: { line: 0, part: 0, offset: 0 },
  ahead: [],
  waiting: null,
  lease: null,
};
const running = toStarted({ total: 3, model: 'm1' }, 5)(batch);

describe('a reply', () => {
  const judge = (
    status: number,
    more: { code?: string; retryAfterMs?: number; setbacks?: number; free?: boolean } = {},
  ) =>
    judgeReply(
      { status, code: more.code ?? null, retryAfterMs: more.retryAfterMs ?? null },
      { setbacks: more.setbacks ?? 0, isFreeOnly: more.free ?? false },
    );

  it('is a result where nothing could come of asking again', () => {
    expect(judge(200)).toEqual({ kind: 'output' });
    for (const status of [400, 401, 403, 404, 413]) expect(judge(status)).toEqual({ kind: 'error' });
    expect(judge(422, { code: 'no_candidate' })).toEqual({ kind: 'error' });
  });

  it('of a limit makes all of its model wait, as long as it says, and counts against nobody', () => {
    for (const status of [402, 429, 503]) {
      expect(judge(status, { retryAfterMs: 7_000, setbacks: 99 })).toEqual({
        kind: 'wait',
        ms: 7_000,
        isWhole: true,
        isSetback: false,
      });
      expect(judge(status)).toMatchObject({ kind: 'wait', ms: 60_000 });
    }
  });

  it('of a fault is tried again, ever later, and given up at last', () => {
    const pauses = [0, 1, 2, 3].map((setbacks) => judge(502, { setbacks }));
    expect(pauses.map((verdict) => (verdict.kind === 'wait' ? verdict.ms : null))).toEqual([
      2_000, 8_000, 32_000, 128_000,
    ]);
    expect(pauses.every((verdict) => verdict.kind === 'wait' && verdict.isSetback && !verdict.isWhole)).toBe(true);
    expect(judge(502, { setbacks: 4 })).toEqual({ kind: 'error' });
  });

  it('that nothing free could ever serve it lets others serve it', () => {
    expect(judge(422, { code: 'no_candidate', free: true })).toEqual({ kind: 'loosen' });
  });
});

it('what is paid for waits until the last tenth of its time, or as long as it was told to', () => {
  expect(payAtMs(batch)).toBeCloseTo(21.6 * HOUR);
  expect(payAtMs({ ...batch, headers: { 'x-freeway-max-wait-ms': '60000' } })).toBe(60_000);
});

describe('its account', () => {
  it('comes to the same in whatever order answers come, from whatever moment it is taken up again', () => {
    const random = createRandom(7);
    for (let round = 0; round < 200; round++) {
      const total = 1 + Math.floor(random() * 80);
      let kept: KeptBatch = { ...running, total };
      let account = openAccount(kept);
      const order = Array.from({ length: total }, (_, line) => line).toSorted(() => random() - 0.5);
      const read = (): void => {
        for (let line = account.nextLine; line < total; line++)
          account.read(line, { line: line + 1, part: line, offset: line * 2 });
      };
      read();
      for (const line of order) {
        const missing = line % 2 === 0 ? 'late' : 'error';
        const kind = line % 3 === 0 ? missing : 'output';
        const use = kind === 'output' ? { ...noUse, inputTokens: line, free: 1 } : null;
        account.done(line, { kind, bytes: 10, use });
        // Told twice, it counts once.
        account.done(line, { kind, bytes: 10, use });
        if (random() > 0.2) continue;
        kept = { ...kept, ...account.progress() };
        account = openAccount(kept);
        read();
      }
      const failed = Math.ceil(total / 3);
      const answered = order.filter((line) => line % 3 !== 0);
      expect(account.progress()).toMatchObject({
        completed: total - failed,
        failed,
        late: Math.ceil(total / 6),
        outputBytes: (total - failed) * 10,
        errorBytes: failed * 10,
        use: { inputTokens: answered.reduce((sum, line) => sum + line, 0), free: answered.length },
        next: { line: total, part: total - 1 },
        ahead: [],
      });
    }
  });
});

it('what has failed is remembered by whoever takes it up, until there is a result', () => {
  const account = openAccount(running);
  account.note(1, { count: 2, untilMs: 7 });
  account.note(2, { count: 1, untilMs: 0 });
  const next = openAccount({ ...running, ...account.progress() });
  expect([0, 1, 2].map((line) => next.setbacksOf(line).count)).toEqual([0, 2, 1]);
  expect(next.setbacksOf(1).untilMs).toBe(7);
  next.done(1, { kind: 'output', bytes: 1, use: null });
  next.note(2, { count: 0, untilMs: 0 });
  expect(next.progress().setbacks).toEqual({});
});

describe('its state', () => {
  it('is worked on by one at a time, and by the next once that one is silent', () => {
    const take = (holder: string, nowMs: number): ((batch: KeptBatch) => KeptBatch) => toHeld(holder, nowMs, { nowMs });
    const mine = take('me', 1_000)(running);
    expect(mine.lease).toEqual({ holder: 'me', untilMs: 13_000 });
    expect(take('you', 12_999)(mine)).toBe(mine);
    expect(take('me', 9_000)(mine).lease?.untilMs).toBe(21_000);
    const yours = take('you', 13_000)(mine);
    expect(yours.lease?.holder).toBe('you');
    expect(toRenewed('you', 20_000)(yours).lease).toEqual({ holder: 'you', untilMs: 32_000 });
    expect(toRenewed('me', 100_000)(yours)).toBe(yours);
    expect(toRenewed('me', 20_000)(toReleased('me')(mine)).lease).toBeNull();
    expect(toReleased('you')(mine)).toBe(mine);
    expect(toReleased('me')(mine).lease).toBeNull();
    const progress = { ...openAccount(mine).progress(), completed: 2 };
    expect(toProgressed('me', progress)(mine).completed).toBe(2);
    expect(toProgressed('you', progress)(mine)).toBe(mine);
  });

  it('goes one way only', () => {
    expect(running).toMatchObject({ status: 'in_progress', startedAtMs: 5, total: 3, model: 'm1' });
    expect(toStarted({ total: 9, model: null }, 6)(running)).toBe(running);
    const cancelling = toCancelling(10)(running);
    expect(toEnded(20, 'completed')(cancelling)).toMatchObject({ status: 'cancelled', endedAtMs: 20 });
    for (const ended of [
      toEnded(20, 'completed')(running),
      toEnded(20, 'expired')(running),
      toFailed([], 20)(running),
    ]) {
      expect(isOpen(ended)).toBe(false);
      expect(toCancelling(30)(ended)).toBe(ended);
      expect(toFailed([], 30)(ended)).toBe(ended);
      expect(toEnded(30, 'completed')(ended)).toBe(ended);
      expect(toHeld('me', 30, { nowMs: 30 })(ended)).toBe(ended);
    }
  });
});
