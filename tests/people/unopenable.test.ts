// Saved credentials whose secrets can't be opened (damaged, or sealed in the way of a later version) are in nobody's way: others serve, and
// what is wrong is told by the list and by a test, until the key is entered again.
import { beforeAll, expect, it } from 'vitest';
import type { Store } from '#lambda/ports.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { createHouse, owner, type House } from './house.ts';

beforeAll(() => import('#lambda/endpoints/api/app.ts'));

const saved = {
  provider: 'openai-compatible',
  name: 'saved',
  base_url: 'http://alpha.test/v1',
  fields: { apiKey: 'sk-saved' },
  models: [{ id: 'm1', kind: 'chat' }],
  plan: 'free',
  priority: 1,
};

/** Another instance over the same store, as it is after its next start. */
const reopen = (store: Store): Promise<House> => createHouse({ store, clock: createFakeClock(Date.now()) });

async function rewriteSecrets(store: Store, change: (sealed: string) => string): Promise<void> {
  const { items } = await store.query('credentials');
  expect(items).toHaveLength(1);
  for (const { key, item } of items) await store.put(key, { ...item, sealed: change(String(item['sealed'])) });
}

it.each([
  ['of a later version', (sealed: string) => sealed.replace('v1.', 'v2.')],
  ['damaged', (sealed: string) => `${sealed.slice(0, -6)}AAAAAA`],
])('one that is %s fails alone, and is tried again with a new key', async (_, change) => {
  const clock = createFakeClock(Date.now());
  const store = createMemoryStore(clock);
  const ask = (house: House, line: string, body: unknown) =>
    house.clock.runUntil(house.ask(line, { headers: owner, body }));
  const first = await createHouse({ store, clock });
  const { status, json } = await ask(first, 'POST /api/credentials', saved);
  expect(status).toBe(201);
  const freeway = { strategy: 'priority' };
  const chat = (house: House) =>
    ask(house, 'POST /v1/chat/completions', { model: 'm1', messages: [{ role: 'user', content: 'hi' }], freeway });
  expect((await chat(first)).headers['x-freeway-credential']).toBe('saved');

  await rewriteSecrets(store, change);
  const second = await reopen(store);
  const answer = await chat(second);
  // Nobody is asked with it.
  expect([answer.status, answer.headers['x-freeway-attempts']], answer.text).toEqual([200, '1']);
  expect(answer.headers['x-freeway-credential']).not.toBe('saved');

  const path = `/api/credentials/${String(json['id'])}`;
  expect((await ask(second, `GET ${path}`, undefined)).json).toMatchObject({ locked: 'lost' });
  expect(await ask(second, `POST ${path}/test`, {})).toMatchObject({
    status: 409,
    json: { error: { why: { code: 'locked', how: 'lost' } } },
  });
  const entered = await ask(second, `PUT ${path}/key`, { fields: { apiKey: 'sk-new' } });
  expect(entered.status, entered.text).toBe(200);
  const third = await reopen(store);
  expect((await chat(third)).headers['x-freeway-credential']).toBe('saved');
});
