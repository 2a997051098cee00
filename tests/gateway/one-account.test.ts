// Keys of one account that nobody declared as such: counted as one by every instance once their limits were seen to move together.
import { describe, expect, it } from 'vitest';
import { providers } from '#catalog/index.ts';
import { toCredentialId } from '#lambda/gateway/credentials.ts';
import type { FakeLimit } from '../fakes/provider/spec.ts';
import { createWorld, toEntry, type World } from './harness.ts';

const MODEL = 'openai/gpt-oss-120b';
const toLimits = (scope: 'key' | 'account'): FakeLimit[] => [
  { models: ['*'], perModel: true, scope, unit: 'requests', max: 30, clock: { kind: 'refill', seconds: 60 } },
  { models: ['*'], perModel: true, scope, unit: 'requests', max: 1_000, clock: { kind: 'refill', seconds: 86_400 } },
];

const entryOf = (key: string) => {
  const { models: _, ...entry } = toEntry('groq', { provider: 'groq', name: key, apiKey: key });
  return entry;
};
/** Keys at one provider, of one account or each of its own. */
const toWorld = (scope: 'key' | 'account', keys: readonly string[], more: { beside?: World; account?: string } = {}) =>
  createWorld({
    providers: [{ name: 'groq', dialect: 'groq', models: [{ id: MODEL }], limits: toLimits(scope) }],
    entries: keys.map((key) => ({
      ...entryOf(key),
      ...(more.account === undefined ? {} : { account: `${more.account}-${key}` }),
    })),
    ...more,
  });

const body = { model: `groq/${MODEL}`, max_tokens: 20 };

/** Calls one after the other, as fast as one account is refilled. */
async function call(world: World, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    expect((await world.ask(body)).status).toBe(200);
    await world.clock.advance(2_000);
  }
}

/** Refusals that a burst of calls met, and how many of them were served; from limits that are whole again. */
async function burst(world: World, times: number): Promise<{ refused: number; served: number }> {
  await world.clock.advance(120_000);
  const before = world.providers['groq']?.books().total().limited ?? 0;
  const all = Array.from({ length: times }, () => world.begin(body).reply);
  const replies = await world.clock.runUntil(Promise.all(all));
  const after = world.providers['groq']?.books().total().limited ?? 0;
  return { refused: after - before, served: replies.filter(({ status }) => status === 200).length };
}

interface Told {
  readonly candidates: readonly { readonly credential: string; readonly shares_limits_with: readonly string[] }[];
}

async function told(world: World): Promise<string[]> {
  const { candidates } = (await world.ask(body, {}, '/v1/explain')).json() as unknown as Told;
  return [
    ...new Set(candidates.map((one) => `${one.credential}: ${one.shares_limits_with.toSorted().join(' ')}`)),
  ].toSorted();
}

describe.each([2, 3])('%i keys of one account', (count) => {
  const keys = ['one', 'two', 'three'].slice(0, count);

  it('are counted as one, without a restart and by other instances too', async () => {
    const world = await toWorld('account', keys);
    await call(world, 100 * count);
    expect(await told(world)).toEqual(
      keys
        .map(
          (key) =>
            `${key}: ${keys
              .filter((one) => one !== key)
              .toSorted()
              .join(' ')}`,
        )
        .toSorted(),
    );
    expect((await burst(world, 60)).refused).toBe(0);
    const other = await toWorld('account', keys, { beside: world });
    await world.clock.advance(120_000);
    await call(other, 2);
    expect((await burst(other, 60)).refused).toBe(0);
    // What one of them uses now, the other knows.
    await burst(world, 20);
    const all = [...Array(30)].map((_, at) => (at % 2 === 0 ? world : other).begin(body).reply);
    const before = world.providers['groq']?.books().total().limited;
    await world.clock.runUntil(Promise.all(all));
    expect(world.providers['groq']?.books().total().limited).toBe(before);
  });

  it('are not where somebody has said that their accounts differ', async () => {
    const world = await toWorld('account', keys, { account: 'mine' });
    await call(world, 100 * count);
    expect((await burst(world, 60)).refused).toBeGreaterThan(0);
  });
});

describe('two keys of two accounts', () => {
  it('keep both quotas whole', async () => {
    const world = await toWorld('key', ['one', 'two']);
    await call(world, 200);
    expect(await told(world)).toEqual(['one: ', 'two: ']);
    await world.clock.advance(120_000);
    const all = Array.from({ length: 60 }, () => world.begin(body).reply);
    const startMs = world.clock.now();
    await world.clock.runUntil(Promise.all(all));
    // One account would have let the last of them in a minute later.
    expect(world.clock.now() - startMs).toBeLessThan(30_000);
    expect(world.providers['groq']?.books().total().limited).toBe(0);
  });

  it('that were taken for one by mistake are counted apart again', async () => {
    const world = await toWorld('key', ['one', 'two']);
    const groq = providers.find(({ id }) => id === 'groq');
    if (groq === undefined) throw new Error('no groq');
    const [one = '', two = ''] = ['one', 'two'].map((key) => toCredentialId(entryOf(key), groq));
    for (const [id, other] of [
      [one, two],
      [two, one],
    ])
      await world.store.put({ pk: `book#${id}`, sk: 'state' }, { [`=${other}`]: world.clock.now() });
    await call(world, 1);
    expect(await told(world)).toEqual(['one: two', 'two: one']);
    await call(world, 120);
    expect(await told(world)).toEqual(['one: ', 'two: ']);
  });
});
