// What is particular to the SQLite store: its file, its neighbours in other processes, and its memory of what it wrote.
import { fork, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { Update } from '#shared/items.ts';
import { StoreUnavailable, type Store } from '#lambda/ports.ts';
import { createSqliteStore } from '#lambda/store/sqlite.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'freeway-sqlite-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const key = { pk: 'a', sk: 'b' };
const one: Update = { key, guards: [], add: { n: 1 }, set: {}, remove: [] };

describe('its file', () => {
  it('belongs to the owner, and outlives a restart', async () => {
    const path = join(folder, 'deep', 'down', 'kept.sqlite');
    const first = createSqliteStore({ path });
    await first.put(key, { n: 1 });
    for (const file of readdirSync(join(folder, 'deep', 'down')))
      expect(statSync(join(folder, 'deep', 'down', file)).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'deep')).mode & 0o777).toBe(0o700);
    await first.close();
    const second = createSqliteStore({ path });
    expect(await second.get(key)).toEqual({ n: 1 });
    await second.close();
  });

  it('that others could read is closed to them by the start', async () => {
    const path = join(folder, 'open.sqlite');
    writeFileSync(path, '', { mode: 0o644 });
    await createSqliteStore({ path }).close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('is refused when a newer version wrote it, and left as it was', () => {
    const path = join(folder, 'newer.sqlite');
    const db = new DatabaseSync(path);
    db.exec('PRAGMA user_version = 99');
    db.close();
    const before = statSync(path).size;
    expect(() => createSqliteStore({ path })).toThrow(/newer Freeway/);
    expect(statSync(path).size).toBe(before);
  });

  it('of the first layout is carried over', async () => {
    const path = join(folder, 'older.sqlite');
    const db = new DatabaseSync(path);
    db.exec(`CREATE TABLE items (pk TEXT NOT NULL, sk TEXT NOT NULL, body TEXT NOT NULL, expires_at REAL, PRIMARY KEY (pk, sk)) WITHOUT ROWID;
      INSERT INTO items VALUES ('a', 'b', '{"n":41}', NULL);
      PRAGMA user_version = 1;`);
    db.close();
    const store = createSqliteStore({ path });
    expect((await store.update(one)).item).toEqual({ n: 42 });
    expect((await store.update(one)).item).toEqual({ n: 43 });
    await store.close();
  });

  it('that was deleted or replaced while it is in use is told of: what is written still goes into the old one', async () => {
    const path = join(folder, 'gone', 'store.sqlite');
    const store = createSqliteStore({ path });
    await store.ping();
    rmSync(join(folder, 'gone'), { recursive: true });
    await expect(store.ping()).rejects.toThrow(/store\.sqlite was deleted or replaced.*[Rr]estart/);
    const next = createSqliteStore({ path });
    await next.ping();
    await expect(store.ping()).rejects.toThrow(StoreUnavailable);
    await next.close();
    await store.close();
  });

  it('that has no room to grow is tidied up, which makes some: what was written since the last time is moved to its place', () => {
    const worker = fileURLToPath(new URL('full-worker.ts', import.meta.url));
    // Blocks of 512 bytes: 2 MB, where 5 MB are written over the same place.
    const limited = 'trap "" XFSZ; ulimit -f 4096; exec "$0" "$@"';
    const run = spawnSync('sh', ['-c', limited, process.execPath, worker, join(folder, 'full.sqlite'), '100']);
    expect(run.stderr.toString()).toBe('');
    const { failed, kept } = JSON.parse(run.stdout.toString()) as Record<string, unknown>;
    expect(kept).toBe(99);
    expect(failed).toBeGreaterThan(0);
  });

  it('has its log of writes moved into it, and the room of that given back, once nobody writes, and by whoever comes after a kill', async () => {
    const path = join(folder, 'rest.sqlite');
    const sizeOfLog = (): number => statSync(`${path}-wal`).size;
    const fill = async (store: Store, text: string): Promise<void> => {
      for (let item = 0; item < 300; item++) await store.put({ pk: 'p', sk: `${item}` }, { text: text.repeat(20_000) });
    };
    const first = createSqliteStore({ path });
    await fill(first, 'a');
    expect(sizeOfLog()).toBeGreaterThan(4_200_000);
    // As if the one before had been killed: its file is still open, and its log as long.
    const second = createSqliteStore({ path, restMs: 20 });
    await expect.poll(sizeOfLog, { timeout: 10_000 }).toBe(0);
    await fill(second, 'b');
    expect(sizeOfLog()).toBeGreaterThan(4_200_000);
    await expect.poll(sizeOfLog, { timeout: 10_000 }).toBe(0);
    for (const store of [first, second]) {
      const { items } = await store.query('p');
      expect(new Set(items.map(({ item }) => String(item['text'])[0]))).toEqual(new Set(['b']));
      await store.close();
    }
  });

  it('that another process holds on to is waited for once, not by each: everything else would wait with them', async () => {
    const path = join(folder, 'held.sqlite');
    const store = createSqliteStore({ path, busyMs: 1_000 });
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const startedAtMs = performance.now();
    for (let i = 0; i < 20; i++) await expect(store.put(key, { n: i })).rejects.toThrow(/locked/);
    // Twenty seconds, if each had waited.
    expect(performance.now() - startedAtMs).toBeLessThan(10_000);
    expect(await store.get(key)).toBeNull();
    other.exec('ROLLBACK');
    await store.put(key, { n: 20 });
    expect(await store.get(key)).toEqual({ n: 20 });
    other.close();
    await store.close();
  });

  it('is waited for as long as before once the other process has let go of it for a while', async () => {
    const path = join(folder, 'held-again.sqlite');
    const store = createSqliteStore({ path, busyMs: 300 });
    const other = new DatabaseSync(path);
    const wait = async (): Promise<number> => {
      const startedAtMs = process.hrtime.bigint();
      other.exec('BEGIN IMMEDIATE');
      await expect(store.put(key, { n: 1 })).rejects.toThrow(/locked/);
      other.exec('ROLLBACK');
      return Number((process.hrtime.bigint() - startedAtMs) / 1_000_000n);
    };
    expect(await wait()).toBeGreaterThanOrEqual(290);
    const laterMs = performance.now() + 5_001;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => laterMs);
    expect(await wait()).toBeGreaterThanOrEqual(290);
    clock.mockRestore();
    other.close();
    await store.close();
  });

  it('that is none is told, and so is a place without room for one', () => {
    const text = join(folder, 'text.sqlite');
    writeFileSync(text, 'this is not a database, but it is long enough to look like one'.repeat(100));
    expect(() => createSqliteStore({ path: text })).toThrow(StoreUnavailable);
    expect(() => createSqliteStore({ path: text })).toThrow(/text\.sqlite: .* is damaged.* backup/);
    expect(() => createSqliteStore({ path: join(text, 'below-a-file.sqlite') })).toThrow(StoreUnavailable);
    mkdirSync(join(folder, 'taken.sqlite'));
    expect(() => createSqliteStore({ path: join(folder, 'taken.sqlite') })).toThrow(StoreUnavailable);
    const others = join(folder, 'others.sqlite');
    const db = new DatabaseSync(others);
    db.exec('CREATE TABLE items (id INTEGER PRIMARY KEY)');
    db.close();
    expect(() => createSqliteStore({ path: others })).toThrow(/others\.sqlite: .*none of Freeway's/);
  });

  it('hides nothing behind items in it that are damaged, which are told once and can be written anew', async () => {
    const path = join(folder, 'damaged.sqlite');
    const told: string[] = [];
    const store = createSqliteStore({ path, onDamaged: ({ sk }) => told.push(sk) });
    const damages = ['{"n":1', '', '[1]', 'null', '"text"', '7'];
    const keys = ['!', ...damages.map((_, index) => `${index}`), '~'].map((sk) => ({ pk: 'p', sk }));
    for (const one of keys) await store.put(one, { n: 1 });
    const db = new DatabaseSync(path);
    const damage = db.prepare('UPDATE items SET body = ?, version = version + 1 WHERE pk = ? AND sk = ?');
    for (const [index, body] of damages.entries()) damage.run(body, 'p', `${index}`);
    db.close();
    const expected = [{ n: 1 }, ...damages.map(() => ({})), { n: 1 }];
    for (let time = 0; time < 2; time++) {
      const { items } = await store.query('p');
      expect(items.map(({ item }) => item)).toEqual(expected);
      expect(await store.batchGet(keys)).toEqual(expected);
    }
    expect(told).toEqual(damages.map((_, index) => `${index}`));
    const updates = keys.map((at) => store.update({ ...one, key: at }));
    expect((await Promise.all(updates)).map(({ item }) => item?.['n'])).toEqual([2, 1, 1, 1, 1, 1, 1, 2]);
    await store.delete(keys[1] ?? key);
    expect((await store.query('p')).items).toHaveLength(keys.length - 1);
    await store.close();
  });

  it('does not grow with items that have expired', async () => {
    const path = join(folder, 'swept.sqlite');
    let nowMs = 0;
    const store = createSqliteStore({ path, now: () => nowMs });
    await store.put({ pk: 'q', sk: 'last' }, { n: 1 }, 2_001);
    await store.put({ pk: 'q', sk: 'never' }, { n: 1 });
    for (; nowMs < 2_000; nowMs++) await store.put({ pk: 'p', sk: `${nowMs}` }, { n: 1 }, nowMs + 10);
    expect((await store.query('q')).items.map(({ key: { sk } }) => sk)).toEqual(['last', 'never']);
    const db = new DatabaseSync(path);
    expect(Number(db.prepare('SELECT count(*) AS rows FROM items').get()?.['rows'])).toBeLessThan(150);
    db.close();
    await store.close();
  });
});

describe('its neighbours', () => {
  it('keep one cap among several processes that open a new file at once', async () => {
    const path = join(folder, 'shared.sqlite');
    const worker = fileURLToPath(new URL('cap-worker.ts', import.meta.url));
    const applied = await Promise.all(
      Array.from(
        { length: 4 },
        () =>
          new Promise<number>((done, fail) => {
            const child = fork(worker, [path], { execArgv: [] });
            child.on('message', (count) => done(Number(count)));
            child.on('error', fail);
            child.on('exit', (code) => code !== 0 && fail(new Error(`worker ended with ${code}`)));
          }),
      ),
    );
    expect(applied.reduce((sum, count) => sum + count, 0)).toBe(30);
  });

  it('are waited for, and told when they do not let go', async () => {
    const path = join(folder, 'busy.sqlite');
    const store = createSqliteStore({ path, busyMs: 1 });
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    await expect(store.update(one)).rejects.toThrow(StoreUnavailable);
    await expect(store.put(key, { n: 1 })).rejects.toThrow(/locked/);
    other.exec('ROLLBACK');
    other.close();
    expect((await store.update(one)).item).toEqual({ n: 1 });
    await store.close();
  });

  it('never mislead each other by what they remember', async () => {
    const at = { pk: 'x', sk: 'y' };
    const step = fc.record({
      by: fc.nat({ max: 1 }),
      act: fc.constantFrom('add', 'put', 'delete', 'wait', 'expire'),
      n: fc.nat({ max: 3 }),
    });
    let file = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const path = join(folder, `pair-${file++}.sqlite`);
        let nowMs = 0;
        const now = () => nowMs;
        const pair = [createSqliteStore({ path, now }), createSqliteStore({ path, now })];
        const model = createMemoryStore({ now });
        for (const { by, act, n } of steps) {
          const store = pair[by]!;
          const update: Update = {
            key: at,
            guards: [{ attr: 'n', is: 'atMost', value: 4, orAbsent: true }],
            add: { n },
            set: {},
            remove: [],
            ...(act === 'expire' ? { expiresAtMs: nowMs + 2 } : {}),
          };
          if (act === 'wait') nowMs += n;
          else if (act === 'put') await Promise.all([store.put(at, { n }), model.put(at, { n })]);
          else if (act === 'delete') await Promise.all([store.delete(at), model.delete(at)]);
          else expect(await store.update(update)).toEqual(await model.update(update));
          expect(await store.get(at)).toEqual(await model.get(at));
        }
        await Promise.all(pair.map((store) => store.close()));
      }),
      { numRuns: 25, seed: 1 },
    );
  });
});

describe('faults', () => {
  it('of a store that has been closed are told as such', async () => {
    const store = createSqliteStore({ path: join(folder, 'closed.sqlite') });
    await store.close();
    await expect(store.get(key)).rejects.toThrow(StoreUnavailable);
    await expect(store.update(one)).rejects.toThrow(/closed/);
    await expect(store.ping()).rejects.toThrow(StoreUnavailable);
  });

  it('of ours do not pass for an outage', async () => {
    const store = createSqliteStore({ path: join(folder, 'ours.sqlite') });
    await expect(store.query('a', { limit: 0.5 })).rejects.not.toBeInstanceOf(StoreUnavailable);
    await store.close();
  });
});

describe('updates that come together', () => {
  const capped: Update = { ...one, guards: [{ attr: 'n', is: 'below', value: 3, orAbsent: true }] };
  const patient: Update = { ...one, add: { late: 1 }, patient: true };

  it('are judged one after another, also when another process has written meanwhile', async () => {
    const path = join(folder, 'together.sqlite');
    const [ours, theirs] = [createSqliteStore({ path }), createSqliteStore({ path })];
    await ours.update(capped);
    await theirs.update(capped);
    const results = await Promise.all([
      ours.update(capped),
      ours.update(capped),
      ours.update({ ...one, key: { pk: 'a', sk: 'c' } }),
    ]);
    expect(results.map(({ applied }) => applied)).toEqual([true, false, true]);
    expect(await theirs.get(key)).toEqual({ n: 3 });
    await Promise.all([ours.close(), theirs.close()]);
  });

  it('that nobody waits for go with the next of their item, and are seen by whatever is read', async () => {
    const store = createSqliteStore({ path: join(folder, 'patient.sqlite') });
    const [late, now] = await Promise.all([store.update(patient), store.update(one)]);
    expect([late.item, now.item]).toEqual([{ late: 1 }, { late: 1, n: 1 }]);
    const again = store.update(patient);
    expect(await store.get(key)).toEqual({ late: 2, n: 1 });
    expect((await again).applied).toBe(true);
    // Each counts once.
    await store.put({ pk: 'a', sk: 'other' }, { n: 1 });
    expect(await store.get(key)).toEqual({ late: 2, n: 1 });
    await store.close();
  });

  it('that nobody waits for are written without others, too', async () => {
    const path = join(folder, 'alone.sqlite');
    const [store, other] = [createSqliteStore({ path }), createSqliteStore({ path })];
    expect((await store.update(patient)).item).toEqual({ late: 1 });
    expect(await other.get(key)).toEqual({ late: 1 });
    await Promise.all([store.close(), other.close()]);
  });

  it('are all told when the file can not be written, and none of them is', async () => {
    const path = join(folder, 'told.sqlite');
    const store = createSqliteStore({ path, busyMs: 1 });
    await store.update(one);
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const elsewhere: Update = { ...one, key: { pk: 'a', sk: 'c' } };
    const told = await Promise.allSettled([one, one, elsewhere, elsewhere].map((wanted) => store.update(wanted)));
    expect(told.map(({ status }) => status)).toEqual(Array(4).fill('rejected'));
    other.exec('ROLLBACK');
    other.close();
    expect((await Promise.all([store.update(one), store.update(elsewhere)])).map(({ item }) => item)).toEqual([
      { n: 2 },
      { n: 1 },
    ]);
    await store.close();
  });

  it('are written before the store is closed, and refused after it', async () => {
    const path = join(folder, 'closing.sqlite');
    const store = createSqliteStore({ path });
    const last = store.update(patient);
    await store.close();
    expect((await last).applied).toBe(true);
    await expect(store.update(one)).rejects.toThrow(StoreUnavailable);
    const next = createSqliteStore({ path });
    expect(await next.get(key)).toEqual({ late: 1 });
    await next.close();
  });
});
