// Provider credentials in the store: who sees a change when, of two changes at once only one, and what is deleted can be brought back for a week.
import { beforeEach, describe, expect, it } from 'vitest';
import type { StoredCredential } from '#shared/stored-credential.ts';
import { StoreUnavailable, type CredentialBook, type Store } from '#lambda/ports.ts';
import { createCredentialBook } from '#lambda/store/credentials.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { createLaggingStore } from '../fakes/lagging-store.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';

const DAY_MS = 86_400_000;

const toCredential = (id: string, some: Partial<StoredCredential> = {}): StoredCredential => ({
  id,
  ownerId: 'ann',
  owner: 'Ann',
  provider: 'a',
  name: id,
  enabled: true,
  plan: 'free',
  baseUrl: null,
  fields: {},
  secrets: [],
  fingerprint: id,
  sharing: 'private',
  priority: 0,
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
  sealed: 'sealed',
  version: 0,
  ...some,
});

let clock: FakeClock;
let store: Store;
beforeEach(() => {
  clock = createFakeClock(Date.parse('2026-11-22T12:00:00Z'));
  store = createMemoryStore(clock);
});
const open = (over: Partial<Store> = {}): CredentialBook => createCredentialBook({ ...store, ...over }, clock.now);
const idsOf = async (book: CredentialBook): Promise<string[]> => (await book.snapshot()).all.map(({ id }) => id);
const settle = (): Promise<void> => new Promise((done) => setImmediate(done));

describe('a change', () => {
  it('is seen here at once, and elsewhere by the request after the one that comes five seconds later', async () => {
    const [here, there] = [open(), open()];
    expect([await idsOf(here), await idsOf(there)]).toEqual([[], []]);
    expect(await here.write(toCredential('x'), null)).toBe(true);
    expect(await idsOf(here)).toEqual(['x']);
    await clock.advance(5_000);
    expect(await idsOf(there)).toEqual([]);
    await clock.advance(1);
    // At once with what is known, and looked at beside it.
    expect(there.snapshot()).not.toBeInstanceOf(Promise);
    await settle();
    expect(await idsOf(there)).toEqual(['x']);
  });

  it('is waited for by whoever has not looked for more than a minute', async () => {
    const [here, there] = [open(), open()];
    await idsOf(there);
    await here.write(toCredential('x'), null);
    await clock.advance(60_001);
    expect(await idsOf(there)).toEqual(['x']);
  });

  it('is seen here at once also where a look had begun before it', async () => {
    const waiting: (() => void)[] = [];
    let holds = false;
    const get: Store['get'] = async (key, fresh) => {
      const item = await store.get(key, fresh);
      if (holds) await new Promise<void>((done) => waiting.push(done));
      return item;
    };
    const book = open({ get });
    await idsOf(book);
    await clock.advance(5_001);
    holds = true;
    void book.snapshot();
    await settle();
    expect(waiting).toHaveLength(1);
    holds = false;
    await book.write(toCredential('x'), null);
    waiting[0]?.();
    await settle();
    expect(await idsOf(book)).toEqual(['x']);
  });

  it('is seen by all where the store is distributed, and a replica behind', async () => {
    const lagging = createLaggingStore(clock);
    const [here, there] = [createCredentialBook(lagging, clock.now), createCredentialBook(lagging, clock.now)];
    await idsOf(there);
    await here.write(toCredential('x'), null);
    expect(await idsOf(here)).toEqual(['x']);
    await clock.advance(60_001);
    expect(await idsOf(there)).toEqual(['x']);
    await lagging.catchUp();
    await here.write(toCredential('x', { enabled: false }), 1);
    await clock.advance(60_001);
    expect((await there.snapshot()).all.map(({ enabled }) => enabled)).toEqual([false]);
  });

  it('of two over the same version is one, and of two new ones with one id', async () => {
    const [here, there] = [open(), open()];
    const write = (over: number | null): Promise<boolean[]> =>
      Promise.all(
        ['here', 'there'].map((name, index) => [here, there][index]!.write(toCredential('x', { name }), over)),
      );
    expect(await write(null)).toEqual([true, false]);
    expect(await write(1)).toEqual([true, false]);
    expect((await open().snapshot()).all).toMatchObject([{ name: 'here', version: 2 }]);
    expect(await there.write(toCredential('x', { name: 'there' }), 2)).toBe(true);
  });

  it('that takes the secrets away leaves none behind', async () => {
    const book = open();
    await book.write(toCredential('x'), null);
    expect((await book.snapshot()).all).toMatchObject([{ sealed: 'sealed' }]);
    await book.write(toCredential('x', { sealed: null }), 1);
    expect((await book.snapshot()).all).toMatchObject([{ sealed: null }]);
    expect(JSON.stringify((await store.query('credentials')).items)).not.toContain('sealed');
  });
});

describe('all of them', () => {
  it('are read, however many there are', async () => {
    const book = open();
    for (let index = 0; index < 1_001; index++) await book.write(toCredential(`${index}`), null);
    expect(new Set(await idsOf(book)).size).toBe(1_001);
  });

  it('go on being used while the store is away, and are not taken for none by whoever never read them', async () => {
    let away = false;
    const get: Store['get'] = (key) => (away ? Promise.reject(new StoreUnavailable('away')) : store.get(key));
    const [known, unknown] = [open({ get }), open({ get })];
    await known.write(toCredential('x'), null);
    expect(await idsOf(known)).toEqual(['x']);
    away = true;
    await clock.advance(90_000);
    expect(await idsOf(known)).toEqual(['x']);
    await expect((async () => unknown.snapshot())()).rejects.toThrow(StoreUnavailable);
  });

  it('are kept until they are deleted, and then for a week in which they can be brought back', async () => {
    const book = open();
    const atMs = clock.now();
    for (const id of ['kept', 'gone', 'back']) await book.write(toCredential(id), null);
    for (const id of ['gone', 'back']) await book.write(toCredential(id, { deletedAtMs: atMs }), 1);
    await clock.advance(7 * DAY_MS - 1);
    expect((await idsOf(open())).toSorted()).toEqual(['back', 'gone', 'kept']);
    await book.write(toCredential('back'), 2);
    await clock.advance(1);
    expect((await idsOf(open())).toSorted()).toEqual(['back', 'kept']);
    await clock.advance(4_000 * DAY_MS);
    expect((await idsOf(open())).toSorted()).toEqual(['back', 'kept']);
  });
});
