// The embedded store: one SQLite file that several processes may share, opened by Node itself.
import { chmodSync, closeSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { parseWritten } from '#shared/careful.ts';
import type { Item, ItemKey } from '#shared/items.ts';
import { StoreUnavailable, type QueryPage, type Store } from '../ports.ts';
import { checkItem, checkUpdate } from './attributes.ts';
import { makeFolder } from './new-file.ts';
import { createGuard, toCode } from './sqlite-faults.ts';
import { createWriteLog } from './sqlite-log.ts';
import { createUpdates, type Seen, type UpdateStatements } from './sqlite-updates.ts';

/** Version of the file's layout, kept in the file. The first had no versions of items. */
const LAYOUT = 2;
/** How long a start waits for other processes that hold the file, such as one that brings it to a new layout. */
const OPENING_MS = 5_000;
/**
 * How long an operation waits for them: everything else waits with it. While somebody holds the file for longer than that, operations hardly
 * wait at all, until it has gone well for a while.
 */
const BUSY_MS = 2_000;
const HELD_MS = 20;
const HELD_FOR_MS = 5_000;
/** SQLite's result code for it. */
const BUSY = 5;
/** Sorts after every character that keys are made of. */
const LAST = '\u{10ffff}';

export interface SqliteOptions {
  /** Path of the database file; its folder is made when missing, readable by the owner only. */
  readonly path: string;
  readonly now?: () => number;
  /** How long an operation waits for other processes that hold the file. Default 2 s. */
  readonly busyMs?: number;
  /** After so long without a write the log of writes gives its room back. Default 10 s. */
  readonly restMs?: number;
  /** Told once of each item that can't be read. */
  readonly onDamaged?: (key: ItemKey) => void;
}

/** Pages written before they are moved into the file itself, which waits for the disk. */
const CHECKPOINT_PAGES = 16_000;

interface Statements extends UpdateStatements {
  readonly get: StatementSync;
  readonly remove: StatementSync;
  readonly up: StatementSync;
  readonly onward: StatementSync;
  readonly down: StatementSync;
}

function openFile(path: string): DatabaseSync {
  makeFolder(dirname(path));
  // Made by us, so that not even a new file is readable by others for a moment.
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
  return new DatabaseSync(path);
}

const layoutOf = (db: DatabaseSync): number => Number(db.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);

/** Brings the file to the layout of today; several processes may try at once. */
function layOut(db: DatabaseSync): void {
  if (layoutOf(db) === LAYOUT) return;
  db.exec('BEGIN IMMEDIATE');
  db.exec(`CREATE TABLE IF NOT EXISTS items (pk TEXT NOT NULL, sk TEXT NOT NULL, body TEXT NOT NULL, expires_at REAL, version INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (pk, sk)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS items_expiry ON items (expires_at) WHERE expires_at IS NOT NULL;`);
  const columns = db.prepare('PRAGMA table_info(items)').all();
  if (!columns.some((column) => column['name'] === 'version'))
    db.exec('ALTER TABLE items ADD COLUMN version INTEGER NOT NULL DEFAULT 0');
  db.exec(`PRAGMA user_version = ${LAYOUT}; COMMIT;`);
}

function open({ path }: SqliteOptions): { db: DatabaseSync; statements: Statements } {
  const db = openFile(path);
  try {
    db.exec(`PRAGMA busy_timeout = ${OPENING_MS}`);
    const found = layoutOf(db);
    if (found > LAYOUT)
      throw new StoreUnavailable(
        `The store file ${path} was written by a newer Freeway (layout ${found}, this one knows ${LAYOUT}). Update Freeway, or set FREEWAY_DATA to another folder.`,
      );
    db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};`);
    layOut(db);
    return { db, statements: prepare(db) };
  } catch (error) {
    db.close();
    throw error;
  }
}

function prepare(db: DatabaseSync): Statements {
  const live = '(expires_at IS NULL OR expires_at > :now)';
  // Both ends of a page are bounds of the index: each page is read from where the one before it ended, however far that is.
  const page = (from: '>' | '>=', order: string): StatementSync =>
    db.prepare(
      `SELECT sk, body FROM items WHERE pk = :pk AND sk ${from} :from AND sk < :to AND ${live} ORDER BY sk ${order} LIMIT :limit`,
    );
  return {
    begin: db.prepare('BEGIN IMMEDIATE'),
    commit: db.prepare('COMMIT'),
    get: db.prepare(`SELECT body, version, expires_at FROM items WHERE pk = :pk AND sk = :sk AND ${live}`),
    put: db.prepare(
      'INSERT INTO items (pk, sk, body, expires_at, version) VALUES (:pk, :sk, :body, :expires, :version) ON CONFLICT (pk, sk) DO UPDATE SET body = excluded.body, expires_at = excluded.expires_at, version = excluded.version',
    ),
    replace: db.prepare(
      'UPDATE items SET body = :body, expires_at = :expires, version = :version WHERE pk = :pk AND sk = :sk AND version = :before',
    ),
    replaceBody: db.prepare(
      'UPDATE items SET body = :body, version = :version WHERE pk = :pk AND sk = :sk AND version = :before',
    ),
    remove: db.prepare('DELETE FROM items WHERE pk = :pk AND sk = :sk'),
    sweep: db.prepare(
      'DELETE FROM items WHERE (pk, sk) IN (SELECT pk, sk FROM items WHERE expires_at IS NOT NULL AND expires_at <= :now LIMIT :limit)',
    ),
    up: page('>=', 'ASC'),
    onward: page('>', 'ASC'),
    down: page('>=', 'DESC'),
  };
}

/** Reads what is written of an item. Where that is damaged, it is an item of which nothing is known: it hides no other, and can be written anew. */
function createParse(onDamaged: (key: ItemKey) => void): (key: ItemKey, body: unknown) => Item {
  const told = new Set<string>();
  return (key, body) => {
    const item = parseWritten(body);
    if (typeof item === 'object' && item !== null && !Array.isArray(item)) return item as Item;
    const name = `${key.pk}\n${key.sk}`;
    if (!told.has(name)) onDamaged(key);
    told.add(name);
    return {};
  };
}

/** Waits for others as long as it is to, and hardly at all while they hold the file for longer. */
function createPatience(db: DatabaseSync, busyMs: number): <T>(act: () => T) => T {
  const wait = (ms: number): void => db.exec(`PRAGMA busy_timeout = ${ms}`);
  let heldUntilMs = -Infinity;
  let isHeld = false;
  wait(busyMs);
  return (act) => {
    if (isHeld && performance.now() >= heldUntilMs) {
      isHeld = false;
      wait(busyMs);
    }
    try {
      return act();
    } catch (error) {
      if (toCode(error) !== BUSY) throw error;
      heldUntilMs = performance.now() + HELD_FOR_MS;
      if (!isHeld) wait(HELD_MS);
      isHeld = true;
      throw error;
    }
  };
}

/** Looks whether the file is still the one that is open. Throws StoreUnavailable when it is not: everything else would go well, and be lost. */
function createPresence(path: string): () => void {
  const look = (): bigint | undefined => statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
  const opened = look();
  return () => {
    if (look() === opened) return;
    throw new StoreUnavailable(
      `The store file ${path} was deleted or replaced while it is in use: what is written now ends with this process. Restart Freeway.`,
    );
  };
}

interface Desk {
  readonly db: DatabaseSync;
  readonly statements: Statements;
  readonly now: () => number;
  readonly parse: ReturnType<typeof createParse>;
}

function readSeen({ statements, now, parse }: Desk, { pk, sk }: ItemKey): Seen | null {
  const row = statements.get.get({ pk, sk, now: now() });
  if (row === undefined) return null;
  const { body, version, expires_at: expires } = row;
  const expiresAtMs = typeof expires === 'number' ? expires : null;
  return { item: parse({ pk, sk }, body), version: Number(version), expiresAtMs };
}

/** What is read of a partition: with a prefix, behind the key that an earlier page of the same ended with, in an order. */
function toRange(
  { up, onward, down }: Statements,
  { prefix, after, descending }: { prefix: string; after: string | undefined; descending: boolean },
): { readonly statement: StatementSync; readonly from: string; readonly to: string } {
  const end = `${prefix}${LAST}`;
  if (descending) return { statement: down, from: prefix, to: after ?? end };
  return { statement: after === undefined ? up : onward, from: after ?? prefix, to: end };
}

function query(
  { statements, now, parse }: Desk,
  pk: string,
  { prefix = '', limit = 1000, after, descending = false }: NonNullable<Parameters<Store['query']>[1]>,
): QueryPage {
  const { statement, from, to } = toRange(statements, { prefix, after, descending });
  const rows = statement.all({ pk, from, to, limit: limit + 1, now: now() });
  const items = rows.slice(0, limit).map((row) => {
    const key = { pk, sk: String(row['sk']) };
    return { key, item: parse(key, row['body']) };
  });
  return { items, next: rows.length > limit ? (items.at(-1)?.key.sk ?? null) : null };
}

/** Opens the store. Throws StoreUnavailable when the file can't be used. */
export function createSqliteStore(options: SqliteOptions): Store {
  const guard = createGuard(options.path);
  const { now = Date.now, onDamaged = () => undefined } = options;
  const desk: Desk = { ...guard(() => open(options)), now, parse: createParse(onDamaged) };
  const { db, statements } = desk;
  const patiently = createPatience(db, options.busyMs ?? BUSY_MS);
  const log = createWriteLog(db, options);
  const checkPresence = createPresence(options.path);
  const guarded = <T>(act: () => T): T => guard(() => log.tidily(() => patiently(act)));
  const updates = createUpdates({ ...desk, guarded, read: (key) => readSeen(desk, key) });
  /** Everything else sees what was asked for before it. */
  const after = <T>(act: () => T): T => {
    updates.flush();
    return guarded(act);
  };
  // Whoever was ended before may have left a long one.
  log.written();
  return {
    kind: 'sqlite',
    get: async (key) => after(() => readSeen(desk, key)?.item ?? null),
    batchGet: async (keys) => after(() => keys.map((key) => readSeen(desk, key)?.item ?? null)),
    put: async (key, item, expiresAtMs) => {
      checkItem(item);
      log.written();
      after(() => updates.put(key, item, expiresAtMs ?? null));
    },
    update: async (wanted) => {
      checkUpdate(wanted);
      log.written();
      return updates.update(wanted);
    },
    delete: async ({ pk, sk }) => {
      log.written();
      after(() => statements.remove.run({ pk, sk }));
    },
    query: async (pk, options = {}) => after(() => query(desk, pk, options)),
    ping: async () => {
      checkPresence();
      guarded(() => statements.get.get({ pk: '', sk: '', now: 0 }));
    },
    close: async () => {
      log.close();
      updates.flush();
      if (db.isOpen) db.close();
    },
  };
}
