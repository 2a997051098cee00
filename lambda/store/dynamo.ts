// The distributed store: one DynamoDB table shared by all instances, where every guarded update is one conditional write.
import { setTimeout as wait } from 'node:timers/promises';
import {
  ConditionalCheckFailedException,
  CreateTableCommand,
  DynamoDBClient,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Item, ItemKey, Scalar, Update, UpdateResult } from '#shared/items.ts';
import { StoreUnavailable, type QueryPage, type Store } from '../ports.ts';
import { checkItem, EXPIRES, TTL } from './attributes.ts';
import { isExpired, toExpiry, toItem, toUpdateInput } from './dynamo-expression.ts';
import { createSparingStore } from './sparing.ts';

export interface DynamoOptions {
  readonly table: string;
  /** Default: region, credentials and endpoint as the SDK finds them (AWS_ENDPOINT_URL_DYNAMODB included). */
  readonly client?: DynamoDBClient;
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
const REQUEST_MS = 900;
const CONNECT_MS = 500;

/**
 * The client this store makes for itself: impatient, since callers wait behind it. An update whose answer was lost is
 * sent once more and may then count twice: too much is reserved for a while, never too little.
 */
function createClient(): DynamoDBClient {
  return new DynamoDBClient({
    maxAttempts: 2,
    requestHandler: { requestTimeout: REQUEST_MS, connectionTimeout: CONNECT_MS, throwOnRequestTimeout: true },
  });
}

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

/** An item as a failed condition hands it back, which the document client leaves in its wire form. */
function fromWire(raw: Record<string, AttributeValue> | undefined): Record<string, Scalar> | null {
  if (raw === undefined) return null;
  const item: Record<string, Scalar> = {};
  for (const name in raw) {
    const { N, S, BOOL } = raw[name] ?? {};
    if (N !== undefined) item[name] = Number(N);
    else if (S !== undefined) item[name] = S;
    else if (BOOL !== undefined) item[name] = BOOL;
  }
  return item;
}

interface Desk {
  readonly documents: DynamoDBDocumentClient;
  readonly table: string;
  readonly now: () => number;
  /** Ends every request of one operation when its time is over. */
  readonly until: { readonly abortSignal: AbortSignal };
}

const toText = (raw: Readonly<Record<string, unknown>>): string => `${String(raw['pk'])}\n${String(raw['sk'])}`;

/** Reads one batch, asking again for what DynamoDB left out. */
async function readBatch(
  { documents, table, until }: Desk,
  keys: readonly ItemKey[],
): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  let wanted: Record<string, unknown>[] = keys.map((key) => ({ ...key }));
  for (let round = 0; round < BATCH_ROUNDS && wanted.length > 0; round++) {
    if (round > 0) await wait(BATCH_PAUSE_MS * 2 ** (round - 1), undefined, { signal: until.abortSignal });
    const reply = await documents.send(new BatchGetCommand({ RequestItems: { [table]: { Keys: wanted } } }), until);
    found.push(...(reply.Responses?.[table] ?? []));
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
  { documents, table, now, until }: Desk,
  update: Update,
): Promise<{ readonly result: UpdateResult; readonly expired: boolean }> {
  try {
    const { Attributes } = await documents.send(
      new UpdateCommand({
        TableName: table,
        Key: { ...update.key },
        ...toUpdateInput(update, now()),
        ReturnValues: 'ALL_NEW',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
      until,
    );
    return { result: { applied: true, item: toItem(Attributes ?? {}) }, expired: false };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    const raw = fromWire(error.Item);
    const expired = raw !== null && isExpired(raw, now());
    return { result: { applied: false, item: raw === null || expired ? null : toItem(raw) }, expired };
  }
}

/** Deletes an item that has expired but that DynamoDB has not swept yet, unless somebody has renewed it meanwhile. */
async function sweep({ documents, table, now, until }: Desk, key: ItemKey): Promise<void> {
  try {
    await documents.send(
      new DeleteCommand({
        TableName: table,
        Key: { ...key },
        ConditionExpression: '#expires <= :now',
        ExpressionAttributeNames: { '#expires': EXPIRES },
        ExpressionAttributeValues: { ':now': now() },
      }),
      until,
    );
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}

async function update(desk: Desk, wanted: Update): Promise<UpdateResult> {
  const { result, expired } = await tryUpdate(desk, wanted);
  if (!expired) return result;
  await sweep(desk, wanted.key);
  return (await tryUpdate(desk, wanted)).result;
}

async function query(
  { documents, table, now, until }: Desk,
  pk: string,
  options: NonNullable<Parameters<Store['query']>[1]>,
): Promise<QueryPage> {
  const { prefix = '', limit = 1000, after, descending = false } = options;
  const items: { key: ItemKey; item: Item }[] = [];
  let start: Record<string, unknown> | undefined = after === undefined ? undefined : { pk, sk: after };
  do {
    const page = await documents.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: prefix === '' ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: prefix === '' ? { ':pk': pk } : { ':pk': pk, ':prefix': prefix },
        ScanIndexForward: !descending,
        Limit: limit + 1 - items.length,
        ...(start === undefined ? {} : { ExclusiveStartKey: start }),
      }),
      until,
    );
    for (const raw of page.Items ?? [])
      if (!isExpired(raw, now())) items.push({ key: { pk, sk: String(raw['sk']) }, item: toItem(raw) });
    start = page.LastEvaluatedKey;
  } while (start !== undefined && items.length <= limit);
  const shown = items.slice(0, limit);
  return { items: shown, next: items.length > limit ? (shown.at(-1)?.key.sk ?? null) : null };
}

/**
 * A store over one table with string keys `pk` and `sk`. Reads are eventually consistent; updates and what they return
 * are not. Sums are decimal and thus more exact than doubles.
 */
export function createDynamoStore({
  table,
  client = createClient(),
  now = Date.now,
  patienceMs = PATIENCE_MS,
}: DynamoOptions): Store {
  // Numbers beyond 2^53 come and go as the nearest double, as they do in SQLite.
  const documents = DynamoDBDocumentClient.from(client, {
    marshallOptions: { allowImpreciseNumbers: true },
    unmarshallOptions: { wrapNumbers: Number },
  });
  const told = async <T>(act: (desk: Desk) => Promise<T>): Promise<T> => {
    try {
      return await act({ documents, table, now, until: { abortSignal: AbortSignal.timeout(patienceMs) } });
    } catch (error) {
      throw toFault(error, table);
    }
  };
  const read = (key: ItemKey): Promise<Item | null> =>
    told(async ({ until }) => {
      const { Item: raw } = await documents.send(new GetCommand({ TableName: table, Key: { ...key } }), until);
      return raw === undefined || isExpired(raw, now()) ? null : toItem(raw);
    });
  const store: Store = {
    kind: 'dynamodb',
    get: read,
    batchGet: (keys) => told((desk) => batchGet(desk, keys)),
    put: (key, item, expiresAtMs) =>
      told(async ({ until }) => {
        checkItem(item);
        const expiry = expiresAtMs === undefined ? {} : toExpiry(expiresAtMs);
        await documents.send(new PutCommand({ TableName: table, Item: { ...item, ...expiry, ...key } }), until);
      }),
    update: (wanted) => told((desk) => update(desk, wanted)),
    delete: (key) =>
      told(async ({ until }) => {
        await documents.send(new DeleteCommand({ TableName: table, Key: { ...key } }), until);
      }),
    query: (pk, options = {}) => told((desk) => query(desk, pk, options)),
    ping: async () => {
      await read({ pk: 'ping', sk: 'ping' });
    },
    close: async () => client.destroy(),
  };
  return createSparingStore(store, now);
}

/** Makes the table when it does not exist: on demand, with deletion of expired items. For local engines and first deployments. */
export async function ensureTable(client: DynamoDBClient, table: string): Promise<void> {
  try {
    await client.send(
      new CreateTableCommand({
        TableName: table,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: 'S' },
        ],
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
      }),
    );
  } catch (error) {
    if (error instanceof ResourceInUseException) return;
    throw error;
  }
  await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 5 }, { TableName: table });
  await client.send(
    new UpdateTimeToLiveCommand({ TableName: table, TimeToLiveSpecification: { AttributeName: TTL, Enabled: true } }),
  );
}
