// Serves the built web app: its two documents with their content security policies, and its hashed files for a year, compressed ahead of time.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import type { Exchange, Headers } from '../ports.ts';
import { mayBePage, type Site } from './pages.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
  '.ttf': 'font/ttf',
  '.webmanifest': 'application/manifest+json',
};

const policyOf = (directives: Readonly<Record<string, string>>): string =>
  Object.entries(directives)
    .map(([name, value]) => `${name} ${value}`.trim())
    .join('; ');

const strict = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self' data: blob:",
  'font-src': "'self'",
  'connect-src': "'self'",
  'media-src': "'self' blob:",
  'worker-src': "'self'",
  'frame-src': "'self'",
  'manifest-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'self'",
  'frame-ancestors': "'none'",
} as const;

const GOOGLE = 'https://accounts.google.com/gsi/';

const shared: Headers = {
  'cache-control': 'no-cache',
  'referrer-policy': 'strict-origin-when-cross-origin',
  'permissions-policy': 'microphone=(self), clipboard-write=(self), camera=(), geolocation=()',
};

/** The app loads nothing from anybody else, and nothing turns text into code or markup. It may send recordings to where they are uploaded. */
const toAppHeaders = (uploadsUrl: string | undefined): Headers => ({
  ...shared,
  'content-security-policy': policyOf({
    ...strict,
    ...(uploadsUrl === undefined ? {} : { 'connect-src': `'self' ${new URL(uploadsUrl).origin}` }),
    'require-trusted-types-for': "'script'",
    'trusted-types': 'fw-worker',
  }),
  'cross-origin-opener-policy': 'same-origin-allow-popups',
});

/** The sign-in page is the only one to load Google's script, which does not work under Trusted Types. */
const loginHeaders: Headers = {
  ...shared,
  'content-security-policy': policyOf({
    ...strict,
    'script-src': `'self' ${GOOGLE}client`,
    'style-src': `'self' ${GOOGLE}style`,
    'connect-src': `'self' ${GOOGLE}`,
    'frame-src': GOOGLE,
  }),
  'cross-origin-opener-policy': 'same-origin-allow-popups',
};

interface SiteFile {
  readonly headers: Headers;
  /** By content encoding, best first. */
  readonly bodies: readonly (readonly [encoding: string, bytes: Uint8Array])[];
}

const encodings = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;

/** File names with a hash never mean another content. */
const cacheOf = (path: string): string =>
  path.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'public, max-age=3600';

function headersOf(path: string, uploadsUrl: string | undefined): Headers {
  const type = { 'content-type': types[extname(path)] ?? 'application/octet-stream', vary: 'accept-encoding' };
  if (path === 'index.html') return { ...type, ...toAppHeaders(uploadsUrl) };
  if (path === 'login.html') return { ...type, ...loginHeaders };
  return { ...type, 'cache-control': cacheOf(path) };
}

function readSite(folder: string, uploadsUrl: string | undefined): ReadonlyMap<string, SiteFile> {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
  const known = new Set(paths);
  const files = new Map<string, SiteFile>();
  for (const path of paths) {
    if (types[extname(path)] === undefined) continue;
    const twins = encodings.filter(([, ending]) => known.has(path + ending));
    files.set(path, {
      headers: headersOf(path, uploadsUrl),
      bodies: [
        ...twins.map(([encoding, ending]) => [encoding, readFileSync(join(folder, path + ending))] as const),
        ['identity', readFileSync(join(folder, path))],
      ],
    });
  }
  return files;
}

function findFile(files: ReadonlyMap<string, SiteFile>, { path, headers }: Exchange): SiteFile | undefined {
  if (path === '/login') return files.get('login.html');
  const file = path.endsWith('.html') ? undefined : files.get(path.slice(1));
  if (file) return file;
  // The front door is a page for whoever knocks; behind it only browsers are taken to mean one.
  const wantsPage = path === '/' || ((headers['accept'] ?? '').includes('text/html') && !path.startsWith('/assets/'));
  return wantsPage ? files.get('index.html') : undefined;
}

function reply(exchange: Exchange, { headers, bodies }: SiteFile): void {
  const accepted = exchange.headers['accept-encoding'] ?? '';
  const [encoding, bytes] = bodies.find(([name]) => name === 'identity' || accepted.includes(name)) ?? ['', null];
  if (bytes === null) return;
  const coded = encoding === 'identity' ? {} : { 'content-encoding': encoding };
  const body = exchange.reply(200, { ...headers, ...coded, 'content-length': String(bytes.length) });
  if (exchange.method === 'HEAD') body.end();
  else body.end(bytes);
}

/** The web app built in a folder; where there is none, nothing is answered. Read into memory when it is first asked for. `uploadsUrl`: where else it may send recordings to. */
export function createSite(folder: string, uploadsUrl?: string): Site {
  let files: ReadonlyMap<string, SiteFile> | null = null;
  return (exchange) => {
    if (!mayBePage(exchange)) return false;
    if (files === null && existsSync(join(folder, 'index.html'))) files = readSite(folder, uploadsUrl);
    const file = files === null ? undefined : findFile(files, exchange);
    if (file === undefined) return false;
    reply(exchange, file);
    return true;
  };
}
