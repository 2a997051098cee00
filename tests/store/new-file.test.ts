// Files that are made once: whole or not at all, for nobody else to read, and never in place of one that is there.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { makeOnce } from '#lambda/store/new-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'freeway-once-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('makes it for its owner alone, leaves nothing else behind, and lets the first one stand', () => {
  const path = join(folder, 'sub', 'key');
  makeOnce(path, 'one');
  makeOnce(path, 'two');
  expect(readFileSync(path, 'utf8')).toBe('one');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(folder, 'sub'))).toEqual(['key']);
});

it('leaves nothing where it fails', () => {
  expect(() => makeOnce(join(folder, 'sub', 'key', 'below-a-file'), 'text')).toThrow(/ENOTDIR|EEXIST/);
  expect(readdirSync(folder)).toEqual(['sub']);
});
