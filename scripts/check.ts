// All checks that `npm test` runs, in order of cost: types, lint, format, then every test. One name as argument runs only that check.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Rooms with a tsconfig of their own; the pure ones compile without Node and DOM types. */
const rooms = ['shared', 'catalog', 'lambda/wire', 'lambda/routing', 'lambda', 'ui', 'scripts', 'tests', 'tests/ui'];

/** The CDK app's types come with its own packages, which the first `npm run deploy` fetches: only who has them can look. */
const cdk = 'scripts/deploy/cdk';
if (existsSync(`${root}${cdk}/node_modules`)) rooms.push(cdk);

interface Step {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

const bin = (name: string): string => `node_modules/.bin/${name}`;

function toSteps(): Step[] {
  return [
    ...rooms.map((room) => ({ name: 'types', command: bin('tsc'), args: ['-p', room] })),
    { name: 'lint', command: bin('oxlint'), args: ['-c', '.oxlintrc.json', '--deny-warnings'] },
    { name: 'format', command: bin('oxfmt'), args: ['--config', '.oxfmtrc.json', '--check', '.'] },
    {
      name: 'unit',
      command: process.execPath,
      args: ['node_modules/vitest/vitest.mjs', 'run', '--config', 'tests/vitest.config.ts'],
    },
  ];
}

function run({ name, command, args }: Step): number {
  const startedAt = Date.now();
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (error) console.error(`${name}: ${error.message}`);
  console.log(
    `${status === 0 ? 'ok  ' : 'FAIL'} ${name} ${args.slice(-2).join(' ')} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`,
  );
  return status ?? 1;
}

if (!existsSync(`${root}node_modules`)) {
  console.error('The packages are missing: run "npm install" first.');
  process.exit(1);
}
const only = process.argv[2];
const steps = toSteps().filter(({ name }) => only === undefined || name === only);
if (steps.length === 0) {
  console.error(`There is no check "${only}". Known: ${[...new Set(toSteps().map(({ name }) => name))].join(', ')}.`);
  process.exit(1);
}
const failed = steps.filter((step) => run(step) !== 0);
console.log(failed.length === 0 ? 'All checks passed.' : `${failed.length} of ${steps.length} checks failed.`);
process.exit(failed.length === 0 ? 0 : 1);
