import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { providers } from '#catalog/index.ts';
import type { Provider } from '#shared/catalog.ts';
import type { StoredCredential } from '#shared/stored-credential.ts';
import { createFleet } from '#lambda/gateway/fleet.ts';
import { createFleets } from '#lambda/gateway/fleets.ts';
import { toEntries, toHeldBack } from '#lambda/gateway/pooling.ts';
import type { Locked } from '#lambda/gateway/locks.ts';
import type { CredentialSnapshot, Vault } from '#lambda/ports.ts';

const NOW = 1_000_000;
const vault = { openNow: (owner: string, identity: string) => JSON.stringify({ apiKey: `${owner}/${identity}` }) };

function stored(id: string, ownerId: string, more: Partial<StoredCredential> = {}): StoredCredential {
  return {
    id,
    ownerId,
    owner: ownerId,
    provider: 'groq',
    name: id,
    enabled: true,
    plan: null,
    baseUrl: null,
    fields: {},
    secrets: [],
    fingerprint: `print-${id}`,
    sharing: 'private',
    priority: 100,
    weight: 1,
    account: null,
    allowedModels: null,
    models: [],
    pools: [],
    trainsOnPrompts: null,
    regions: null,
    retentionDays: null,
    expiresAtMs: null,
    overrideTerms: null,
    lastTest: null,
    createdAtMs: 0,
    changedAtMs: 0,
    deletedAtMs: null,
    sealed: 'v1.x',
    version: 1,
    ...more,
  };
}

const environment = [{ provider: 'groq', name: 'env', apiKey: 'k', enabled: true, priority: 100, weight: 1 }];
const entriesFor = (personId: string, all: readonly StoredCredential[], catalog: readonly Provider[] = providers) =>
  toEntries({ personId, stored: all, environment, providers: catalog, vault, allowPrivate: false, nowMs: NOW });

describe('pooling', () => {
  it('puts own before shared before environment, and only that', () => {
    const all = [
      stored('b1', 'bob', { sharing: 'all' }),
      stored('a1', 'ann'),
      stored('b2', 'bob'),
      stored('c1', 'cat', { sharing: ['ann'] }),
    ];
    const entries = entriesFor('ann', all);
    expect(entries.map(({ name, priority }) => [name, priority])).toEqual([
      ['a1', 100], ['b1', 100.25], ['c1', 100.25], ['env', 100.5],
    ]); // prettier-ignore
    expect(entriesFor('dan', all).map(({ name }) => name)).toEqual(['b1', 'env']);
  });

  it('leaves out what is off, deleted, expired, or of a provider that is gone', () => {
    const all = [
      stored('off', 'ann', { enabled: false }),
      stored('deleted', 'ann', { deletedAtMs: 1 }),
      stored('expired', 'ann', { expiresAtMs: NOW }),
      stored('gone', 'ann', { provider: 'no-such-provider' }),
      stored('on', 'ann', { expiresAtMs: NOW + 1 }),
    ];
    expect(entriesFor('ann', all).map(({ name }) => name)).toEqual(['on', 'env']);
  });

  it('holds a shared credential back whose terms forbid serving others, until its owner says why it may', () => {
    const strict = providers.map((provider) => ({
      ...provider,
      terms: { ...provider.terms, serveOthers: false as const },
    }));
    const shared = stored('a1', 'ann', { sharing: 'all' });
    expect(entriesFor('bob', [shared], strict).map(({ name }) => name)).toEqual(['env']);
    expect(entriesFor('ann', [shared], strict).map(({ name }) => name)).toEqual(['a1', 'env']);
    expect(
      toHeldBack(
        shared,
        strict.find(({ id }) => id === 'groq'),
      ),
    ).toContain('do not allow a key to serve others');
    const overridden = { ...shared, overrideTerms: 'We are one household.' };
    expect(entriesFor('bob', [overridden], strict).map(({ name }) => name)).toEqual(['a1', 'env']);
  });

  it('opens a secret only when a call needs it, and lets calls reach public addresses only', () => {
    const [entry] = entriesFor('ann', [stored('a1', 'ann', { account: 'main' })]);
    expect(entry).toMatchObject({ publicOnly: true, account: 'ann#main' });
    expect(JSON.stringify(entry)).not.toContain('credential#ann#a1');
    expect(entry?.sealed?.open()).toEqual({ apiKey: 'ann/credential#ann#a1' });
  });

  it("never hands anybody another's private credential, whatever is given", () => {
    const people = ['p0', 'p1', 'p2', 'p3', 'p4'];
    const person = fc.constantFrom(...people);
    const sharing = fc.oneof(fc.constant('private' as const), fc.constant('all' as const), fc.uniqueArray(person));
    const one = fc.record({ owner: person, sharing, enabled: fc.boolean(), deleted: fc.boolean() });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 20 }), person, (drafts, asking) => {
        const all = drafts.map((draft, index) =>
          stored(`c${index}`, draft.owner, {
            sharing: draft.sharing,
            enabled: draft.enabled,
            deletedAtMs: draft.deleted ? 1 : null,
          }),
        );
        const used = entriesFor(asking, all).filter(({ sealed }) => sealed !== undefined);
        for (const { name } of used) {
          const credential = all.find(({ id }) => id === name);
          const mine = credential?.ownerId === asking;
          const given =
            credential?.sharing === 'all' ||
            (Array.isArray(credential?.sharing) && credential.sharing.includes(asking));
          expect(mine || given).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('fleets', () => {
  function open(all: StoredCredential[]) {
    let snapshot: CredentialSnapshot = { all, count: 1 };
    let locked: Locked = new Map();
    let nowMs = NOW;
    const made: string[][] = [];
    const looked: string[][] = [];
    const fleets = createFleets({
      book: { snapshot: () => snapshot, write: () => Promise.resolve(true) },
      vault: vault as unknown as Vault,
      look: (credentials) => {
        looked.push(credentials.map(({ id }) => id));
        return Promise.resolve(locked);
      },
      providers: () => providers,
      environment: () => environment,
      allowPrivate: false,
      open: (entries) => {
        const names = entries.map(({ name, locked: lock }) => `${name}${lock === undefined ? '' : ` ${lock}`}`);
        made.push(names);
        return { names };
      },
      now: () => nowMs,
    });
    return {
      fleets,
      made,
      looked,
      lock: (...ids: string[]) => (locked = new Map(ids.map((id) => [id, 'lost' as const]))),
      change: (next: StoredCredential[]) => (snapshot = { all: next, count: snapshot.count + 1 }),
      wait: (ms: number) => (nowMs += ms),
    };
  }

  it('are made once, and answered at once from then on', async () => {
    const { fleets, made, looked } = open([stored('a1', 'ann'), stored('b1', 'bob')]);
    const first = await fleets.servicesFor('ann');
    expect(fleets.servicesFor('ann')).toBe(first);
    expect(await fleets.servicesFor('bob')).toEqual({ names: ['b1', 'env'] });
    expect(made).toEqual([
      ['a1', 'env'],
      ['b1', 'env'],
    ]);
    expect(looked).toEqual([['a1'], ['b1']]);
  });

  it('know what can’t be opened, which comes last, and look again soon', async () => {
    const { fleets, lock, looked, wait } = open([stored('a1', 'ann', { sharing: 'all' }), stored('b1', 'bob')]);
    lock('b1');
    const first = await fleets.servicesFor('bob');
    expect(first).toEqual({ names: ['a1', 'env', 'b1 lost'] });
    expect(fleets.servicesFor('bob')).toBe(first);
    wait(5_000);
    expect(await fleets.servicesFor('bob')).toBe(first);
    lock();
    wait(5_000);
    expect(await fleets.servicesFor('bob')).toEqual({ names: ['b1', 'a1', 'env'] });
    wait(5_000);
    expect(looked).toHaveLength(3);
    await fleets.servicesFor('bob');
    expect(looked).toHaveLength(3);
  });

  it('are made anew when what serves the person has changed, and not when something else has', async () => {
    const a1 = stored('a1', 'ann');
    const { fleets, made, change, wait } = open([a1]);
    const first = await fleets.servicesFor('ann');
    change([a1, stored('b1', 'bob')]);
    expect(await fleets.servicesFor('ann')).toBe(first);
    change([{ ...a1, version: 2 }, stored('b1', 'bob')]);
    expect(await fleets.servicesFor('ann')).not.toBe(first);
    change([{ ...a1, enabled: false, version: 3 }]);
    expect(await fleets.servicesFor('ann')).toEqual({ names: ['env'] });
    change([stored('a2', 'ann', { expiresAtMs: NOW + 50 })]);
    expect(await fleets.servicesFor('ann')).toEqual({ names: ['a2', 'env'] });
    wait(50);
    expect(await fleets.servicesFor('ann')).toEqual({ names: ['env'] });
    expect(made).toHaveLength(5);
    fleets.renew();
    await fleets.servicesFor('ann');
    expect(made).toHaveLength(6);
  });
});

describe('one key in several entries', () => {
  const entry = (name: string, ids: readonly string[], more: object = {}) => ({
    provider: 'openai-compatible',
    baseUrl: 'http://one.test/v1',
    apiKey: 'k',
    name,
    enabled: true,
    priority: 100,
    weight: 1,
    tier: 'free' as const,
    models: ids.map((id) => ({ id })),
    ...more,
  });
  const tell = (...entries: ReturnType<typeof entry>[]): string[] =>
    createFleet({ entries, providers, serves: () => true }).candidates.map(
      ({ credential, modelId, tier }) => `${credential}/${modelId} ${tier}`,
    );

  it('is one credential, as it was given first', () => {
    expect(tell(entry('a', ['m1']), entry('b', ['m1'], { tier: 'paid' }))).toEqual(['a/m1 free']);
  });

  it('loses no model that only a later entry lists', () => {
    const all = [entry('a', ['m1']), entry('b', ['m1', 'm2'], { tier: 'paid' }), entry('c', ['m2', 'm3'])];
    expect(tell(...all)).toEqual(['a/m1 free', 'b/m2 paid', 'c/m3 free']);
    const { candidates } = createFleet({ entries: all, providers, serves: () => true });
    expect(new Set(candidates.map(({ credentialId }) => credentialId)).size).toBe(3);
    const again = createFleet({ entries: all, providers, serves: () => true }).candidates;
    expect(again.map(({ book }) => book)).toEqual(candidates.map(({ book }) => book));
  });

  it('serves what the first was not allowed to', () => {
    const allowed = { provider: 'groq', baseUrl: undefined, allowedModels: ['openai/gpt-oss-20b'] };
    const later = { provider: 'groq', baseUrl: undefined, allowedModels: ['openai/gpt-oss-120b'] };
    expect(tell(entry('a', [], allowed), entry('b', ['openai/gpt-oss-120b'], later))).toEqual([
      'a/openai/gpt-oss-20b free',
      'b/openai/gpt-oss-120b free',
    ]);
  });
});
