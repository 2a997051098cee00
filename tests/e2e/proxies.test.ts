// A server behind a proxy on its own machine: callers are told apart by the addresses the proxy tells, and by none that they tell themselves.
import { afterEach, expect, it } from 'vitest';
import { OWNER_KEY, startServer, type Started } from './local.ts';

/** So many wrong keys from one address, and it is told to wait. */
const GUESSES = 60;
let freeway: Started;
afterEach(() => freeway.stop());

const ask = async (key: string, from?: string): Promise<number> =>
  (
    await fetch(`${freeway.url}/v1/models`, {
      headers: { authorization: `Bearer ${key}`, ...(from === undefined ? {} : { 'x-forwarded-for': from }) },
    })
  ).status;

const guess = async (from: (round: number) => string): Promise<number> => {
  let status = 0;
  for (let round = 0; round < GUESSES + 2; round++) status = await ask(`fwy_wrong_${round}`, from(round));
  return status;
};

it('who guesses is slowed down, whatever addresses he makes up, and nobody else is', async () => {
  freeway = await startServer([], { FREEWAY_DEMO: 'off', FREEWAY_PROXIES: '::1, 127.0.0.1' });
  expect(await guess((round) => `6.6.6.${round}, 203.0.113.9`)).toBe(429);
  expect(await ask('fwy_mistyped', '203.0.113.9')).toBe(429);
  expect(await ask('fwy_mistyped', '203.0.113.10')).toBe(401);
  expect(await ask(OWNER_KEY, '203.0.113.10')).toBe(200);
});

it('without it no header about addresses is believed', async () => {
  freeway = await startServer([], { FREEWAY_DEMO: 'off' });
  expect(await guess((round) => `6.6.6.${round}`)).toBe(429);
});

it('an entry that is no address is told at the start', async () => {
  await expect(startServer([], { FREEWAY_PROXIES: '127.0.0.1,my-proxy' })).rejects.toThrow(
    /FREEWAY_PROXIES names "my-proxy".*addresses/,
  );
  freeway = await startServer([], { FREEWAY_DEMO: 'off' });
});
