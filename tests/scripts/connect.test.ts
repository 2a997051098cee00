// What clients are told: every file keeps what it had, a second run changes nothing, and nothing is written unless asked.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { connectClients } from '#shared/connect.ts';
import { mergeFile } from '../../scripts/connect/merge.ts';

const target = { url: 'http://127.0.0.1:8787', apiKey: 'fwy_canary_key_0123456789', model: 'auto' };
const home = mkdtempSync(join(tmpdir(), 'freeway-connect-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const run = (...args: string[]) =>
  spawnSync(process.execPath, ['scripts/connect/main.ts', ...args, '--key', target.apiKey], {
    encoding: 'utf8',
    env: { ...process.env, HOME: home },
  });

const before: Readonly<Record<string, string>> = {
  json: '{"theme": "dark", "env": {"OTHER": "1"}, "provider": {"mine": {}}}',
  yaml: 'model: other\nmodels:\n  - name: Mine\n    provider: x\n  - name: Freeway\n    provider: old\n',
  env: 'OTHER=1\nexport GEMINI_API_KEY=old\n',
  toml: 'model = "gpt"\n\n[other]\nx = 1\n',
};

describe.each(Object.keys(connectClients))('%s', (id) => {
  const setup = connectClients[id]!(target);
  it('is told the URL and the key, in files or in steps', () => {
    const all = JSON.stringify(setup);
    expect([all.includes(target.url), all.includes(target.apiKey)]).toEqual([true, true]);
  });
  it.each(setup.files)('$path keeps what it had, and a second run changes nothing', (file) => {
    const once = mergeFile(before[file.format]!, file);
    expect(mergeFile(once, file)).toBe(once);
    expect(once).toMatch(
      { json: /"theme": "dark"/, yaml: /Mine/, env: /^OTHER=1$/m, toml: /\[other\]\nx = 1/ }[file.format],
    );
    expect(mergeFile(mergeFile('', file), file)).toBe(mergeFile('', file));
  });
});

it('Gemini CLI is told how it signs in, which it refuses to guess without a screen', () => {
  const { files } = connectClients['gemini-cli']!(target);
  const texts = Object.fromEntries(files.map((file) => [file.path, mergeFile('', file)]));
  expect(JSON.parse(texts['~/.gemini/settings.json'] ?? '{}')).toEqual({
    security: { auth: { selectedType: 'gemini-api-key' } },
  });
  expect(texts['~/.gemini/.env']).toContain(`GEMINI_API_KEY=${target.apiKey}`);
});

it('lists of models are laid together by name', () => {
  const [file] = connectClients['continue']!(target).files;
  const { models } = parse(mergeFile(before['yaml']!, file!)) as { models: { name: string; provider: string }[] };
  expect(models.map(({ name, provider }) => [name, provider])).toEqual([
    ['Mine', 'x'],
    ['Freeway', 'openai'],
  ]);
});

it('shows without writing, then writes with a copy, and hides the key on the screen', () => {
  const path = join(home, '.claude/settings.json');
  mkdirSync(join(home, '.claude'));
  writeFileSync(path, before['json']!);
  const shown = run('claude-code');
  expect([shown.status, readFileSync(path, 'utf8')]).toEqual([0, before['json']]);
  expect(shown.stdout).toMatch(/Would change .*settings\.json/);
  expect(shown.stdout).not.toContain(target.apiKey);
  expect(run('claude-code', '--write').status).toBe(0);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
    theme: 'dark',
    env: { OTHER: '1', ANTHROPIC_BASE_URL: target.url, ANTHROPIC_AUTH_TOKEN: target.apiKey },
  });
  const copy = readdirSync(join(home, '.claude')).find((name) => name.includes('before-freeway'));
  expect(readFileSync(join(home, '.claude', copy ?? ''), 'utf8')).toBe(before['json']);
  expect(run('codex', '--write').status).toBe(0);
  expect(statSync(join(home, '.codex/freeway.config.toml')).mode & 0o777).toBe(0o600);
});

it('leaves alone what it can not read, and names the clients it knows', () => {
  const path = join(home, '.config/opencode/opencode.json');
  mkdirSync(join(home, '.config/opencode'), { recursive: true });
  writeFileSync(path, '{ // mine\n}');
  const { status, stderr } = run('opencode', '--write');
  expect([status, readFileSync(path, 'utf8')]).toEqual([1, '{ // mine\n}']);
  expect(stderr).toMatch(/left alone/);
  expect(run('emacs').stderr).toMatch(/claude-code, codex/);
  expect(existsSync(join(home, '.gemini'))).toBe(false);
});
