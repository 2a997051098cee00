// /api/usage and /api/receipts: what was asked of whom, what it cost and what it saved; everyone their own, admins all.
import {
  decisionsSchema,
  usageQuerySchema,
  usageRecordSchema,
  usageRecordsQuerySchema,
  usageRecordsSchema,
  usageSchema,
  type UsageRecord,
} from '#shared/api/usage.ts';
import { CallerError } from '#shared/failures.ts';
import { refused } from '#shared/refused.ts';
import { can } from '#shared/people.ts';
import { createUsageSums, toUsageRow, type UsageRow } from '#shared/usage-sums.ts';
import type * as z from 'zod/mini';
import { principalOf, type Visit } from '../endpoint.ts';
import { toTable } from './csv.ts';
import { allow, missing, toRoute, type ApiDeps, type ApiReply, type ApiRoute } from './route.ts';

const DAY_MS = 86_400_000;
const MAX_DAYS = 400;
const USUAL_DAYS = 30;
/** A receipt is looked for so far back. */
const RECEIPT_DAYS = 31;
const MAX_LINES = 50_000;

const toDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const isDay = (edge: string): boolean => edge.length === 10;

/** Its ends: days (UTC) or instants. */
interface Range {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly person_id?: string | undefined;
}

/** The ends of a range, ms since the epoch; days are in it whole, and an end that is not told is none. */
const toEdges = ({ from, to }: Range): readonly [number, number] => [
  from === undefined ? -Infinity : Date.parse(from),
  to === undefined ? Infinity : Date.parse(to) + (isDay(to) ? DAY_MS - 1 : 0),
];

/** The days of a range, newest first. Throws CallerError when it is empty or too long. */
function toDays({ from, to }: Range, nowMs: number): string[] {
  const last = Date.parse((to ?? toDay(nowMs)).slice(0, 10));
  const first = Date.parse((from ?? toDay(last - (USUAL_DAYS - 1) * DAY_MS)).slice(0, 10));
  const count = Math.round((last - first) / DAY_MS) + 1;
  const [fromMs, toMs] = toEdges({ from, to });
  if (count < 1 || fromMs > toMs)
    throw new CallerError('invalid_request', 'The range ends before it begins: "to" must not be before "from".', {
      param: 'to',
      reason: refused('range_backwards'),
    });
  if (count > MAX_DAYS)
    throw new CallerError('invalid_request', `The range is longer than ${MAX_DAYS} days.`, {
      param: 'from',
      reason: refused('range_too_long', { days: MAX_DAYS }),
    });
  return Array.from({ length: count }, (_, index) => toDay(last - index * DAY_MS));
}

/** Whether a record of the days of a range lies in it. */
function toWithin(range: Range): (record: UsageRecord) => boolean {
  const [fromMs, toMs] = toEdges(range);
  return ({ at }) => Date.parse(at) >= fromMs && Date.parse(at) <= toMs;
}

/** Whose records the asker may see: all, or of one person. */
function toFilter(visit: Visit, asked: string | undefined): (record: Pick<UsageRecord, 'person_id'>) => boolean {
  const principal = principalOf(visit);
  const seesAll = can(principal, 'read', { kind: 'usage' });
  const id = asked ?? (seesAll ? undefined : principal.id);
  if (id === undefined) return () => true;
  allow(visit, 'read', { kind: 'usage', ownerId: id });
  return (record) => record.person_id === id;
}

async function* readRange(
  deps: ApiDeps,
  days: readonly string[],
  isWanted: (record: UsageRecord) => boolean,
): AsyncGenerator<UsageRecord> {
  for (const day of days) for (const record of await deps.usage.readDay(day)) if (isWanted(record)) yield record;
}

/** Whether a provider, or one model of it, answered. */
const isOf = (provider: string, route: string | null): boolean => (route ?? '').startsWith(`${provider}/`);

type SumsQuery = z.output<typeof usageQuerySchema>;

function toCounted(visit: Visit, query: SumsQuery): (row: UsageRow) => boolean {
  const { person_id: person, key_id: key, provider, model } = query;
  const isSeen = toFilter(visit, person);
  return (row) =>
    isSeen(row) &&
    (key === undefined || row.key_id === key) &&
    (provider === undefined || isOf(provider, row.route)) &&
    (model === undefined || row.route === model);
}

/** The rows of a range, a day after the other, so that no more than one is in memory. Days that are in it whole may be added up already. */
async function* readRows(deps: ApiDeps, query: SumsQuery): AsyncGenerator<readonly UsageRow[]> {
  const { from, to, by } = query;
  const days = toDays(query, deps.clock.now()).toReversed();
  const isWithin = toWithin(query);
  const isPart = (day: string): boolean =>
    by === 'hour' || [from, to].some((edge) => edge !== undefined && !isDay(edge) && edge.startsWith(day));
  for (const day of days.filter(isPart)) yield (await deps.usage.readDay(day)).filter(isWithin).map(toUsageRow);
  const whole = days.filter((day) => !isPart(day));
  const [first, last] = [whole[0], whole.at(-1)];
  if (first !== undefined && last !== undefined) yield* deps.usage.rowsOfDays(first, last);
}

async function summarise(deps: ApiDeps, visit: Visit, query: SumsQuery): Promise<ApiReply> {
  const days = toDays(query, deps.clock.now());
  const isCounted = toCounted(visit, query);
  const sums = createUsageSums(query.by);
  for await (const rows of readRows(deps, query)) sums.add(rows.filter(isCounted));
  const { from = days.at(-1), to = days[0] } = query;
  return { json: { from, to, ...sums.result() } };
}

type RecordsQuery = z.output<typeof usageRecordsQuerySchema>;

/** Where a page ends: the instant and the id of its last record. */
const toCursor = ({ at, request_id: id }: UsageRecord): string => `${at}#${id}`;

function toWanted(
  visit: Visit,
  { person_id: person, operation, outcome, provider, ...range }: RecordsQuery,
): (record: UsageRecord) => boolean {
  const mine = toFilter(visit, person);
  const isWithin = toWithin(range);
  return (record) =>
    mine(record) &&
    isWithin(record) &&
    (operation === undefined || record.operation === operation) &&
    (outcome === undefined || record.outcome === outcome) &&
    (provider === undefined || isOf(provider, record.route));
}

async function list(deps: ApiDeps, visit: Visit, query: RecordsQuery): Promise<ApiReply> {
  const { after, format, limit } = query;
  const from = after?.slice(0, after.indexOf('#'));
  const days = toDays(query, deps.clock.now()).filter((day) => from === undefined || day <= from.slice(0, 10));
  const most = format === 'csv' ? MAX_LINES : limit + 1;
  const found: UsageRecord[] = [];
  let passed = after === undefined;
  for await (const record of readRange(deps, days, toWanted(visit, query))) {
    if (passed) found.push(record);
    passed ||= toCursor(record) === after || (from !== undefined && record.at < from);
    if (found.length >= most) break;
  }
  if (format === 'csv') {
    const headers = {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="usage.csv"',
    };
    const rows = found.map(({ attempts, ...record }) => ({ ...record, attempts: attempts.length + 1 }));
    return { headers, text: toTable(Object.keys(usageRecordSchema._zod.innerType.shape), rows) };
  }
  const data = found.slice(0, limit);
  const last = data.at(-1);
  return { json: { data, next: found.length > limit && last ? toCursor(last) : null } };
}

async function receipt(deps: ApiDeps, visit: Visit, id: string): Promise<ApiReply> {
  const nowMs = deps.clock.now();
  const days = Array.from({ length: RECEIPT_DAYS }, (_, index) => toDay(nowMs - index * DAY_MS));
  const mine = toFilter(visit, undefined);
  for await (const record of readRange(deps, days, (one) => one.request_id === id && mine(one)))
    return { json: record };
  throw missing('receipt');
}

/** Why it was decided so, as it stood then. Another's looks as if there were none. */
async function decisionsOf(deps: ApiDeps, visit: Visit, id: string): Promise<ApiReply> {
  const kept = await deps.decisions.read(id);
  const mine = toFilter(visit, undefined);
  if (kept === null || !mine({ person_id: kept.personId })) throw missing('decision');
  return { json: { request_id: id, decisions: kept.views } };
}

/** The routes over their services. */
export function toUsageRoutes(deps: ApiDeps): readonly ApiRoute[] {
  return [
    toRoute({
      method: 'GET',
      path: '/api/usage',
      summary:
        'Sums of requests, tokens, money paid and saved, by month, day, hour, provider, model, person, key and more.',
      access: ['read', 'usage'],
      query: usageQuerySchema,
      reply: usageSchema,
      handle: ({ visit, query }) => summarise(deps, visit, query),
    }),
    toRoute({
      method: 'GET',
      path: '/api/usage/records',
      summary: 'One record per request, newest first, without any content; also as a table.',
      access: ['read', 'usage'],
      query: usageRecordsQuerySchema,
      reply: usageRecordsSchema,
      texts: ['text/csv'],
      handle: ({ visit, query }) => list(deps, visit, query),
    }),
    toRoute({
      method: 'GET',
      path: '/api/receipts/:id',
      summary: 'The receipt of one request: who answered, after which attempts, for what.',
      access: ['read', 'usage'],
      reply: usageRecordSchema,
      handle: ({ visit, params: { id = '' } }) => receipt(deps, visit, id),
    }),
    toRoute({
      method: 'GET',
      path: '/api/receipts/:id/decisions',
      summary:
        'Why a request sent with x-freeway-explain: 1 went where it did: its decisions as they were taken, for a week.',
      access: ['read', 'usage'],
      reply: decisionsSchema,
      handle: ({ visit, params: { id = '' } }) => decisionsOf(deps, visit, id),
    }),
  ];
}
