// The rooms keep to their one-way imports, no provider is named outside the catalog, and packages are used where they belong.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { providers } from '#catalog/index.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

function listFiles(folder: string): string[] {
  return readdirSync(join(root, folder)).flatMap((name) => {
    const path = `${folder}/${name}`;
    if (statSync(join(root, path)).isDirectory()) return name === 'node_modules' ? [] : listFiles(path);
    return /\.tsx?$/.test(name) ? [path] : [];
  });
}

/** The room a file belongs to; the single files of lambda/ are rooms of their own. */
function roomOf(path: string): string {
  const [top, second, third] = path.split('/');
  if (top !== 'lambda') return top ?? '';
  if (third !== undefined) return `lambda/${second}`;
  return /^(config|deps|app|main|clock)/.test(second ?? '')
    ? `lambda/${second?.replace(/[-.].*$/, '')}`
    : 'lambda/ports';
}

const pure = ['shared', 'zod'];
/** What each room may import: rooms, packages, and `node` for Node's own modules. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  shared: ['zod'],
  catalog: ['shared'],
  'lambda/wire': pure,
  'lambda/routing': pure,
  'lambda/ports': ['shared'],
  'lambda/store': [
    'lambda/ports',
    'shared',
    'node',
    'zod',
    '@aws-sdk/client-dynamodb',
    '@aws-sdk/client-kms',
    '@aws-sdk/lib-dynamodb',
    '@aws-sdk/util-dynamodb',
    '@aws-sdk/credential-provider-node',
    '@smithy/core',
    '@smithy/node-http-handler',
    '@smithy/signature-v4',
  ],
  'lambda/telemetry': [
    'lambda/ports',
    'shared',
    'node',
    '@opentelemetry/api',
    '@opentelemetry/exporter-trace-otlp-http',
    '@opentelemetry/resources',
    '@opentelemetry/sdk-trace',
  ],
  'lambda/http': ['lambda/ports', 'shared', 'node', 'google-auth-library'],
  'lambda/gateway': [
    'lambda/routing',
    'lambda/wire',
    'lambda/ports',
    'shared',
    'zod',
    'node',
    '@aws-sdk/credential-provider-node',
    '@smithy/core',
    '@smithy/signature-v4',
    'tiktoken',
    'mediabunny',
  ],
  'lambda/endpoints': [
    'lambda/gateway',
    'lambda/routing',
    'lambda/wire',
    'lambda/ports',
    'shared',
    'zod',
    'hono',
    'yaml',
    '@fastify/busboy',
  ],
  'lambda/plugins': ['lambda/wire', 'lambda/routing', 'lambda/ports', 'shared'],
  'lambda/config': ['lambda/routing', 'shared', 'zod'],
};

function importsOf(path: string): string[] {
  const text = readFileSync(join(root, path), 'utf8');
  return [...text.matchAll(/(?:\bfrom\s+|^import\s+|\bimport\()'([^']+)'/gm)].map((match) => match[1] ?? '');
}

function targetOf(path: string, name: string): string {
  if (name.startsWith('node:')) return 'node';
  if (name.startsWith('#')) return roomOf(name.slice(1));
  if (name.startsWith('.')) return roomOf(relative(root, resolve(root, dirname(path), name)));
  return name.startsWith('@') ? name.split('/').slice(0, 2).join('/') : (name.split('/')[0] ?? name);
}

const files = ['shared', 'catalog', 'lambda'].flatMap(listFiles);

describe('rooms', () => {
  it.each(files.filter((path) => roomOf(path) in allowed))('%s imports only what its room may', (path) => {
    const room = roomOf(path);
    const forbidden = importsOf(path).filter((name) => {
      const target = targetOf(path, name);
      return target !== room && !(allowed[room] ?? []).includes(target);
    });
    expect(forbidden).toEqual([]);
  });

  it('no provider is named in code outside the catalog', () => {
    // Dialects and wires carry the names of the formats they read; these words are theirs.
    // Clients call the formats of their settings by names of providers, too.
    const exempt = new Set(['shared/catalog.ts', 'shared/connect.ts']);
    const wireWords = readFileSync(join(root, 'shared/catalog.ts'), 'utf8');
    const ids = providers.map(({ id }) => id);
    const offenders = files
      .filter((path) => !path.startsWith('catalog/') && !path.startsWith('lambda/wire/') && !exempt.has(path))
      .flatMap((path) => {
        const text = readFileSync(join(root, path), 'utf8');
        return ids.filter((id) => text.includes(`'${id}'`) || text.includes(`"${id}"`)).map((id) => `${path}: ${id}`);
      });
    expect(wireWords).toContain('dialectIds');
    expect(offenders).toEqual([]);
  });

  it('nothing lies beside them', () => {
    const made = /^(\..*|node_modules|dist|dist\.lock|coverage|.*\.log)$/;
    const files = ['LICENSE', 'README.md', 'package-lock.json', 'package.json', 'tsconfig.base.json'];
    const rooms = ['catalog', 'docs', 'lambda', 'scripts', 'shared', 'tests', 'ui'];
    expect(readdirSync(root).filter((name) => !made.test(name) && ![...files, ...rooms].includes(name))).toEqual([]);
  });

  it('every file says its job in its first line', () => {
    const silent = files.filter((path) => !/^\/\/ \S/.test(readFileSync(join(root, path), 'utf8')));
    expect(silent).toEqual([]);
  });
});
