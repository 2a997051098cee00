// A bucket as S3 keeps it: objects by presigned URLs alone, whose signatures are computed here a second time and must agree.
import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Bucket {
  /** Environment that leads the function to this bucket. */
  readonly env: Readonly<Record<string, string>>;
  readonly objects: ReadonlyMap<string, Buffer>;
  /** Requests that were refused, with why. */
  readonly refused: readonly string[];
  /** Ranges that were read, bytes each. */
  readonly reads: readonly number[];
  readonly close: () => Promise<void>;
}

const KEYS = { id: 'local', secret: 'local' };
const NAME = 'recordings';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

/** Why the signature is not good; null when it is. */
function judge(request: IncomingMessage, url: URL): string | null {
  const query = url.searchParams;
  const date = query.get('X-Amz-Date') ?? '';
  const [id, day, region, service] = (query.get('X-Amz-Credential') ?? '').split('/');
  if (query.get('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256' || id !== KEYS.id || service !== 's3') return 'not signed';
  const at = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!(at + Number(query.get('X-Amz-Expires')) * 1_000 > Date.now())) return 'expired';
  const signed = (query.get('X-Amz-SignedHeaders') ?? '').split(';');
  const canonical = [
    request.method,
    url.pathname.split('/').map(encode).join('/'),
    [...query]
      .filter(([name]) => name !== 'X-Amz-Signature')
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .sort()
      .join('&'),
    ...signed.map((name) => `${name}:${String(request.headers[name] ?? '').trim()}`),
    '',
    signed.join(';'),
    'UNSIGNED-PAYLOAD',
  ].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const key = ['aws4_request'].reduce(
    (last, text) => hmac(last, text),
    hmac(hmac(hmac(`AWS4${KEYS.secret}`, day ?? ''), region ?? ''), 's3'),
  );
  const right = hmac(key, ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')).toString('hex');
  return query.get('X-Amz-Signature') === right ? null : 'another signature';
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

interface Keeping {
  readonly objects: Map<string, Buffer>;
  readonly reads: number[];
}

function serveObject({ objects, reads }: Keeping, request: IncomingMessage, response: ServerResponse): void {
  const key = new URL(request.url ?? '', 'http://bucket').pathname;
  const object = objects.get(key);
  if (request.method === 'DELETE') {
    objects.delete(key);
    return void response.writeHead(204).end();
  }
  // Who may not list is not told that something is missing.
  if (object === undefined) return void response.writeHead(403).end();
  if (request.method === 'HEAD') return void response.writeHead(200, { 'content-length': object.length }).end();
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  const part = from === undefined ? object : object.subarray(Number(from), Number(to) + 1);
  reads.push(part.length);
  response.writeHead(from === undefined ? 200 : 206, { 'content-length': part.length }).end(part);
}

/** Opens an empty bucket on a free port. */
export async function openBucket(): Promise<Bucket> {
  const objects = new Map<string, Buffer>();
  const refused: string[] = [];
  const reads: number[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://bucket');
    const why = judge(request, url);
    if (why !== null) {
      refused.push(`${request.method} ${url.pathname}: ${why}`);
      request.resume();
      return void response.writeHead(403).end();
    }
    if (request.method !== 'PUT') return serveObject({ objects, reads }, request, response);
    const take = async (): Promise<void> => {
      objects.set(url.pathname, await readAll(request));
      response.writeHead(200).end();
    };
    take().catch(() => response.destroy());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    env: {
      FREEWAY_UPLOADS_BUCKET: NAME,
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: KEYS.id,
      AWS_SECRET_ACCESS_KEY: KEYS.secret,
    },
    objects,
    refused,
    reads,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
