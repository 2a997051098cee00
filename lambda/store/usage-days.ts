// Adds up days that are over once for all, so that a year of use costs few reads. Loaded when somebody asks for sums, or writes to such a day.
import { setImmediate as turn } from 'node:timers/promises';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Item, ItemKey } from '#shared/items.ts';
import { toRowsOfDay, type UsageRow } from '#shared/usage-sums.ts';
import type { Clock, Store } from '../ports.ts';
import type { UsageRead } from './usage-items.ts';

export interface DaysOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly retentionDays: () => number;
}

const DAY_MS = 86_400_000;
/** A day is added up for good this long after its end, or after what came late: by then every instance has written what it had. */
const SETTLED_MS = 3_600_000;
/** Days asked for at once. */
const CHUNK_DAYS = 100;
/** Room that one item of a day may take, characters; DynamoDB takes 400 KB. A day with more is read record by record each time. */
const MOST_CHARACTERS = 300_000;
/** After so many everything else has its turn: some milliseconds. */
const TURN_CHARACTERS = 50_000;

const toDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const toKey = (day: string): ItemKey => ({ pk: 'usage-days', sk: day });
const endOf = (day: string): number => Date.parse(day) + DAY_MS;

const isText = (value: unknown): boolean => typeof value === 'string';
const isTextOrNull = (value: unknown): boolean => value === null || isText(value);
const isNumber = (value: unknown): boolean => typeof value === 'number';
const tiers: ReadonlySet<unknown> = new Set<UsageRow['tier']>(['free', 'paid', 'local', null]);

/** What each value of a row has to be. A schema would take four times as long, and a year has hundreds of thousands of rows. */
const checks: Readonly<Record<keyof UsageRow, (value: unknown) => boolean>> = {
  at: isText,
  person_id: isText,
  key_id: isTextOrNull,
  route: isTextOrNull,
  tier: (value) => tiers.has(value),
  operation: isText,
  outcome: isText,
  requests: isNumber,
  free: isNumber,
  failed: isNumber,
  absorbed: isNumber,
  input_tokens: isNumber,
  output_tokens: isNumber,
  audio_seconds: isNumber,
  cost_usd: isNumber,
  estimated_usd: isNumber,
  saved_usd: isNumber,
  wait_ms: isNumber,
  duration_ms: isNumber,
};
const names = Object.keys(checks) as (keyof UsageRow)[];

/** Rows as text: each is a list of values in the order of the names, packed, since most of them repeat. */
export function packRows(rows: readonly UsageRow[]): string {
  const packed = { names, rows: rows.map((row) => names.map((name) => row[name])) };
  return deflateRawSync(JSON.stringify(packed)).toString('base64');
}

/** A row of these values, which stand at the places named; null when one is not what it has to be. */
function toRow(values: unknown, places: readonly number[]): UsageRow | null {
  if (!Array.isArray(values)) return null;
  const row: Partial<Record<keyof UsageRow, unknown>> = {};
  for (const [index, name] of names.entries()) {
    const value: unknown = values[places[index] ?? -1];
    if (!checks[name](value)) return null;
    row[name] = value;
  }
  return row as UsageRow;
}

/** The rows of a text; null for one that is damaged, or that another version has written otherwise. */
export function unpackRows(text: string): UsageRow[] | null {
  try {
    const packed = JSON.parse(inflateRawSync(Buffer.from(text, 'base64')).toString()) as Record<string, unknown>;
    const [told, rows] = [packed['names'], packed['rows']];
    if (!Array.isArray(told) || !Array.isArray(rows)) return null;
    const places = names.map((name) => told.indexOf(name));
    const all: UsageRow[] = [];
    for (const values of rows) {
      const row = toRow(values, places);
      if (row === null) return null;
      all.push(row);
    }
    return all;
  } catch {
    return null;
  }
}

/**
 * Keeps the rows of a day unless something came late since it was looked at, by when the rows may lack it. Where records could not be read, it
 * is for a day only: a later version may be back that can.
 */
async function keepRows(
  { store, clock, retentionDays }: DaysOptions,
  day: string,
  {
    rows,
    isWhole,
    seen,
  }: { readonly rows: readonly UsageRow[]; readonly isWhole: boolean; readonly seen: Item | undefined },
): Promise<void> {
  const text = packRows(rows);
  if (text.length > MOST_CHARACTERS) return;
  const late = seen?.['late'];
  await store.update({
    key: toKey(day),
    guards: [late === undefined ? { attr: 'late', is: 'absent' } : { attr: 'late', is: 'equals', value: late }],
    add: {},
    set: { rows: text },
    remove: [],
    expiresAtMs: Math.min(endOf(day) + retentionDays() * DAY_MS, isWhole ? Infinity : clock.now() + DAY_MS),
  });
}

/**
 * To be called before records of a day are written that may have been added up, as far as the clock has ever been (`furthestMs`, since the
 * epoch): it will be, anew, when nothing has come for long enough.
 * Whoever is ended between the two has lost the records, and only had the day added up again.
 */
export async function reopenDay(
  { store, clock, retentionDays }: DaysOptions,
  day: string,
  furthestMs: number,
): Promise<void> {
  if (furthestMs < endOf(day) + SETTLED_MS / 2) return;
  const expiresAtMs = endOf(day) + retentionDays() * DAY_MS;
  await store.update({
    key: toKey(day),
    guards: [],
    add: {},
    set: { late: clock.now() },
    remove: ['rows'],
    expiresAtMs,
  });
}

/** What is kept of consecutive days, by day. */
async function readKept({ store }: DaysOptions, days: readonly string[]): Promise<ReadonlyMap<string, Item>> {
  const [first] = days;
  if (first === undefined) return new Map();
  const page = await store.query('usage-days', { after: toDay(Date.parse(first) - DAY_MS), limit: days.length });
  return new Map(page.items.map(({ key, item }) => [key.sk, item]));
}

/** The rows of each day from the first to the last, both included, oldest first. Of days past their time there are none. */
export async function* readRowsOfDays(
  options: DaysOptions,
  { from, to }: { readonly from: string; readonly to: string },
  readDay: (day: string) => Promise<UsageRead>,
): AsyncGenerator<readonly UsageRow[]> {
  const { clock, retentionDays } = options;
  const isSettled = (day: string, lateMs = 0): boolean => clock.now() > Math.max(endOf(day), lateMs) + SETTLED_MS;
  const count = Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS) + 1;
  const days = Array.from({ length: count }, (_, index) => toDay(Date.parse(from) + index * DAY_MS)).filter(
    (day) => endOf(day) + retentionDays() * DAY_MS > clock.now(),
  );
  let unpacked = 0;
  for (let at = 0; at < days.length; at += CHUNK_DAYS) {
    const chunk = days.slice(at, at + CHUNK_DAYS);
    const kept = await readKept(
      options,
      chunk.filter((day) => isSettled(day)),
    );
    for (const day of chunk) {
      const seen = kept.get(day);
      const text = String(seen?.['rows'] ?? '');
      unpacked += text.length;
      if (unpacked > TURN_CHARACTERS) {
        unpacked = 0;
        await turn();
      }
      const known = text === '' ? null : unpackRows(text);
      if (known !== null) {
        yield known;
        continue;
      }
      const { records, isWhole } = await readDay(day);
      const rows = toRowsOfDay(day, records);
      if (isSettled(day, Number(seen?.['late'] ?? 0))) await keepRows(options, day, { rows, isWhole, seen });
      yield rows;
    }
  }
}
