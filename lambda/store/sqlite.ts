// The embedded store: one SQLite file that several processes may share, opened by Node itself.
import { chmodSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { applyUpdate, type Item, type ItemKey, type Update, type UpdateResult } from '#shared/items.ts';
import { StoreUnavailable, type QueryPage, type Store } from '../ports.ts';

/** Version of the file's layout, kept in the file. */
const LAYOUT = 1;
/** Expired items are swept after this many writes, some at a time. */
const SWEEP_EVERY = 500;
const SWEEP_ROWS = 200;

export interface SqliteOptions {
  /** Path of the database file; its folder is made when missing, readable by the owner only. */
  readonly path: string;
  readonly now?: () => number;
}

interface Statements {
  readonly get: StatementSync;
  readonly put: StatementSync;
  readonly replace: StatementSync;
  readonly remove: StatementSync;
  readonly sweep: StatementSync;
  readonly up: StatementSync;
  readonly down: StatementSync;
}

function open(path: string): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const db = new DatabaseSync(path);
  db.exec('PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
  chmodSync(path, 0o600);
  const found = Number(db.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (found > LAYOUT) {
    db.close();
    throw new StoreUnavailable(
      `The store file ${path} was written by a newer Freeway (layout ${found}, this one knows ${LAYOUT}). Update Freeway, or set FREEWAY_DATA to another folder.`,
    );
  }
  db.exec(`CREATE TABLE IF NOT EXISTS items (pk TEXT NOT NULL, sk TEXT NOT NULL, body TEXT NOT NULL, expires_at REAL, version INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (pk, sk)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS items_expiry ON items (expires_at) WHERE expires_at IS NOT NULL;
    PRAGMA user_version = ${LAYOUT};`);
  return db;
}

function prepare(db: DatabaseSync): Statements {
  const live = '(expires_at IS NULL OR expires_at > :now)';
  const page = (order: string, beyond: string): StatementSync =>
    db.prepare(
      `SELECT sk, body FROM items WHERE pk = :pk AND substr(sk, 1, length(:prefix)) = :prefix AND (:after IS NULL OR sk ${beyond} :after) AND ${live} ORDER BY sk ${order} LIMIT :limit`,
    );
  return {
    get: db.prepare(`SELECT body, version, expires_at FROM items WHERE pk = :pk AND sk = :sk AND ${live}`),
    put: db.prepare(
      'INSERT INTO items (pk, sk, body, expires_at, version) VALUES (:pk, :sk, :body, :expires, :version) ON CONFLICT (pk, sk) DO UPDATE SET body = excluded.body, expires_at = excluded.expires_at, version = excluded.version',
    ),
    replace: db.prepare(
      'UPDATE items SET body = :body, expires_at = :expires, version = :version WHERE pk = :pk AND sk = :sk AND version = :before',
    ),
    remove: db.prepare('DELETE FROM items WHERE pk = :pk AND sk = :sk'),
    sweep: db.prepare(
      'DELETE FROM items WHERE (pk, sk) IN (SELECT pk, sk FROM items WHERE expires_at IS NOT NULL AND expires_at <= :now LIMIT :limit)',
    ),
    up: page('ASC', '>'),
    down: page('DESC', '<'),
  };
}

const parse = (row: Record<string, unknown> | undefined): Item | null =>
  row === undefined ? null : (JSON.parse(String(row['body'])) as Item);

/** Runs one act, telling a file that can't be used from a fault of ours. */
function guarded<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof StoreUnavailable || !(error instanceof Error) || !('errcode' in error)) throw error;
    throw new StoreUnavailable(
      `SQLite can't use the store file: ${error.message}. Check disk space, permissions and other processes that hold the file.`,
    );
  }
}

/** What this process last saw of an item. `version` is a number drawn anew for every write, so that an equal one means an equal item. */
interface Seen {
  readonly item: Item;
  readonly version: number;
  readonly expiresAtMs: number | null;
}

/** Items remembered at most. */
const MEMORY = 4_096;

interface Desk {
  readonly db: DatabaseSync;
  readonly statements: Statements;
  readonly now: () => number;
  readonly seen: Map<string, Seen>;
  writes: number;
}

const newVersion = (): number => Math.floor(Math.random() * Number.MAX_SAFE_INTEGER);
const nameOf = ({ pk, sk }: ItemKey): string => `${pk}\n${sk}`;

function remember({ seen }: Desk, key: ItemKey, state: Seen): void {
  if (seen.size >= MEMORY) seen.clear();
  seen.set(nameOf(key), state);
}

function readSeen(desk: Desk, { pk, sk }: ItemKey): Seen | null {
  const row = desk.statements.get.get({ pk, sk, now: desk.now() });
  const item = parse(row);
  if (item === null) return null;
  const expires = row?.['expires_at'];
  return { item, version: Number(row?.['version']), expiresAtMs: typeof expires === 'number' ? expires : null };
}

function write(desk: Desk, key: ItemKey, { item, version, expiresAtMs }: Seen): void {
  desk.statements.put.run({ ...key, body: JSON.stringify(item), expires: expiresAtMs, version });
  if (++desk.writes % SWEEP_EVERY === 0) desk.statements.sweep.run({ now: desk.now(), limit: SWEEP_ROWS });
}

/** The item after an update. One that had expired begins anew, without its old expiry. */
const toNext = (item: Item, before: Seen | null, wanted: Update): Seen => ({
  item,
  version: newVersion(),
  expiresAtMs: wanted.expiresAtMs ?? before?.expiresAtMs ?? null,
});

/** Judges on what is remembered and writes only if that still stands: one statement. null: it has to be looked at anew. */
function updateSeen(desk: Desk, wanted: Update): UpdateResult | null {
  const before = desk.seen.get(nameOf(wanted.key));
  if (before === undefined || (before.expiresAtMs !== null && before.expiresAtMs <= desk.now())) return null;
  const result = applyUpdate(before.item, wanted);
  if (!result.applied) return null;
  const next = toNext(result.item, before, wanted);
  const { changes } = desk.statements.replace.run({
    ...wanted.key,
    body: JSON.stringify(next.item),
    expires: next.expiresAtMs,
    version: next.version,
    before: before.version,
  });
  if (changes !== 1) return null;
  remember(desk, wanted.key, next);
  return result;
}

/** Reads, judges and writes in one transaction that keeps other processes out. */
function updateAnew(desk: Desk, wanted: Update): UpdateResult {
  desk.db.exec('BEGIN IMMEDIATE');
  try {
    const before = readSeen(desk, wanted.key);
    const result = applyUpdate(before?.item ?? null, wanted);
    const state = result.applied ? toNext(result.item, before, wanted) : before;
    if (result.applied && state !== null) write(desk, wanted.key, state);
    desk.db.exec('COMMIT');
    if (state === null) desk.seen.delete(nameOf(wanted.key));
    else remember(desk, wanted.key, state);
    return result;
  } catch (error) {
    desk.db.exec('ROLLBACK');
    throw error;
  }
}

function query(
  { statements, now }: Desk,
  pk: string,
  { prefix = '', limit = 1000, after, descending = false }: NonNullable<Parameters<Store['query']>[1]>,
): QueryPage {
  const statement = descending ? statements.down : statements.up;
  const rows = statement.all({ pk, prefix, after: after ?? null, limit: limit + 1, now: now() });
  const items = rows.slice(0, limit).map((row) => ({ key: { pk, sk: String(row['sk']) }, item: parse(row) ?? {} }));
  return { items, next: rows.length > limit ? (items.at(-1)?.key.sk ?? null) : null };
}

/** Opens the store. Throws StoreUnavailable when the file can't be used. */
export function createSqliteStore({ path, now = Date.now }: SqliteOptions): Store {
  const db = guarded(() => open(path));
  const desk: Desk = { db, statements: guarded(() => prepare(db)), now, seen: new Map(), writes: 0 };
  const { statements } = desk;
  return {
    kind: 'sqlite',
    get: async (key) => guarded(() => readSeen(desk, key)?.item ?? null),
    batchGet: async (keys) => guarded(() => keys.map((key) => readSeen(desk, key)?.item ?? null)),
    put: async (key, item, expiresAtMs) =>
      guarded(() => write(desk, key, { item, version: newVersion(), expiresAtMs: expiresAtMs ?? null })),
    update: async (wanted) => guarded(() => updateSeen(desk, wanted) ?? updateAnew(desk, wanted)),
    delete: async ({ pk, sk }) => {
      guarded(() => statements.remove.run({ pk, sk }));
    },
    query: async (pk, options = {}) => guarded(() => query(desk, pk, options)),
    ping: async () => {
      guarded(() => statements.get.get({ pk: '', sk: '', now: 0 }));
    },
    close: async () => db.close(),
  };
}
