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
  db.exec(`CREATE TABLE IF NOT EXISTS items (pk TEXT NOT NULL, sk TEXT NOT NULL, body TEXT NOT NULL, expires_at REAL, PRIMARY KEY (pk, sk)) WITHOUT ROWID;
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
    get: db.prepare(`SELECT body FROM items WHERE pk = :pk AND sk = :sk AND ${live}`),
    put: db.prepare(
      'INSERT INTO items (pk, sk, body, expires_at) VALUES (:pk, :sk, :body, :expires) ON CONFLICT (pk, sk) DO UPDATE SET body = excluded.body, expires_at = CASE WHEN :keep THEN items.expires_at ELSE excluded.expires_at END',
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

/** Opens the store. Throws StoreUnavailable when the file can't be used. */
export function createSqliteStore({ path, now = Date.now }: SqliteOptions): Store {
  const db = guarded(() => open(path));
  const statements = guarded(() => prepare(db));
  let writes = 0;
  const read = ({ pk, sk }: ItemKey): Item | null => parse(statements.get.get({ pk, sk, now: now() }));
  const write = ({ pk, sk }: ItemKey, item: Item, expiry: { at: number | null; keep: boolean }): void => {
    statements.put.run({ pk, sk, body: JSON.stringify(item), expires: expiry.at, keep: expiry.keep ? 1 : 0 });
    if (++writes % SWEEP_EVERY === 0) statements.sweep.run({ now: now(), limit: SWEEP_ROWS });
  };
  const update = (wanted: Update): UpdateResult => {
    db.exec('BEGIN IMMEDIATE');
    try {
      const before = read(wanted.key);
      const result = applyUpdate(before, wanted);
      // An item that had expired begins anew, without its old expiry.
      const keep = wanted.expiresAtMs === undefined && before !== null;
      if (result.applied) write(wanted.key, result.item, { at: wanted.expiresAtMs ?? null, keep });
      db.exec('COMMIT');
      return result;
    } catch (error) {
      db.exec('ROLLBACK');
      throw error;
    }
  };
  const query = (
    pk: string,
    { prefix = '', limit = 1000, after, descending = false }: Parameters<Store['query']>[1] = {},
  ): QueryPage => {
    const statement = descending ? statements.down : statements.up;
    const rows = statement.all({ pk, prefix, after: after ?? null, limit: limit + 1, now: now() });
    const items = rows.slice(0, limit).map((row) => ({ key: { pk, sk: String(row['sk']) }, item: parse(row) ?? {} }));
    return { items, next: rows.length > limit ? (items.at(-1)?.key.sk ?? null) : null };
  };
  return {
    kind: 'sqlite',
    get: async (key) => guarded(() => read(key)),
    batchGet: async (keys) => guarded(() => keys.map(read)),
    put: async (key, item, expiresAtMs) => guarded(() => write(key, item, { at: expiresAtMs ?? null, keep: false })),
    update: async (wanted) => guarded(() => update(wanted)),
    delete: async ({ pk, sk }) => {
      guarded(() => statements.remove.run({ pk, sk }));
    },
    query: async (pk, options) => guarded(() => query(pk, options)),
    ping: async () => {
      guarded(() => statements.get.get({ pk: '', sk: '', now: 0 }));
    },
    close: async () => db.close(),
  };
}
