// How records of requests lie in an item of the store: a few as a list, many by columns, which take a quarter of the room and of the time.
import { parseWritten, readCarefully } from '#shared/careful.ts';
import { usageRecordSchema, type UsageRecord } from '#shared/api/usage.ts';
import type { Item } from '#shared/items.ts';
import * as z from 'zod/mini';

/** No more than so many are a list: so small an item is one unit of writing in DynamoDB either way, and a version that knows only lists reads it. */
const MOST_LISTED = 4;

type Absent = { [K in keyof UsageRecord as undefined extends UsageRecord[K] ? K : never]-?: true };
/** What a record may be without. In a column, null stands for that. */
const absent: Absent = {
  requested_model: true,
  cached: true,
  cost_estimated: true,
  first_content_ms: true,
  finish: true,
  experiment: true,
  arm: true,
};

const listSchema = z.lazy(() => z.array(usageRecordSchema));
/** A tier that only a later version knows is at least not known to be free. */
const careful = { tier: 'paid', arm: undefined };

/** What can be read of an item. */
export interface UsageRead {
  readonly records: readonly UsageRecord[];
  /** Whether that is all: else something of it is damaged, or of a later version. */
  readonly isWhole: boolean;
}

const nothing: UsageRead = { records: [], isWhole: false };

/** The records of a list, without those that don't fit. */
function toRecords(list: unknown): UsageRead {
  const whole = readCarefully<UsageRecord[]>(listSchema, list, careful);
  if (whole.success) return { records: whole.data, isWhole: true };
  if (!Array.isArray(list)) return nothing;
  const each = list.map((one) => readCarefully<UsageRecord>(usageRecordSchema, one, careful));
  return { records: each.flatMap(({ data }) => data ?? []), isWhole: false };
}

/** A value that all records share stands alone; values of their own are a list. */
const columnsSchema = z.lazy(() => z.object({ count: z.int(), columns: z.record(z.string(), z.unknown()) }));

type Column = UsageRecord[keyof UsageRecord] | readonly (UsageRecord[keyof UsageRecord] | null)[];

function toColumn(records: readonly UsageRecord[], name: keyof UsageRecord): Column {
  const [first] = records;
  const value = first?.[name];
  // A list that stood alone would pass for a list of values.
  if (!Array.isArray(value) && records.every((record) => record[name] === value)) return value;
  return records.map((record) => record[name] ?? null);
}

function toColumns(records: readonly UsageRecord[]): string {
  const columns: Partial<Record<keyof UsageRecord, Column>> = {};
  const names = new Set([...Object.keys(records[0] ?? {}), ...Object.keys(absent)]) as Set<keyof UsageRecord>;
  for (const name of names) columns[name] = toColumn(records, name);
  return JSON.stringify({ count: records.length, columns });
}

function fromColumns(written: unknown): UsageRead {
  const { data } = columnsSchema.safeParse(written);
  if (data === undefined) return nothing;
  const { count, columns } = data;
  const named = Object.entries(columns);
  const records = Array.from({ length: count }, (_, index) => {
    const values = named.map(([name, column]) => [name, Array.isArray(column) ? (column[index] as unknown) : column]);
    return Object.fromEntries(values.filter(([name, value]) => value !== null || !(String(name) in absent))) as unknown;
  });
  return toRecords(records);
}

/** Records as an item. A version that knows only lists sees none where there are columns, and goes on. */
export const toUsageItem = (records: readonly UsageRecord[]): Item =>
  records.length <= MOST_LISTED ? { json: JSON.stringify(records) } : { json: '[]', columns: toColumns(records) };

/** The records of an item, in their order, as far as they can be read. */
export const fromUsageItem = ({ json, columns }: Item): UsageRead =>
  columns === undefined ? toRecords(parseWritten(json)) : fromColumns(parseWritten(columns));
