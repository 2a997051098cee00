// Operators read of every variable there is, and of none that nobody reads.
import { expect, it } from 'vitest';
import { docs, namesIn, textOf } from './sources.ts';

const code = textOf('lambda', /\.ts$/);
const scripts = textOf('scripts', /\.m?ts$/);

/** Only for tests against an issuer of their own, and refused in production. */
const forTests = ['GOOGLE_CERTS_URL', 'GOOGLE_ISSUER'];

it('every variable that is read stands in the docs', () => {
  const read = namesIn(
    `${code}\n${textOf('scripts/connect', /\.ts$/)}`,
    /'((?:FREEWAY|GOOGLE|GGL|OTEL|ADMIN|ALLOWED|ALLOW|AWS_ENDPOINT|AWS_LAMBDA_HTTP)_[A-Z_0-9]+|PORT|HOST|AWS_(?:DEFAULT_)?REGION)'/g,
  );
  expect(read.length).toBeGreaterThan(30);
  const told = new Set(namesIn(docs, /\b([A-Z][A-Z_0-9]+)\b/g));
  expect(read.filter((name) => !told.has(name) && !forTests.includes(name))).toEqual([]);
});

it('every variable of ours that the docs name is read', () => {
  const everywhere = `${code}\n${scripts}\n${textOf('tests', /\.ts$/)}`;
  // What clients call it is theirs.
  const others = ['FREEWAY_KEY'];
  const told = namesIn(docs, /\b(FREEWAY_[A-Z_0-9]+)\b/g).filter((name) => !others.includes(name));
  expect(told.filter((name) => !everywhere.includes(name))).toEqual([]);
});
