// Nonces for sign-ins: only those that we have made, for ten minutes, once among all instances.
import { describe, expect, it } from 'vitest';
import { createNonces } from '#lambda/http/auth-nonce.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';

const MINUTE_MS = 60_000;

function open() {
  const clock = createFakeClock(Date.UTC(2026, 10, 22, 12));
  const store = createMemoryStore(clock);
  return { clock, here: createNonces(store, clock), there: createNonces(store, clock) };
}

/** Another sign of the same alphabet in its place. */
const changed = (text: string, at: number): string =>
  text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);

describe('a nonce', () => {
  it('is good once, whichever instance made it', async () => {
    const { here, there } = open();
    const [one, other] = [await here.make(), await here.make()];
    await there.use(one);
    await expect(there.use(one)).rejects.toMatchObject({ reason: 'nonce_used' });
    await expect(here.use(one)).rejects.toMatchObject({ reason: 'nonce_used' });
    await here.use(other);
  });

  it('is good for ten minutes', async () => {
    const { clock, here } = open();
    const [one, other] = [await here.make(), await here.make()];
    await clock.advance(10 * MINUTE_MS);
    await here.use(one);
    await clock.advance(1);
    await expect(here.use(other)).rejects.toMatchObject({ reason: 'nonce_unknown' });
  });

  it('is not believed with any sign of it changed, nor is what it would be used up by', async () => {
    const { here } = open();
    const made = await here.make();
    // The last sign of a signature holds two bits that say nothing.
    for (let at = 0; at < made.length - 1; at++)
      if (made[at] !== '.')
        await expect(here.use(changed(made, at)), `sign ${at}`).rejects.toMatchObject({ reason: 'nonce_unknown' });
    await here.use(made);
  });

  it('is not believed where another installation made it, or nobody', async () => {
    const { here } = open();
    const [time, random] = (await here.make()).split('.');
    for (const text of [await open().here.make(), `${time}.${random}`, `${time}.${random}.`, 'made-up', '', '..'])
      await expect(here.use(text), text).rejects.toMatchObject({ reason: 'nonce_unknown' });
  });
});
