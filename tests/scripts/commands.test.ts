// Commands say how they are used when they are asked, and what is wrong when they are misused, before they do anything.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'freeway-commands-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Nobody waits longer for a word about how a command is used. */
const PATIENCE_MS = 60_000;

function run(script: string, args: readonly string[]): { status: number | null; out: string; problem: string } {
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    FREEWAY_DATA: join(folder, 'data'),
    FREEWAY_DEMO: 'off',
    PORT: '0',
  };
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'scripts', script), ...args], {
    cwd: root,
    env,
    encoding: 'utf8',
    timeout: PATIENCE_MS,
  });
  return { status, out: stdout, problem: stderr };
}

const commands = [
  ['backup', 'backup.ts'],
  ['bench', 'bench/main.ts'],
  ['build', 'build.ts'],
  ['catalog', 'catalog/main.ts'],
  ['connect', 'connect/main.ts'],
  ['deploy', 'deploy/main.ts'],
  ['migrate', 'migrate.ts'],
  ['race', 'race/main.ts'],
  ['simulate', 'simulate/main.ts'],
  ['wall', 'wall/main.ts'],
] as const;

describe.each(commands)('npm run %s', (name, script) => {
  it('tells how it is used', () => {
    const { status, out, problem } = run(script, ['--help']);
    expect({ status, problem }).toEqual({ status: 0, problem: '' });
    expect(out).toContain(`npm run ${name}`);
  });

  it('refuses an option it does not know, and tells which there are', () => {
    const { status, out, problem } = run(script, ['--nonsense']);
    expect({ status, out }).toEqual({ status: 1, out: '' });
    expect(problem).toMatch(/^Unknown option '--nonsense'\.?\n/);
    expect(problem).toContain(`npm run ${name}`);
    expect(problem).not.toMatch(/^ +at /m);
  });
});

describe('what is wrong is told in a sentence', () => {
  it.each([
    ['backup.ts', [], /^Name the file .*npm run backup/s],
    ['backup.ts', ['a', 'b'], /^One file .*npm run backup/s],
    ['migrate.ts', [], /^Name the file .*npm run migrate/s],
    ['migrate.ts', ['/nowhere/at-all.env'], /"\/nowhere\/at-all\.env" can't be read: ENOENT/],
    ['connect/main.ts', [], /^Name a client.*claude-code/s],
    ['connect/main.ts', ['netscape'], /^There is no client "netscape".*claude-code/s],
    [
      'connect/main.ts',
      ['aider', '--key', 'k', '--url', 'localhost:8787'],
      /^--url is "localhost:8787", but must be an address such as http:/,
    ],
    ['migrate.ts', ['rotate-masterkey'], /or what to do: rotate-master-key, forget-lost-secrets/],
    ['simulate/main.ts', ['--seeds', 'x'], /^--seeds is "x", but must be a whole number, 1 or more/],
    ['race/main.ts', ['--only', 'mysql'], /^--only is "mysql", but must be sqlite or dynamodb/],
    ['race/main.ts', ['--skew', 'x'], /^--skew is "x", but must be a number of milliseconds/],
    ['wall/main.ts', ['--surface', 'fax'], /^--surface is "fax", but must be one of chat, /],
    ['wall/main.ts', ['--load', 'x'], /^--load takes minutes, not "x"/],
    ['catalog/main.ts', ['--from', '/nowhere/list.json'], /^\/nowhere\/list\.json can't be read: ENOENT/],
    ['start.mjs', ['--port', '8080'], /"--port" is no option of a start.*PORT=8080 npm start/],
  ] as const)('%s %j', (script, args, expected) => {
    const { status, problem } = run(script, args);
    expect(problem).toMatch(expected);
    expect(problem).not.toMatch(/^ +at /m);
    expect(status).toBe(1);
  });

  it('and nothing was begun', () => expect(readdirSync(folder)).toEqual([]));
});
