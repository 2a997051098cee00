// The distributed store: one DynamoDB table shared by all instances, where every guarded update is one conditional write.
import { setTimeout as wait } from 'node:timers/promises';
import type { Item, ItemKey, Scalar, Update, UpdateResult } from '#shared/items.ts';
import { StoreUnavailable, type QueryPage, type Store } from '../ports.ts';
import { checkItem, EXPIRES } from './attributes.ts';
import { AwsRefusal } from './aws-json.ts';
import { openTableClient, type TableClient, type WireItem, type WireReply } from './dynamo-client.ts';
import { isExpired, toExpiry, toItem, toUpdateInput } from './dynamo-expression.ts';
import { createSparingStore } from './sparing.ts';

export interface DynamoOptions {
  readonly table: string;
  /** Default: one for region, credentials and endpoint of the environment. */
  readonly client?: TableClient;
  readonly now?: () => number;
  /** How long one operation may take, all attempts together. Default 2 s. */
  readonly patienceMs?: number;
}

/** DynamoDB takes this many keys in one batch. */
const BATCH = 100;
/** How often a batch that came back incomplete is asked for in all, and the first pause, which doubles. */
const BATCH_ROUNDS = 4;
const BATCH_PAUSE_MS = 20;
/** A store that is slower than this is as good as unreachable: the books of this instance take over. */
const PATIENCE_MS = 2_000;

/** The kind of fault without names of accounts or roles, which the messages of AWS carry. */
function toReason(error: Error): string {
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.name === 'Error' ? error.message : error.name;
}

/** What went wrong, in words for the operator. Faults of our own making are thrown on as they are. */
function toFault(error: unknown, table: string): unknown {
  if (!(error instanceof Error) || error instanceof StoreUnavailable) return error;
  if (error.name === 'ValidationException' || error.name === 'TypeError') return error;
  const hint =
    error.name === 'ResourceNotFoundException'
      ? 'The table does not exist in this region.'
      : /AccessDenied|UnrecognizedClient|CredentialsProvider|ExpiredToken/.test(error.name)
        ? 'Check the credentials and the permissions of the role.'
        : 'It will be tried again.';
  return new StoreUnavailable(`DynamoDB table "${table}" can't be used (${toReason(error)}). ${hint}`);
}

/** An item from its wire form. */
function fromWire(raw: WireItem): Record<string, Scalar> {
  const item: Record<string, Scalar> = {};
  for (const name in raw) {
    const { N, S, BOOL } = raw[name] ?? {};
    if (N !== undefined) item[name] = Number(N);
    else if (S !== undefined) item[name] = S;
    else if (BOOL !== undefined) item[name] = BOOL;
  }
  return item;
}

/** An item, a key or the values of an expression in their wire form. */
function toWire(item: Readonly<Record<string, Scalar>>): WireItem {
  const wire: Record<string, WireItem[string]> = {};
  for (const name in item) {
    const value = item[name];
    if (typeof value === 'number') wire[name] = { N: String(value) };
    else if (typeof value === 'string') wire[name] = { S: value };
    else if (typeof value === 'boolean') wire[name] = { BOOL: value };
  }
  return wire;
}

const isConditionFailed = (error: unknown): error is AwsRefusal =>
  error instanceof AwsRefusal && error.name === 'ConditionalCheckFailedException';

interface Desk {
  readonly client: TableClient;
  readonly table: string;
  readonly now: () => number;
  /** Ends every request of one operation when its time is over. */
  readonly until: AbortSignal;
}

const toText = (raw: Readonly<Record<string, unknown>>): string => `${String(raw['pk'])}\n${String(raw['sk'])}`;

/** Reads one batch, asking again for what DynamoDB left out. */
async function readBatch({ client, table, until }: Desk, keys: readonly ItemKey[]): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  let wanted: readonly WireItem[] = keys.map((key) => toWire({ ...key }));
  for (let round = 0; round < BATCH_ROUNDS && wanted.length > 0; round++) {
    if (round > 0) await wait(BATCH_PAUSE_MS * 2 ** (round - 1), undefined, { signal: until });
    const reply = await client.ask('BatchGetItem', { RequestItems: { [table]: { Keys: wanted } } }, until);
    found.push(...(reply.Responses?.[table] ?? []).map(fromWire));
    wanted = reply.UnprocessedKeys?.[table]?.Keys ?? [];
  }
  if (wanted.length > 0)
    throw new StoreUnavailable(`DynamoDB table "${table}" does not deliver whole batches; it is overloaded.`);
  return found;
}

async function batchGet(desk: Desk, keys: readonly ItemKey[]): Promise<(Item | null)[]> {
  const distinct = [...new Map(keys.map((key) => [toText({ ...key }), key])).values()];
  const batches: Promise<Record<string, unknown>[]>[] = [];
  for (let at = 0; at < distinct.length; at += BATCH) batches.push(readBatch(desk, distinct.slice(at, at + BATCH)));
  const raws = (await Promise.all(batches)).flat().filter((raw) => !isExpired(raw, desk.now()));
  const found = new Map(raws.map((raw) => [toText(raw), toItem(raw)]));
  return keys.map((key) => found.get(toText({ ...key })) ?? null);
}

async function tryUpdate(
  { client, table, now, until }: Desk,
  update: Update,
): Promise<{ readonly result: UpdateResult; readonly expired: boolean }> {
  const { ExpressionAttributeValues, ...expression } = toUpdateInput(update, now());
  const input = {
    TableName: table,
    Key: toWire({ ...update.key }),
    ...expression,
    ExpressionAttributeValues: toWire(ExpressionAttributeValues),
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  };
  try {
    const { Attributes = {} } = await client.ask('UpdateItem', input, until);
    return { result: { applied: true, item: toItem(fromWire(Attributes)) }, expired: false };
  } catch (error) {
    if (!isConditionFailed(error)) throw error;
    const judged = error.told['Item'] as WireItem | undefined;
    const raw = judged === undefined ? null : fromWire(judged);
    const expired = raw !== null && isExpired(raw, now());
    return { result: { applied: false, item: raw === null || expired ? null : toItem(raw) }, expired };
  }
}

/** Deletes an item that has expired but that DynamoDB has not swept yet, unless somebody has renewed it meanwhile. */
async function sweep({ client, table, now, until }: Desk, key: ItemKey): Promise<void> {
  const input = {
    TableName: table,
    Key: toWire({ ...key }),
    ConditionExpression: '#expires <= :now',
    ExpressionAttributeNames: { '#expires': EXPIRES },
    ExpressionAttributeValues: toWire({ ':now': now() }),
  };
  try {
    await client.ask('DeleteItem', input, until);
  } catch (error) {
    if (!isConditionFailed(error)) throw error;
  }
}

async function update(desk: Desk, wanted: Update): Promise<UpdateResult> {
  const { result, expired } = await tryUpdate(desk, wanted);
  if (!expired) return result;
  await sweep(desk, wanted.key);
  return (await tryUpdate(desk, wanted)).result;
}

async function query(
  { client, table, now, until }: Desk,
  pk: string,
  options: NonNullable<Parameters<Store['query']>[1]>,
): Promise<QueryPage> {
  const { prefix = '', limit = 1000, after, descending = false, fresh = false } = options;
  const items: { key: ItemKey; item: Item }[] = [];
  let start = after === undefined ? undefined : toWire({ pk, sk: after });
  do {
    const input = {
      TableName: table,
      KeyConditionExpression: prefix === '' ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: toWire(prefix === '' ? { ':pk': pk } : { ':pk': pk, ':prefix': prefix }),
      ScanIndexForward: !descending,
      Limit: limit + 1 - items.length,
      ...(fresh && { ConsistentRead: true }),
      ...(start === undefined ? {} : { ExclusiveStartKey: start }),
    };
    const page: WireReply = await client.ask('Query', input, until);
    for (const raw of (page.Items ?? []).map(fromWire))
      if (!isExpired(raw, now())) items.push({ key: { pk, sk: String(raw['sk']) }, item: toItem(raw) });
    start = page.LastEvaluatedKey;
  } while (start !== undefined && items.length <= limit);
  const shown = items.slice(0, limit);
  return { items: shown, next: items.length > limit ? (shown.at(-1)?.key.sk ?? null) : null };
}

/**
 * A store over one table with string keys `pk` and `sk`. Reads are eventually consistent unless they are to be fresh; updates and what they
 * return always are fresh. Sums are decimal and thus more exact than doubles.
 */
export function createDynamoStore({
  table,
  client = openTableClient(),
  now = Date.now,
  patienceMs = PATIENCE_MS,
}: DynamoOptions): Store {
  const told = async <T>(act: (desk: Desk) => Promise<T>): Promise<T> => {
    try {
      return await act({ client, table, now, until: AbortSignal.timeout(patienceMs) });
    } catch (error) {
      throw toFault(error, table);
    }
  };
  const read = (key: ItemKey, fresh = false): Promise<Item | null> =>
    told(async ({ until }) => {
      const input = { TableName: table, Key: toWire({ ...key }), ...(fresh && { ConsistentRead: true }) };
      const { Item: found } = await client.ask('GetItem', input, until);
      const raw = found === undefined ? null : fromWire(found);
      return raw === null || isExpired(raw, now()) ? null : toItem(raw);
    });
  const store: Store = {
    kind: 'dynamodb',
    get: read,
    batchGet: (keys) => told((desk) => batchGet(desk, keys)),
    put: (key, item, expiresAtMs) =>
      told(async ({ until }) => {
        checkItem(item);
        const expiry = expiresAtMs === undefined ? {} : toExpiry(expiresAtMs);
        await client.ask('PutItem', { TableName: table, Item: toWire({ ...item, ...expiry, ...key }) }, until);
      }),
    update: (wanted) => told((desk) => update(desk, wanted)),
    delete: (key) =>
      told(async ({ until }) => {
        await client.ask('DeleteItem', { TableName: table, Key: toWire({ ...key }) }, until);
      }),
    query: (pk, options = {}) => told((desk) => query(desk, pk, options)),
    ahead: () => client.ahead(),
    ping: async () => {
      await read({ pk: 'ping', sk: 'ping' });
    },
    close: async () => client.close(),
  };
  return createSparingStore(store, now);
}
