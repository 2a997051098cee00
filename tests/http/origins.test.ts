// Whom browsers are told to let call: origins that were named, at the API's own paths, with what a reply depended on before.
import { expect, it } from 'vitest';
import { withOrigins } from '#lambda/http/origins.ts';
import type { Exchange, Headers } from '#lambda/ports.ts';

const SITE = 'https://chat.example.com';

interface Seen {
  readonly status: number;
  readonly headers: Headers;
  /** Whether the handler behind was asked. */
  readonly reached: boolean;
}

async function ask(
  origins: readonly string[],
  { method = 'POST', path = '/v1/chat/completions', headers = {}, given = {} }: Partial<Exchange> & { given?: Headers },
): Promise<Seen> {
  let told: { status: number; headers: Headers } | null = null;
  let reached = false;
  const exchange = {
    method,
    path,
    headers,
    reply: (status: number, headers: Headers) => {
      told = { status, headers };
      return { end: () => undefined };
    },
    body: () => new Uint8Array(),
    onGone: () => undefined,
  } as unknown as Exchange;
  await withOrigins(origins, async (inner) => {
    reached = true;
    inner.reply(200, given).end();
  })(exchange);
  if (told === null) throw new Error('nothing was replied');
  return { ...(told as { status: number; headers: Headers }), reached };
}

const ahead = {
  method: 'OPTIONS',
  headers: {
    origin: SITE,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type,x-stainless-lang',
  },
};

it('a named origin is told so in every reply, beside what the reply varied by already', async () => {
  const { headers, reached } = await ask([SITE], { headers: { origin: SITE }, given: { vary: 'accept', 'x-a': '1' } });
  expect(reached).toBe(true);
  expect(headers).toEqual({
    'x-a': '1',
    'access-control-allow-origin': SITE,
    'access-control-expose-headers': '*',
    vary: 'accept, origin',
  });
});

it('where every page may, none is told by name', async () => {
  const { headers } = await ask(['*'], { headers: { origin: 'null' } });
  expect(headers).toEqual({ 'access-control-allow-origin': '*', 'access-control-expose-headers': '*' });
});

it('a browser that asks beforehand is answered at once, with the headers it asked for', async () => {
  expect(await ask([SITE], ahead)).toEqual({
    status: 204,
    reached: false,
    headers: {
      'access-control-allow-origin': SITE,
      vary: 'origin, access-control-request-headers',
      'access-control-allow-methods': 'GET, POST, DELETE',
      'access-control-allow-headers': 'authorization,content-type,x-stainless-lang',
      'access-control-max-age': '7200',
    },
  });
});

it('a page of the internet may call a machine at home where it was named', async () => {
  const headers = { ...ahead.headers, 'access-control-request-private-network': 'true' };
  expect((await ask([SITE], { ...ahead, headers })).headers['access-control-allow-private-network']).toBe('true');
});

it.each([
  ['another origin', { headers: { origin: 'https://chat.example.com.evil.test' } }],
  ['the same without encryption', { headers: { origin: 'http://chat.example.com' } }],
  ['no page at all', {}],
  ['the API of the web app', { path: '/api/keys', headers: { origin: SITE } }],
  ['counts', { path: '/metrics', headers: { origin: SITE } }],
  ['another origin that asks beforehand', { ...ahead, headers: { ...ahead.headers, origin: 'https://evil.test' } }],
  ['OPTIONS that asks nothing beforehand', { method: 'OPTIONS', headers: {} }],
])('%s fares as ever', async (_, asked) => {
  expect(await ask([SITE], asked)).toEqual({ status: 200, headers: {}, reached: true });
});

it.each(['/v1/models', '/v1beta/models/auto:generateContent', '/api/v1/chat/completions', '/chat/completions'])(
  'pages may call %s',
  async (path) => {
    const { headers } = await ask([SITE], { path, headers: { origin: SITE } });
    expect(headers['access-control-allow-origin']).toBe(SITE);
  },
);
