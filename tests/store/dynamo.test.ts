// What is particular to the DynamoDB store: a service that is away, slow, overloaded or incomplete, and what it can't take.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Guard, Update } from '#shared/items.ts';
import { StoreUnavailable, type Store } from '#lambda/ports.ts';
import { createTableClient } from '#lambda/store/dynamo-client.ts';
import { createDynamoStore } from '#lambda/store/dynamo.ts';

const key = { pk: 'a', sk: 'b' };
const nothing: Update = { key, guards: [], add: {}, set: {}, remove: [] };
const opened: (() => void)[] = [];

afterEach(() => {
  vi.unstubAllEnvs();
  for (const close of opened.splice(0)) close();
});

type Reply = readonly [status: number, body: unknown];

/** A service that says what it is told to, one reply after the other, the last for ever; null: it keeps silent. */
async function startService(replies: readonly (Reply | null)[]): Promise<{ endpoint: string; asked: unknown[] }> {
  const asked: unknown[] = [];
  const server: Server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += String(chunk)));
    request.on('end', () => {
      const reply = replies[Math.min(asked.length, replies.length - 1)];
      asked.push(JSON.parse(text));
      if (!reply) return;
      response.writeHead(reply[0], { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(reply[1]));
    });
  });
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  opened.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

function createStore(endpoint: string, { attempts = 1, patienceMs = 5_000 } = {}): Store {
  const credentials = () => Promise.resolve({ accessKeyId: 'a', secretAccessKey: 'b' });
  const client = createTableClient({ endpoint, region: 'us-east-1', credentials, attempts });
  return createDynamoStore({ table: 'books', client, patienceMs });
}

const toError = (name: string): Reply => [
  400,
  { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'arn:aws:iam::123456789012:role/x' },
];

describe('a service in trouble', () => {
  it('that nobody answers for is unavailable, by every way of asking', async () => {
    const store = createStore('http://127.0.0.1:1');
    const ways = [
      () => store.get(key),
      () => store.batchGet([key]),
      () => store.put(key, { n: 1 }),
      () => store.update(nothing),
      () => store.delete(key),
      () => store.query('a'),
      () => store.ping(),
    ];
    for (const ask of ways) await expect(ask()).rejects.toThrow(StoreUnavailable);
    await expect(store.ping()).rejects.toThrow(/table "books" can't be used \(ECONNREFUSED\)/);
  });

  it('is found where the environment says', async () => {
    const { endpoint, asked } = await startService([[200, {}]]);
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', endpoint);
    vi.stubEnv('AWS_REGION', 'us-east-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'a');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'b');
    const store = createDynamoStore({ table: 'books' });
    expect(await store.get(key)).toBeNull();
    expect(asked).toEqual([{ TableName: 'books', Key: { pk: { S: 'a' }, sk: { S: 'b' } } }]);
    await store.close();
  });

  it('that keeps silent is given up when patience ends, all attempts together', async () => {
    const { endpoint, asked } = await startService([null]);
    await expect(createStore(endpoint, { attempts: 5, patienceMs: 600 }).update(nothing)).rejects.toThrow(
      StoreUnavailable,
    );
    expect(asked).toHaveLength(1);
  });

  it.each([
    ['ProvisionedThroughputExceededException', /tried again/],
    ['ThrottlingException', /tried again/],
    ['RequestLimitExceeded', /tried again/],
    ['ResourceNotFoundException', /does not exist/],
    ['AccessDeniedException', /permissions/],
    ['UnrecognizedClientException', /credentials/],
  ])('says %s, and we say what to do without naming accounts', async (name, advice) => {
    const { endpoint } = await startService([toError(name)]);
    const fault = await createStore(endpoint)
      .get(key)
      .catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(StoreUnavailable);
    expect(String(fault)).toMatch(advice);
    expect(String(fault)).not.toMatch(/arn|1234/);
  });

  it('is asked once more after a fault of its own', async () => {
    const { endpoint, asked } = await startService([
      [500, {}],
      [200, { Item: { pk: { S: 'a' }, sk: { S: 'b' }, n: { N: '4' } } }],
    ]);
    expect(await createStore(endpoint, { attempts: 2 }).get(key)).toEqual({ n: 4 });
    expect(asked).toHaveLength(2);
  });

  it('does not hide faults of ours', async () => {
    const { endpoint } = await startService([toError('ValidationException')]);
    await expect(createStore(endpoint).get(key)).rejects.not.toBeInstanceOf(StoreUnavailable);
  });
});

describe('a batch that comes back incomplete', () => {
  const toRow = (pk: string) => ({ pk: { S: pk }, sk: { S: 's' }, name: { S: pk } });
  const rest = (pk: string) => ({ books: { Keys: [{ pk: { S: pk }, sk: { S: 's' } }] } });

  it('is asked for the rest', async () => {
    const { endpoint, asked } = await startService([
      [200, { Responses: { books: [toRow('one')] }, UnprocessedKeys: rest('two') }],
      [200, { Responses: { books: [toRow('two')] }, UnprocessedKeys: {} }],
    ]);
    const keys = ['two', 'one'].map((pk) => ({ pk, sk: 's' }));
    expect(await createStore(endpoint).batchGet(keys)).toEqual([{ name: 'two' }, { name: 'one' }]);
    expect(asked[1]).toEqual({ RequestItems: rest('two') });
  });

  it('again and again means overload', async () => {
    const { endpoint, asked } = await startService([[200, { Responses: {}, UnprocessedKeys: rest('one') }]]);
    await expect(createStore(endpoint).batchGet([{ pk: 'one', sk: 's' }])).rejects.toThrow(/overloaded/);
    expect(asked).toHaveLength(4);
  });

  it('never asks for more than a hundred at once', async () => {
    const { endpoint, asked } = await startService([[200, { Responses: {}, UnprocessedKeys: {} }]]);
    await createStore(endpoint).batchGet(Array.from({ length: 250 }, (_, index) => ({ pk: `${index}`, sk: 's' })));
    const sizes = asked.map(
      (body) => (body as { RequestItems: { books: { Keys: [] } } }).RequestItems.books.Keys.length,
    );
    expect(sizes.sort((a, b) => b - a)).toEqual([100, 100, 50]);
  });
});

describe('an item', () => {
  it('that has expired is cleared away only as long as nobody has renewed it, and the update judged anew', async () => {
    const expired = { pk: { S: 'a' }, sk: { S: 'b' }, n: { N: '9' }, _expires: { N: '1000' } };
    const renewed = { ...expired, n: { N: '2' }, _expires: { N: '9000000000000' } };
    const failed = '#ConditionalCheckFailedException';
    const { endpoint, asked } = await startService([
      [400, { __type: failed, Item: expired }],
      [400, { __type: failed }],
      [200, { Attributes: renewed }],
    ]);
    expect(await createStore(endpoint).update({ ...nothing, add: { n: 1 } })).toEqual({
      applied: true,
      item: { n: 2 },
    });
    const [first, cleared, again] = asked as Record<string, unknown>[];
    expect(cleared).toMatchObject({
      Key: { pk: { S: 'a' }, sk: { S: 'b' } },
      ConditionExpression: '#expires <= :now',
      ExpressionAttributeNames: { '#expires': '_expires' },
    });
    expect(again?.['UpdateExpression']).toBe(first?.['UpdateExpression']);
    expect(asked).toHaveLength(3);
  });

  it('tells DynamoDB in whole seconds when it may be deleted, and not before its time', async () => {
    const { endpoint, asked } = await startService([[200, {}]]);
    await createStore(endpoint).put(key, { n: 1 }, 1_795_000_000_001);
    expect((asked[0] as { Item: object }).Item).toEqual({
      pk: { S: 'a' },
      sk: { S: 'b' },
      n: { N: '1' },
      _ttl: { N: '1795000001' },
      _expires: { N: '1795000000001' },
    });
  });

  it('is read as it was just written by whoever wants it fresh, and else for half the price', async () => {
    const { endpoint, asked } = await startService([[200, {}]]);
    const store = createStore(endpoint);
    await store.get(key, true);
    await store.get(key);
    await store.query('a', { fresh: true });
    await store.query('a');
    const wanted = asked.map((one) => (one as { ConsistentRead?: boolean }).ConsistentRead);
    expect(wanted).toEqual([true, undefined, true, undefined]);
  });
});

describe('a page', () => {
  it('goes on where DynamoDB has stopped short of it, and asks for no more than it needs', async () => {
    const toRow = (sk: string) => ({ pk: { S: 'a' }, sk: { S: sk }, n: { N: '1' } });
    const stop = { LastEvaluatedKey: { pk: { S: 'a' }, sk: { S: '1' } } };
    const { endpoint, asked } = await startService([
      [200, { Items: [toRow('1')], ...stop }],
      [200, { Items: [], ...stop }],
      [200, { Items: [toRow('2'), toRow('3')] }],
    ]);
    const { items, next } = await createStore(endpoint).query('a', { limit: 2 });
    expect([items.map((one) => one.key.sk), next]).toEqual([['1', '2'], '2']);
    expect(asked.map((one) => (one as { Limit: number }).Limit)).toEqual([3, 2, 2]);
    expect(asked[1]).toMatchObject({ ExclusiveStartKey: stop.LastEvaluatedKey });
  });
});

describe('what DynamoDB would refuse', () => {
  it('is refused before it is sent: expressions that are too long or too involved', async () => {
    const { endpoint, asked } = await startService([[200, {}]]);
    const store = createStore(endpoint);
    const add = Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`n${index}`, index]));
    await expect(store.update({ ...nothing, add })).rejects.toThrow(/Split the pools/);
    const toGuards = (count: number): Guard[] =>
      Array.from({ length: count }, (_, index) => ({ attr: `n${index}`, is: 'atMost', value: 1, orAbsent: true }));
    await expect(store.update({ ...nothing, guards: toGuards(75) })).rejects.toThrow(/303 operators/);
    expect(asked).toEqual([]);
    await store.update({ ...nothing, guards: toGuards(74) });
    expect(asked).toHaveLength(1);
  });

  it('never includes names, which travel apart from the expression', async () => {
    const { endpoint, asked } = await startService([[200, {}]]);
    await createStore(endpoint).update({
      ...nothing,
      set: { 'size of #:x': 1 },
      add: { select: 2 },
      remove: ['a.b[0]'],
    });
    const sent = asked[0] as { UpdateExpression: string; ExpressionAttributeNames: Record<string, string> };
    expect(sent.UpdateExpression).toMatch(/^SET #\w=:\w ADD #\w :\w REMOVE #\w$/);
    expect(Object.values(sent.ExpressionAttributeNames)).toEqual(['_expires', 'size of #:x', 'select', 'a.b[0]']);
  });
});
