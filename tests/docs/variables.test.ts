// Operators read of every variable there is, and of none that nobody reads.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const textOf = (folder: string, ending: RegExp): string =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => ending.test(path) && !path.includes('node_modules'))
    .map((path) => readFileSync(join(root, folder, path), 'utf8'))
    .join('\n');

const code = textOf('lambda', /\.ts$/);
const docs = `${readFileSync(join(root, 'README.md'), 'utf8')}\n${textOf('docs', /\.md$/)}`;
const namesIn = (text: string, pattern: RegExp): string[] =>
  [...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? ''))].toSorted();

/** Only for tests against an issuer of their own, and refused in production. */
const forTests = ['GOOGLE_CERTS_URL', 'GOOGLE_ISSUER'];

it('every variable that is read stands in the docs', () => {
  const read = namesIn(code, /'((?:FREEWAY|GOOGLE|OTEL|ADMIN|ALLOWED|AWS_ENDPOINT)_[A-Z_0-9]+)'/g);
  expect(read.length).toBeGreaterThan(25);
  const told = new Set(namesIn(docs, /\b([A-Z][A-Z_0-9]+)\b/g));
  expect(read.filter((name) => !told.has(name) && !forTests.includes(name))).toEqual([]);
});

it('every variable of ours that the docs name is read', () => {
  const everywhere = `${code}\n${textOf('scripts', /\.m?ts$/)}\n${textOf('tests', /\.ts$/)}`;
  // What clients call it is theirs.
  const others = ['FREEWAY_KEY'];
  const told = namesIn(docs, /\b(FREEWAY_[A-Z_0-9]+)\b/g).filter((name) => !others.includes(name));
  expect(told.filter((name) => !everywhere.includes(name))).toEqual([]);
});
