// The distributed store: one DynamoDB table shared by all instances, where every guarded update is one conditional write.
import {
  ConditionalCheckFailedException,
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
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
import { EXPIRES, isExpired, toExpiry, toItem, toUpdateInput, TTL } from './dynamo-expression.ts';

export interface DynamoOptions {
  readonly table: string;
  /** Default: region, credentials and endpoint as the SDK finds them (AWS_ENDPOINT_URL_DYNAMODB included). */
  readonly client?: DynamoDBClient;
  readonly now?: () => number;
}

/** DynamoDB takes this many keys in one batch. */
const BATCH = 100;
/** A store that is slower than this is as good as unreachable: the books of this instance take over. */
const REQUEST_MS = 2_000;
const CONNECT_MS = 1_000;

/** The client this store makes for itself: impatient, since callers wait behind it. */
function createClient(): DynamoDBClient {
  return new DynamoDBClient({
    maxAttempts: 2,
    requestHandler: { requestTimeout: REQUEST_MS, connectionTimeout: CONNECT_MS, throwOnRequestTimeout: true },
  });
}

/** What went wrong, in words for the operator. Faults of our own making are thrown on as they are. */
function toFault(error: unknown, table: string): unknown {
  if (!(error instanceof Error) || error.name === 'ValidationException' || error.name === 'TypeError') return error;
  const hint =
    error.name === 'ResourceNotFoundException'
      ? 'The table does not exist in this region.'
      : /AccessDenied|UnrecognizedClient|CredentialsProvider|ExpiredToken/.test(error.name)
        ? 'Check the credentials and the permissions of the role.'
        : 'It will be tried again.';
  return new StoreUnavailable(`DynamoDB table "${table}" can't be used (${error.name}). ${hint}`);
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
}

const toText = (raw: Readonly<Record<string, unknown>>): string => `${String(raw['pk'])}\n${String(raw['sk'])}`;

/** Reads one batch, asking again for what DynamoDB left out. */
async function readBatch({ documents, table }: Desk, keys: readonly ItemKey[]): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  let wanted: Record<string, unknown>[] = keys.map((key) => ({ ...key }));
  for (let round = 0; round < 4 && wanted.length > 0; round++) {
    const reply = await documents.send(new BatchGetCommand({ RequestItems: { [table]: { Keys: wanted } } }));
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
  { documents, table, now }: Desk,
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
async function sweep({ documents, table, now }: Desk, key: ItemKey): Promise<void> {
  try {
    await documents.send(
      new DeleteCommand({
        TableName: table,
        Key: { ...key },
        ConditionExpression: '#expires <= :now',
        ExpressionAttributeNames: { '#expires': EXPIRES },
        ExpressionAttributeValues: { ':now': now() },
      }),
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
  { documents, table, now }: Desk,
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
    );
    for (const raw of page.Items ?? [])
      if (!isExpired(raw, now())) items.push({ key: { pk, sk: String(raw['sk']) }, item: toItem(raw) });
    start = page.LastEvaluatedKey;
  } while (start !== undefined && items.length <= limit);
  const shown = items.slice(0, limit);
  return { items: shown, next: items.length > limit ? (shown.at(-1)?.key.sk ?? null) : null };
}

/** A store over one table with string keys `pk` and `sk`. Reads are eventually consistent; updates and what they return are not. */
export function createDynamoStore({ table, client = createClient(), now = Date.now }: DynamoOptions): Store {
  const documents = DynamoDBDocumentClient.from(client);
  const desk: Desk = { documents, table, now };
  const told = async <T>(act: () => Promise<T>): Promise<T> => {
    try {
      return await act();
    } catch (error) {
      throw toFault(error, table);
    }
  };
  return {
    kind: 'dynamodb',
    get: (key) =>
      told(async () => {
        const { Item: raw } = await documents.send(new GetCommand({ TableName: table, Key: { ...key } }));
        return raw === undefined || isExpired(raw, now()) ? null : toItem(raw);
      }),
    batchGet: (keys) => told(() => batchGet(desk, keys)),
    put: (key, item, expiresAtMs) =>
      told(async () => {
        await documents.send(
          new PutCommand({
            TableName: table,
            Item: { ...item, ...(expiresAtMs === undefined ? {} : toExpiry(expiresAtMs)), ...key },
          }),
        );
      }),
    update: (wanted) => told(() => update(desk, wanted)),
    delete: (key) =>
      told(async () => {
        await documents.send(new DeleteCommand({ TableName: table, Key: { ...key } }));
      }),
    query: (pk, options = {}) => told(() => query(desk, pk, options)),
    ping: () =>
      told(async () => {
        await documents.send(new GetCommand({ TableName: table, Key: { pk: 'ping', sk: 'ping' } }));
      }),
    close: async () => client.destroy(),
  };
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
  for (let active = false; !active;) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
    active = Table?.TableStatus === 'ACTIVE';
  }
  await client.send(
    new UpdateTimeToLiveCommand({ TableName: table, TimeToLiveSpecification: { AttributeName: TTL, Enabled: true } }),
  );
}
