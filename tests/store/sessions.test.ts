// How long a session of a browser lasts: half a day without use, a week in any case; and that its use is noted once a minute.
import { beforeEach, describe, expect, it } from 'vitest';
import { createSessions } from '#lambda/store/sessions.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { createMemoryStore, type MemoryStore } from '../fakes/memory-store.ts';

const HOUR_MS = 3_600_000;
const nothing = (): void => undefined;
let clock: FakeClock;
let store: MemoryStore;
beforeEach(() => {
  clock = createFakeClock(Date.parse('2026-11-22T12:00:00Z'));
  store = createMemoryStore(clock);
});

async function open() {
  const sessions = createSessions(store, clock, nothing);
  const { token } = await sessions.open({ personId: 'p', email: null, via: 'google', device: 'x' });
  const use = async (): Promise<boolean> => {
    const session = await sessions.find(token);
    if (session !== null) await sessions.touch(session);
    return session !== null;
  };
  return { sessions, use };
}

describe('a session', () => {
  it('ends after twelve hours without use', async () => {
    const { sessions, use } = await open();
    await clock.advance(11 * HOUR_MS);
    expect(await use()).toBe(true);
    await clock.advance(12 * HOUR_MS - 1);
    expect(await sessions.list('p')).toHaveLength(1);
    await clock.advance(1);
    expect([await use(), await sessions.list('p')]).toEqual([false, []]);
  });

  it('ends after a week, however much it is used', async () => {
    const { use } = await open();
    for (let hours = 0; hours < 7 * 24; hours += 4) {
      expect(await use()).toBe(true);
      await clock.advance(4 * HOUR_MS);
    }
    expect(await use()).toBe(false);
  });

  it('costs a write when it is used, once a minute', async () => {
    const { use } = await open();
    const before = store.counts.writes;
    for (let second = 0; second < 120; second++) {
      await clock.advance(1_000);
      await use();
    }
    expect(store.counts.writes - before).toBe(2);
  });
});
