// The web app's own one-way imports: features never know each other, what is shared knows no feature, and no provider is named.
import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { providers } from '#catalog/index.ts';
import { listFiles } from '../../scripts/ui/files.ts';

const source = fileURLToPath(new URL('../../ui/src', import.meta.url));
const files = listFiles(source).filter((path) => /\.tsx?$/.test(path));
const read = (path: string): string => readFileSync(join(source, path), 'utf8');

/** `features/chat`, or the top folder of what is no feature. */
const roomOf = (path: string): string =>
  path
    .split('/')
    .slice(0, path.startsWith('features/') ? 2 : 1)
    .join('/');

/** What each kind of room may import of the others. */
function mayImport(room: string, target: string): boolean {
  if (room === target) return true;
  if (room === 'lib') return false;
  if (room === 'components') return target === 'lib';
  if (room.startsWith('features/') || room === 'login') return target === 'lib' || target === 'components';
  return true;
}

function importsOf(path: string): string[] {
  return [...read(path).matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');
}

describe('rooms of the web app', () => {
  it.each(files)('%s imports only what its room may', (path) => {
    const forbidden = importsOf(path).filter((name) => {
      if (name.startsWith('#')) return !/^#(shared|catalog)\//.test(name);
      if (!name.startsWith('.')) return name.startsWith('node:');
      return !mayImport(roomOf(path), roomOf(relative(source, resolve(source, dirname(path), name))));
    });
    expect(forbidden).toEqual([]);
  });

  it('no provider is named', () => {
    // This one names no vendor: it stands for any endpoint somebody adds.
    const ids = providers.map(({ id }) => id).filter((id) => id !== 'openai-compatible');
    // Snippets import official clients, which are called like the formats they speak.
    const offenders = files
      .filter((path) => path !== 'features/keys/snippets.ts')
      .flatMap((path) => ids.filter((id) => read(path).includes(`'${id}'`)).map((id) => `${path}: ${id}`));
    expect(offenders).toEqual([]);
  });

  it('every file says its job in its first line', () => {
    expect(files.filter((path) => !/^\/\/ \S/.test(read(path)))).toEqual([]);
  });
});
