// A day that begins later at its provider than by our clock: the new day's quota is not lost for it.
import { expect, it } from 'vitest';
import { createWorld, START_MS, toEntry } from './harness.ts';

const MINUTE_MS = 60_000;
/** Midnight in Los Angeles. */
const MIDNIGHT_MS = Date.UTC(2026, 10, 22, 8);
const PER_DAY = 20;
const model = 'gemini-3.8-flash';

it('a refusal for the day just after midnight is taken for one of the day before', async () => {
  const world = await createWorld({
    // Ours is the clock that is ahead; what counts is that the two differ.
    aheadMs: 3 * MINUTE_MS,
    providers: [
      {
        name: 'gemini',
        dialect: 'gemini',
        models: [{ id: model }],
        limits: [
          {
            models: [model],
            unit: 'requests',
            max: PER_DAY,
            clock: { kind: 'calendar', every: 'day', zone: 'America/Los_Angeles' },
          },
        ],
      },
    ],
    entries: [toEntry('gemini', { provider: 'gemini', models: [], allowedModels: [model] })],
  });
  const ask = async (): Promise<number> => {
    const { status } = await world.ask({ model: `gemini/${model}`, freeway: { max_wait_ms: 0 } });
    await world.clock.advance(20_000);
    return status;
  };
  const goTo = (atMs: number): Promise<void> => world.clock.advance(atMs - world.clock.now());
  expect(START_MS).toBeLessThan(MIDNIGHT_MS);
  for (let call = 0; call < PER_DAY; call++) expect(await ask()).toBe(200);
  await goTo(MIDNIGHT_MS - 2 * MINUTE_MS);
  expect([await ask(), await ask()]).toEqual([503, 503]);
  expect(world.providers['gemini']!.books().total()).toMatchObject({ limited: 1, served: PER_DAY });
  await goTo(MIDNIGHT_MS + 15 * MINUTE_MS);
  for (let call = 0; call < PER_DAY; call++) expect(await ask()).toBe(200);
  expect(world.providers['gemini']!.books().total()).toMatchObject({ limited: 1, served: 2 * PER_DAY });
});
