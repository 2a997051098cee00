// The built web app as it is served: pages with their policies, files compressed and kept for a year, and nothing that is the API's.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withSite, type Site } from '#lambda/http/pages.ts';
import { createSite } from '#lambda/http/site.ts';
import type { Exchange, Headers } from '#lambda/ports.ts';

const folder = mkdtempSync(join(tmpdir(), 'freeway-site-'));
const files: Readonly<Record<string, string>> = {
  'index.html': 'the app',
  'index.html.br': 'the app in br',
  'login.html': 'the sign-in page',
  'theme.js': 'theme',
  'icon.png': 'picture',
  'manifest.json': 'of the build',
  'assets/app-1a2b.js': 'code',
  'assets/app-1a2b.js.br': 'code in br',
  'assets/app-1a2b.js.gz': 'code in gzip',
};
let site: Site;
beforeAll(() => {
  mkdirSync(join(folder, 'assets'));
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  site = createSite(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  body: string;
}

function ask(path: string, headers: Headers = {}, method = 'GET'): Reply | null {
  let reply: Reply | null = null;
  const exchange: Exchange = {
    method,
    path,
    query: '',
    headers,
    remoteAddress: null,
    deadlineAtMs: null,
    body: () => Promise.reject(new Error('not read')),
    onGone: () => undefined,
    reply: (status, given) => {
      const made: Reply = { status, headers: given, body: '' };
      reply = made;
      const write = (part?: Uint8Array | string): boolean => {
        made.body += part === undefined ? '' : Buffer.from(part).toString();
        return true;
      };
      return { write, drained: () => Promise.resolve(), end: (last) => void write(last) };
    },
  };
  return site(exchange) ? reply : null;
}

const page = { accept: 'text/html,application/xhtml+xml' };

describe('pages', () => {
  it.each(['/', '/c/some-chat', '/settings', '/r/req_1', '/version'])('%s is the app', (path) => {
    const reply = ask(path, page);
    expect(reply).toMatchObject({ status: 200, body: 'the app' });
    expect(reply?.headers['cache-control']).toBe('no-cache');
  });

  it.each([{}, { accept: '*/*' }, { accept: 'application/json' }])('/ is the app for whoever sends %j', (headers) => {
    expect(ask('/', headers)).toMatchObject({ status: 200, body: 'the app' });
    expect(ask('/', headers, 'HEAD')).toMatchObject({ status: 200, body: '' });
  });

  it('the app may load nothing of others, and turn no text into code', () => {
    const policy = ask('/', page)?.headers['content-security-policy'] ?? '';
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toMatch(/unsafe|https?:/);
  });

  it("only the sign-in page may load Google's script", () => {
    const reply = ask('/login', page);
    expect(reply?.body).toBe('the sign-in page');
    expect(reply?.headers['content-security-policy']).toContain('https://accounts.google.com/gsi/client');
  });

  it.each(['/v1/models', '/api/session', '/health', '/metrics', '/openapi.json', '/v1beta/models', '/assets/gone.js'])(
    '%s is none, whoever asks',
    (path) => expect(ask(path, page)).toBeNull(),
  );

  it.each([
    ['/settings', {}, 'GET'],
    ['/', page, 'POST'],
    ['/manifest.json', {}, 'GET'],
    ['/../package.json', {}, 'GET'],
    ['/index.html.br', {}, 'GET'],
  ] as const)('%s with %j by %s is not answered', (path, headers, method) =>
    expect(ask(path, headers, method)).toBeNull(),
  );
});

describe('files', () => {
  it.each([
    ['gzip, deflate, br', 'br', 'code in br'],
    ['gzip', 'gzip', 'code in gzip'],
    ['', undefined, 'code'],
  ])('for those who accept %j are sent as %s', (accepted, encoding, body) => {
    const reply = ask('/assets/app-1a2b.js', { 'accept-encoding': accepted });
    expect(reply?.body).toBe(body);
    expect(reply?.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'accept-encoding',
      'content-length': String(body.length),
    });
    expect(reply?.headers['content-encoding']).toBe(encoding);
  });

  it('without a name of their own are asked for again before long', () => {
    expect(ask('/theme.js')?.headers['cache-control']).toBe('public, max-age=3600');
  });

  it('that are pictures are told as such: what is served may not be guessed at', () => {
    expect(ask('/icon.png')?.headers['content-type']).toBe('image/png');
  });

  it('are not sent to those who only want the head', () => {
    expect(ask('/assets/app-1a2b.js', {}, 'HEAD')).toMatchObject({ status: 200, body: '' });
  });
});

it('without a built app everything goes to the handler', async () => {
  const asked: string[] = [];
  const handler = withSite(
    () => createSite(join(folder, 'nowhere')),
    ({ path }) => {
      asked.push(path);
      return Promise.resolve();
    },
  );
  await handler({ method: 'GET', path: '/', headers: page } as unknown as Exchange);
  expect(asked).toEqual(['/']);
});
