// What a session of HTTP/2 keeps alive: not the calls that are over, whose heads carry keys.
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { burst, call, occupy, provider, start } from './h2-calls.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Whether it is given up by everybody, some turns from now. */
async function isForgotten(one: WeakRef<object>): Promise<boolean> {
  for (let at = 0; at < 200 && one.deref() !== undefined; at++) {
    await turn();
    collect();
  }
  return one.deref() === undefined;
}

/** A call that is over, by its body. */
async function ask(path: string): Promise<WeakRef<object>> {
  const body = new Uint8Array(1_000);
  expect(await call(path, { body }).done).toBe('ok');
  return new WeakRef(body);
}

it('the call that its connection was opened for is forgotten, and each that follows', async () => {
  await start();
  await occupy();
  const over = [await ask('/first'), await ask('/second')];
  // Those that are remembered for being the last are others.
  expect(await burst(4)).toEqual(Array(4).fill('ok'));
  expect(provider.counts).toMatchObject({ connections: 2, sessions: 1 });
  for (const one of over) expect(await isForgotten(one)).toBe(true);
});
