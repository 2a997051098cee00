// Settings in the store: who sees a change when, and what holds while the store is away.
import { beforeEach, describe, expect, it } from 'vitest';
import { StoreUnavailable, type Store } from '#lambda/ports.ts';
import type { SettingsStore } from '#lambda/ports-settings.ts';
import { createSettings } from '#lambda/store/settings.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';

let clock: FakeClock;
let store: Store;
beforeEach(() => {
  clock = createFakeClock(Date.parse('2026-11-22T12:00:00Z'));
  store = createMemoryStore(clock);
});
const open = (over: Partial<Store> = {}): SettingsStore => createSettings({ ...store, ...over }, clock.now);
const daysOf = async (settings: SettingsStore): Promise<number | undefined> =>
  (await settings.of('p')).installation.audit_days;
const settle = (): Promise<void> => new Promise((done) => setImmediate(done));

describe('a change', () => {
  it('is seen here at once, and elsewhere by the request after the one that comes five seconds later', async () => {
    const [here, there] = [open(), open()];
    expect([await daysOf(here), await daysOf(there)]).toEqual([undefined, undefined]);
    await here.changeInstallation({ audit_days: 30 });
    expect(await daysOf(here)).toBe(30);
    await clock.advance(5_000);
    expect(await daysOf(there)).toBeUndefined();
    await clock.advance(1);
    expect(there.of('p')).not.toBeInstanceOf(Promise);
    await settle();
    expect(await daysOf(there)).toBe(30);
  });

  it('is waited for by whoever has not looked for more than a minute', async () => {
    const [here, there] = [open(), open()];
    await daysOf(there);
    await here.changeInstallation({ audit_days: 30 });
    await clock.advance(60_001);
    expect(await daysOf(there)).toBe(30);
  });

  it('is seen here at once also where a look had begun before it, and ends after it', async () => {
    const waiting: (() => void)[] = [];
    let holds = false;
    const batchGet: Store['batchGet'] = async (keys) => {
      const items = await store.batchGet(keys);
      if (holds) await new Promise<void>((done) => waiting.push(done));
      return items;
    };
    const settings = open({ batchGet });
    await daysOf(settings);
    await clock.advance(5_001);
    holds = true;
    void settings.of('p');
    await settle();
    expect(waiting).toHaveLength(1);
    holds = false;
    await settings.changeInstallation({ audit_days: 30 });
    expect(await daysOf(settings)).toBe(30);
    waiting[0]?.();
    await settle();
    expect([await daysOf(settings), settings.installation().audit_days]).toEqual([30, 30]);
  });
});

it('go on holding while the store is away, and are not taken for none where they were never read', async () => {
  let away = false;
  const batchGet: Store['batchGet'] = (keys) =>
    away ? Promise.reject(new StoreUnavailable('away')) : store.batchGet(keys);
  const [known, unknown] = [open({ batchGet }), open({ batchGet })];
  await known.changeInstallation({ audit_days: 30 });
  expect(await daysOf(known)).toBe(30);
  away = true;
  await clock.advance(90_000);
  expect(await daysOf(known)).toBe(30);
  await expect(daysOf(unknown)).rejects.toThrow(StoreUnavailable);
});
