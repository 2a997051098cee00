// What is kept of people, in every store: found by what is presented, changed by one at a time, used once, ended for good.
import { describe, expect, it } from 'vitest';
import { createNonces } from '#lambda/http/auth-nonce.ts';
import { createApiKeys } from '#lambda/store/api-keys.ts';
import { createAudit } from '#lambda/store/audit.ts';
import { createPeople } from '#lambda/store/people.ts';
import { createSessions } from '#lambda/store/sessions.ts';
import type { Person } from '#lambda/ports-people.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { stores } from './stores.ts';

const nothing = (): void => undefined;
const quiet = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const terms = {
  name: 'bot',
  scopes: ['inference' as const],
  models: ['m1'],
  tier: 'free' as const,
  privacy: 'no_training' as const,
  limits: { requestsPerMinute: 5, usd: { max: 1.5, per: 'week' as const } },
  expiresAtMs: null,
  personId: 'owner',
  email: null,
};

describe.each(stores)('in %s', (_, open) => {
  it('API keys are found by their text alone, and never by an older one', async () => {
    const clock = createFakeClock(Date.now());
    const store = await open(clock);
    const keys = createApiKeys(store, clock, nothing);
    const { key, stored } = await keys.create(terms);
    await keys.create(terms);
    expect(await keys.find(key)).toEqual(stored);
    expect(stored).toMatchObject(terms);
    const [first, second] = await Promise.all([keys.roll(stored.id, 0), keys.roll(stored.id, 0)]);
    const found = await Promise.all([key, first?.key ?? '', second?.key ?? ''].map((text) => keys.find(text)));
    expect(found[0]).toBeNull();
    expect(found.filter((one) => one !== null)).toHaveLength(1);
    await keys.used(stored.id);
    expect((await keys.lastUsed()).get(stored.id)).toBe(clock.now());
    await keys.remove(stored.id);
    expect(await keys.get(stored.id)).toBeNull();
    expect(await keys.list()).toHaveLength(1);
    await store.close();
  });

  it('changes made at once all take effect', async () => {
    const clock = createFakeClock(Date.now());
    const store = await open(clock);
    const people = createPeople(store, nothing);
    const person: Person = {
      id: people.idOf('Ada@Example.com'),
      email: 'ada@example.com',
      role: 'member',
      models: [],
      expiresAtMs: null,
      blocked: false,
      source: 'invited',
      createdAtMs: 1,
      lastSeenAtMs: null,
      googleId: null,
    };
    const made = await Promise.all([people.create(person), people.create(person)]);
    expect(made.filter(Boolean)).toHaveLength(1);
    const names = Array.from({ length: 8 }, (__, index) => `m${index}`);
    await Promise.all(
      names.map((name) =>
        people.change(person.id, (before) => ({ ...before, models: [...(before.models ?? []), name] })),
      ),
    );
    expect([...((await people.get(person.id))?.models ?? [])].sort()).toEqual(names);
    expect(await people.change('nobody', (before) => before)).toBeNull();
    await store.close();
  });

  it('sessions are found by their token, and end for good', async () => {
    const clock = createFakeClock(Date.now());
    const store = await open(clock);
    const sessions = createSessions(store, clock, nothing);
    const who = { personId: 'person_1', email: 'a@b.example', via: 'google' as const, device: 'test' };
    const { token, session } = await sessions.open(who);
    await sessions.open(who);
    expect(await sessions.find(token)).toEqual(session);
    expect(await sessions.find(token.replace('person_1', 'person_2'))).toBeNull();
    expect(JSON.stringify(await store.query('sessions#person_1'))).not.toContain(token.slice(-30));
    await clock.advance(3_600_000);
    await sessions.touch(session);
    expect((await sessions.find(token))?.lastSeenAtMs).toBe(clock.now());
    expect(await sessions.close('person_1', session.id)).toBe(true);
    expect(await sessions.close('person_1', session.id)).toBe(false);
    expect(await sessions.list('person_1')).toHaveLength(1);
    await sessions.closeAll('person_1');
    expect(await sessions.list('person_1')).toEqual([]);
    await store.close();
  });

  it('a nonce is used once, by whichever instance comes first', async () => {
    const clock = createFakeClock(Date.now());
    const store = await open(clock);
    const instances = [createNonces(store, clock), createNonces(store, clock)];
    const nonce = await instances[0]!.make();
    const uses = await Promise.allSettled(Array.from({ length: 6 }, (__, index) => instances[index % 2]!.use(nonce)));
    expect(uses.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await store.close();
  });

  it('the audit keeps its order', async () => {
    const clock = createFakeClock(Date.now());
    const store = await open(clock);
    const audit = createAudit({ store, clock, log: quiet, days: () => 1 });
    const origin = { principal: null, address: '203.0.113.1', requestId: 'req_1' };
    for (const target of ['a', 'b', 'c']) {
      await clock.advance(1);
      await audit.write({ action: 'key_created', target }, origin);
    }
    await audit.write({ action: 'sign_in', target: 'd' }, origin);
    const { events } = await audit.page({ limit: 2, action: 'key_created' });
    expect(events.map(({ target }) => target)).toEqual(['c', 'b']);
    await store.close();
  });
});
