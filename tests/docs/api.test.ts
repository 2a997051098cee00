// Callers read of every URL, header, error and control there is.
import { describe, expect, it } from 'vitest';
import { toRoutes, type AppDeps } from '#lambda/app.ts';
import { callerErrorStatus } from '#shared/failures.ts';
import { namesIn, partOf, readText, textOf } from './sources.ts';

const page = readText('docs/api.md');
const code = `${textOf('lambda', /\.ts$/)}\n${textOf('shared', /\.ts$/)}`;

it('every URL stands in the page on the API, and no other', () => {
  // Only their paths are looked at, and no endpoint is asked.
  const routes = toRoutes({ chatWire: {} } as AppDeps).map(({ path }) => path.replace(/\/?:\w+$/, ''));
  const rows = namesIn(partOf('docs/api.md', '## What there is'), /^\| (.+?) +\|/gm).filter((row) => row.includes('`'));
  const told = rows.flatMap((row) => namesIn(row, /(\/[^`,\s]*)/g)).map((path) => path.replace(/\/?(?:\{.*)?$/, ''));
  const inner = ['/api/uploads', '/api'];
  expect(new Set(told)).toEqual(new Set(routes.filter((path) => !inner.includes(path))));
});

it('every header of ours stands there, and no other', () => {
  // Between a distribution and us; a prefix of controls, and one of these.
  const inner = ['x-freeway-edge', 'x-freeway-', 'x-freeway-max-wait-ms'];
  const written = namesIn(code, /['`](x-freeway-[a-z-]*)['`]/g).filter((name) => !inner.includes(name));
  expect(written.length).toBeGreaterThan(12);
  const told = namesIn(page, /(x-freeway-[a-z-]+)/g);
  expect(written.filter((name) => !told.includes(name))).toEqual([]);
  expect(told.filter((name) => !code.includes(name))).toEqual([]);
});

describe('errors', () => {
  const rows = [...partOf('docs/api.md', '## Errors').matchAll(/^\| ([\d, ]+?) +\| (.+?) +\|/gm)];
  const told = rows.flatMap(([, statuses = '', codes = '']) =>
    namesIn(codes, /`(\w+)`/g).map((name) => [name, statuses] as const),
  );

  it('are told each with its status', () => {
    expect(told.map(([name]) => name).toSorted()).toEqual(Object.keys(callerErrorStatus).toSorted());
    for (const [name, statuses] of told)
      expect(statuses.split(', '), name).toContain(String(callerErrorStatus[name as keyof typeof callerErrorStatus]));
  });
});

it('every control of a request stands there', () => {
  const schema =
    readText('lambda/gateway/asked-controls.ts').match(/controlsSchema = .*?strictObject\(\{(.*?)\n {2}\}\)/s)?.[1] ??
    '';
  const controls = namesIn(schema, /^ {4}(\w+):/gm);
  expect(controls.length).toBeGreaterThan(10);
  const told = partOf('docs/api.md', '## Controls of a request');
  expect(controls.filter((name) => !told.includes(`\`${name}\``))).toEqual([]);
});
