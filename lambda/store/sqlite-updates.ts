// Guarded updates of the embedded store, some at a time: those that come together are judged one after another and written in one transaction.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { applyUpdate, type Item, type ItemKey, type Update, type UpdateResult } from '#shared/items.ts';

/** What this process last saw of an item. `version` is a number drawn anew for every write, so that an equal one means an equal item. */
export interface Seen {
  readonly item: Item;
  readonly version: number;
  readonly expiresAtMs: number | null;
}

/** The statements that updates need. */
export interface UpdateStatements {
  readonly begin: StatementSync;
  readonly commit: StatementSync;
  readonly put: StatementSync;
  /** Replaces body and expiry of the version `before`. */
  readonly replace: StatementSync;
  /** Replaces the body of the version `before`; the index over expiries is left alone. */
  readonly replaceBody: StatementSync;
  readonly sweep: StatementSync;
}

export interface UpdatesDeps {
  readonly db: DatabaseSync;
  readonly statements: UpdateStatements;
  readonly now: () => number;
  readonly read: (key: ItemKey) => Seen | null;
  /** Runs an act over the file, telling a file that can't be used from a fault of ours. */
  readonly guarded: <T>(act: () => T) => T;
}

export interface Updates {
  /** Done at the end of this turn of the event loop, with all that were asked for in it; patient ones wait some milliseconds for others, or for one of their item that does not. */
  update(wanted: Update): Promise<UpdateResult>;
  /** Replaces a whole item. */
  put(key: ItemKey, item: Item, expiresAtMs: number | null): void;
  /** Does at once what is waiting: before anything that should see it. */
  flush(): void;
}

/** How long a patient update waits for others to share a transaction with: none of them is in the way of a call that is to be made. */
const COMPANY_MS = 20;
/** Items remembered at most. */
const MEMORY = 4_096;
/** Expired items are swept after this many writes, some at a time, but more than were written. */
const SWEEP_EVERY = 100;
const SWEEP_ROWS = 200;

interface Waiting {
  readonly wanted: Update;
  readonly resolve: (result: UpdateResult) => void;
  readonly reject: (error: unknown) => void;
}

/** Updates of one item, in the order in which they came. */
type Group = readonly Waiting[];

const newVersion = (): number => Math.floor(Math.random() * Number.MAX_SAFE_INTEGER);
const nameOf = ({ pk, sk }: ItemKey): string => `${pk}\n${sk}`;

class Desk {
  readonly #deps: UpdatesDeps;
  readonly #seen = new Map<string, Seen>();
  #writes = 0;

  constructor(deps: UpdatesDeps) {
    this.#deps = deps;
  }

  /** Does all groups, in one transaction where there are several. Answers the results in the order of the updates; throws when none was done. */
  carryOut(groups: readonly Group[]): UpdateResult[][] {
    const [first] = groups;
    if (groups.length === 1 && first) {
      const results = this.#asRemembered(first);
      if (results !== null) return [results];
    }
    try {
      return this.#together(groups);
    } catch (error) {
      for (const [one] of groups) if (one) this.#seen.delete(nameOf(one.wanted.key));
      throw error;
    }
  }

  put(key: ItemKey, item: Item, expiresAtMs: number | null): void {
    this.#write(key, { item, version: newVersion(), expiresAtMs });
  }

  #together(groups: readonly Group[]): UpdateResult[][] {
    const { db, statements } = this.#deps;
    statements.begin.run();
    try {
      const results = groups.map((group) => this.#asRemembered(group) ?? this.#anew(group));
      statements.commit.run();
      return results;
    } catch (error) {
      // A full disk ends the transaction by itself.
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }

  /** Judges on what is remembered and writes only if that still stands: one statement. null: it has to be looked at anew. */
  #asRemembered(group: Group): UpdateResult[] | null {
    const { now, statements } = this.#deps;
    const [first] = group;
    if (first === undefined) return [];
    const { key } = first.wanted;
    const before = this.#seen.get(nameOf(key));
    if (before === undefined || (before.expiresAtMs !== null && before.expiresAtMs <= now())) return null;
    const { results, state } = judge(before, group);
    if (state === null || results.some(({ applied }) => !applied)) return null;
    const body = JSON.stringify(state.item);
    const versions = { version: state.version, before: before.version };
    const { changes } =
      state.expiresAtMs === before.expiresAtMs
        ? statements.replaceBody.run({ ...key, body, ...versions })
        : statements.replace.run({ ...key, body, expires: state.expiresAtMs, ...versions });
    if (changes !== 1) return null;
    this.#remember(key, state);
    this.#sweep();
    return results;
  }

  /** Reads, judges and writes, inside a transaction that keeps other processes out. */
  #anew(group: Group): UpdateResult[] {
    const [first] = group;
    if (first === undefined) return [];
    const { key } = first.wanted;
    const before = this.#deps.read(key);
    const { results, state } = judge(before, group);
    if (state !== null && state !== before) this.#write(key, state);
    if (state === null) this.#seen.delete(nameOf(key));
    else this.#remember(key, state);
    return results;
  }

  #remember(key: ItemKey, state: Seen): void {
    if (this.#seen.size >= MEMORY) this.#seen.clear();
    this.#seen.set(nameOf(key), state);
  }

  #write(key: ItemKey, { item, version, expiresAtMs }: Seen): void {
    this.#deps.statements.put.run({ ...key, body: JSON.stringify(item), expires: expiresAtMs, version });
    this.#sweep();
  }

  #sweep(): void {
    const { statements, now } = this.#deps;
    if (++this.#writes % SWEEP_EVERY === 0) statements.sweep.run({ now: now(), limit: SWEEP_ROWS });
  }
}

/** Applies a group to one item. An item that had expired (null) begins anew, without its old expiry. */
function judge(before: Seen | null, group: Group): { results: UpdateResult[]; state: Seen | null } {
  let state = before;
  const results = group.map(({ wanted }) => {
    const result = applyUpdate(state?.item ?? null, wanted);
    if (result.applied) {
      const expiresAtMs = wanted.expiresAtMs ?? state?.expiresAtMs ?? null;
      state = { item: result.item, version: newVersion(), expiresAtMs };
    }
    return result;
  });
  return { results, state };
}

/** Nothing is waiting. */
export function createUpdates(deps: UpdatesDeps): Updates {
  const desk = new Desk(deps);
  // Each is left behind when it is carried out: a map that is emptied instead leaves tables behind that keep what was in them from the garbage collector.
  /** By item: those that somebody waits for, and those that may wait for company. */
  let urgent = new Map<string, Waiting[]>();
  let patient = new Map<string, Waiting[]>();
  let timer: NodeJS.Timeout | null = null;
  const carryOut = (groups: readonly (readonly Waiting[])[]): void => {
    if (groups.length === 0) return;
    try {
      const results = deps.guarded(() => desk.carryOut(groups));
      groups.forEach((group, at) =>
        group.forEach(({ resolve }, index) => resolve(results[at]?.[index] as UpdateResult)),
      );
    } catch (error) {
      for (const group of groups) for (const { reject } of group) reject(error);
    }
  };
  const takeUrgent = (): readonly Waiting[][] => {
    const groups = [...urgent.values()];
    if (groups.length > 0) urgent = new Map();
    return groups;
  };
  const hurry = (): void => carryOut(takeUrgent());
  const flush = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const groups = [...takeUrgent(), ...patient.values()];
    if (patient.size > 0) patient = new Map();
    carryOut(groups);
  };
  /** The group of an item, in which whoever hurries takes the others along. */
  const groupOf = (name: string, isPatient: boolean): Waiting[] => {
    const known = urgent.get(name);
    if (known !== undefined) return known;
    const company = patient.get(name);
    const group = company ?? [];
    if (isPatient) {
      if (company === undefined) patient.set(name, group);
      timer ??= setTimeout(flush, COMPANY_MS);
    } else {
      patient.delete(name);
      if (urgent.set(name, group).size === 1) setImmediate(hurry);
    }
    return group;
  };
  return {
    update: (wanted) =>
      new Promise((resolve, reject) => {
        groupOf(nameOf(wanted.key), wanted.patient === true).push({ wanted, resolve, reject });
      }),
    put: (key, item, expiresAtMs) => desk.put(key, item, expiresAtMs),
    flush,
  };
}
