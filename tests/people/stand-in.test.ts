// What stands in for credentials, as simulated providers do, answers nobody who could take it for a real answer.
import { expect, it } from 'vitest';
import { StoreUnavailable, type Store } from '#lambda/ports.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { createHouse, owner, type House } from './house.ts';

const env = { GOOGLE_CLIENT_ID: 'x', ALLOWED_EMAILS: 'ann@example.com' };
const asked = (house: House): number => house.provider.books().total().accepted;

it('serves everybody while nobody has given a credential, and nobody from then on', async () => {
  const house = await createHouse({ env, standsIn: true });
  const ann = await house.session('ann@example.com');
  expect([(await house.chat(owner)).status, (await house.chat(ann)).status]).toEqual([200, 200]);
  const mine = {
    provider: 'openai-compatible',
    name: 'mine',
    base_url: 'http://alpha.test/v1',
    models: [{ id: 'm1' }],
  };
  const body = { ...mine, fields: { apiKey: 'k' } };
  const made = await house.clock.runUntil(house.ask('POST /api/credentials', { headers: owner, body }));
  expect(made.status, made.text).toBe(201);
  expect((await house.chat(owner)).headers['x-freeway-credential']).toBe('mine');
  expect((await house.chat(ann)).status).toBe(422);
});

it('serves nobody while it is not known whether somebody has', async () => {
  const store = createMemoryStore();
  const away = (): Promise<never> => Promise.reject(new StoreUnavailable('away'));
  const blind: Store = {
    ...store,
    get: (key, fresh) => (key.pk === 'credentials-version' ? away() : store.get(key, fresh)),
  };
  const house = await createHouse({ standsIn: true, store: blind });
  await expect(house.chat(owner)).rejects.toThrow('credentials.unreachable');
  expect(asked(house)).toBe(0);
});
