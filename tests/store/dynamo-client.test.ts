// Our own way to DynamoDB: signatures against those of the SDK, and what becomes of a call when the network, the clock or the environment is not as it should be.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterEach, describe, expect, it } from 'vitest';
import { AwsRefusal } from '#lambda/store/aws-json.ts';
import { toSignedHeaders } from '#lambda/store/aws-signature.ts';
import { createTableClient, openTableClient, type TableClient } from '#lambda/store/dynamo-client.ts';

const opened: (() => void)[] = [];
afterEach(() => {
  for (const close of opened.splice(0)) close();
});

type Act = (response: ServerResponse, request: IncomingMessage) => void;
const answer =
  (status: number, body: unknown, headers: Record<string, string> = {}): Act =>
  (response) =>
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));

/** Ends in the middle of its reply. */
const cut: Act = (response) => {
  response.writeHead(200, { 'content-length': '9' }).write('{', () => response.destroy());
};

interface Service {
  readonly endpoint: string;
  readonly heads: Record<string, string | undefined>[];
  readonly sockets: Set<Socket>;
}

/** A service that does one thing after the other, the last for ever. */
async function startService(...acts: Act[]): Promise<Service> {
  const heads: Service['heads'] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      const act = acts[Math.min(heads.length, acts.length - 1)];
      heads.push(request.headers as Record<string, string>);
      act?.(response, request);
    });
  });
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening));
  opened.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heads, sockets };
}

const keys = { accessKeyId: 'AKID', secretAccessKey: 'secret' };

function open(
  { endpoint }: Service,
  more: { attempts?: number; now?: () => number; requestMs?: number } = {},
): TableClient {
  const client = createTableClient({ endpoint, region: 'eu-west-1', credentials: async () => keys, ...more });
  opened.push(client.close);
  return client;
}

const ask = (client: TableClient, patienceMs = 60_000): Promise<unknown> =>
  client.ask('GetItem', { TableName: 'books' }, AbortSignal.timeout(patienceMs));

describe('signatures', () => {
  const cases = [
    ['of fixed keys', keys, '{"TableName":"books"}'],
    ['of temporary keys', { ...keys, sessionToken: 'token+/=' }, '{"text":"größer \\u0000"}'],
  ] as const;
  it.each(cases)('%s are those of the SDK', async (_, credentials, body) => {
    const atMs = Date.UTC(2026, 10, 21, 23, 59, 59, 987);
    const host = 'dynamodb.eu-west-1.amazonaws.com';
    const contentType = 'application/x-amz-json-1.0';
    const of = { service: 'dynamodb', contentType, target: 'DynamoDB_20120810.GetItem' };
    const ours = toSignedHeaders({ host, region: 'eu-west-1', credentials, atMs, body, ...of });
    const { authorization: _ours, 'x-amz-security-token': _token, ...headers } = ours;
    const signer = new SignatureV4({
      credentials,
      region: 'eu-west-1',
      service: 'dynamodb',
      sha256: Sha256,
      applyChecksum: false,
    });
    const request = { method: 'POST', protocol: 'https:', hostname: host, path: '/', query: {}, headers, body };
    const theirs = await signer.sign(request, { signingDate: new Date(atMs) });
    expect(ours).toEqual(theirs.headers);
  });
});

describe('a call', () => {
  it('is sent once more when its connection breaks, and then on a new one', async () => {
    const service = await startService(
      answer(200, {}),
      (_, { socket }) => socket.destroy(),
      answer(200, { Item: { n: { N: '1' } } }),
    );
    const client = open(service);
    await ask(client);
    expect(await ask(client)).toEqual({ Item: { n: { N: '1' } } });
    expect([service.heads.length, service.sockets.size]).toEqual([3, 2]);
  });

  it('goes out anew where one connection is dead, though there were others: a freeze has ended all of them', async () => {
    const dead = new Set<Socket>();
    const service = await startService((response, { socket }) => {
      if (!dead.has(socket)) response.writeHead(200).end('{"Item":{}}');
    });
    const client = open(service, { requestMs: 300 });
    await Promise.all([ask(client), ask(client), ask(client)]);
    expect(service.sockets.size).toBe(3);
    for (const socket of service.sockets) dead.add(socket);
    expect(await ask(client)).toEqual({ Item: {} });
    expect([service.heads.length, service.sockets.size]).toEqual([5, 4]);
  });

  it('goes out on a connection that is kept', async () => {
    const service = await startService(answer(200, {}));
    const client = open(service);
    for (let asked = 0; asked < 3; asked++) await ask(client);
    expect(service.sockets.size).toBe(1);
  });

  it.each([
    ['an overloaded table', answer(400, { __type: 'x#ProvisionedThroughputExceededException' }), 2],
    ['a fault of the service', answer(500, 'oops'), 2],
    ['a reply that breaks off', cut, 2],
    ['a refusal', answer(400, { __type: 'x#AccessDeniedException' }), 1],
    ['a reply that is none', answer(200, '<html>'), 1],
  ])('that meets %s', async (_, act, times) => {
    const service = await startService(act);
    await expect(ask(open(service))).rejects.toThrow(Error);
    expect(service.heads).toHaveLength(times);
  });

  it('tells by what a condition was judged', async () => {
    const Item = { n: { N: '5' } };
    const service = await startService(answer(400, { __type: 'x#ConditionalCheckFailedException', Item }));
    const refusal = await ask(open(service)).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(AwsRefusal);
    expect(refusal).toMatchObject({ name: 'ConditionalCheckFailedException', told: { Item } });
  });

  it('whose reply never ends is given up, and tried once more', async () => {
    const service = await startService((response) => void response.writeHead(200).write('{'), answer(200, {}));
    expect(await ask(open(service))).toEqual({});
  });

  it('ends with the patience of whoever asked', async () => {
    const service = await startService(() => undefined);
    await expect(ask(open(service), 300)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    expect(service.heads).toHaveLength(1);
  });

  it('is signed anew by the clock of AWS when ours is wrong, and so are those after it', async () => {
    const date = new Date(Date.UTC(2026, 10, 21, 12)).toUTCString();
    const late = answer(400, { __type: 'x#InvalidSignatureException' }, { date });
    const service = await startService(late, answer(200, {}));
    const client = open(service, { now: () => Date.UTC(2026, 10, 21, 9) });
    await ask(client);
    await ask(client);
    expect(service.heads.map((head) => head['x-amz-date'])).toEqual([
      '20261121T090000Z',
      '20261121T120000Z',
      '20261121T120000Z',
    ]);
  });

  it('with a wrong key is not tried again', async () => {
    const wrong = answer(400, { __type: 'x#InvalidSignatureException' });
    const service = await startService(wrong);
    await expect(ask(open(service))).rejects.toMatchObject({ name: 'InvalidSignatureException' });
    expect(service.heads).toHaveLength(1);
  });
});

describe('the environment', () => {
  const credentials = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 's' };

  it('names region, endpoint and credentials', async () => {
    const service = await startService(answer(200, {}));
    const env = { ...credentials, AWS_SESSION_TOKEN: 'temporary', AWS_REGION: 'eu-north-1' };
    const client = openTableClient({ ...env, AWS_ENDPOINT_URL_DYNAMODB: service.endpoint });
    await ask(client);
    client.close();
    expect(service.heads[0]).toMatchObject({
      authorization: expect.stringMatching(/^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-north-1\/dynamodb\//),
      'x-amz-security-token': 'temporary',
      'x-amz-target': 'DynamoDB_20120810.GetItem',
    });
  });

  it('without a region says so', () => {
    expect(() => openTableClient(credentials)).toThrow(/Set AWS_REGION/);
  });

  it('without keys leaves it to the SDK to find some', async () => {
    const service = await startService(answer(200, {}));
    const told = await startService(
      answer(200, { AccessKeyId: 'ROLE', SecretAccessKey: 's', Token: 't', Expiration: '2099-01-01T00:00:00Z' }),
    );
    process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] = `${told.endpoint}/role`;
    try {
      const client = openTableClient({ AWS_ENDPOINT_URL_DYNAMODB: service.endpoint });
      await ask(client);
      await ask(client);
      client.close();
    } finally {
      delete process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'];
    }
    expect(service.heads[1]?.['authorization']).toContain('Credential=ROLE/');
    expect(told.heads).toHaveLength(1);
  });
});
