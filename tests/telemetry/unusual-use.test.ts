// How often it is looked for unusual use, whatever the clock does.
import { expect, it } from 'vitest';
import { createUseWatch } from '#lambda/telemetry/unusual-use.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';

const HOUR_MS = 3_600_000;

it('looks once an hour, and not a day later where a clock was a day ahead', async () => {
  let nowMs = Date.UTC(2026, 10, 21, 12);
  let looks = 0;
  const now = (): number => nowMs;
  const watch = createUseWatch({
    usage: {
      rowsOfDays: async function* () {
        looks++;
        yield [];
      },
    },
    store: createMemoryStore({ now }),
    clock: { now },
    alerts: { raise: () => undefined },
    isWanted: () => true,
    nameOf: (id) => Promise.resolve(id),
  });
  const lookAt = async (atMs: number): Promise<number> => {
    nowMs = atMs;
    await watch();
    return looks;
  };
  const startMs = nowMs;
  expect(await lookAt(startMs)).toBe(1);
  expect(await lookAt(startMs + HOUR_MS - 1)).toBe(1);
  expect(await lookAt(startMs + HOUR_MS)).toBe(2);
  expect(await lookAt(startMs + 25 * HOUR_MS)).toBe(3);
  expect(await lookAt(startMs + 2 * HOUR_MS)).toBe(4);
  expect(await lookAt(startMs + 2 * HOUR_MS + 1)).toBe(4);
});
