// Adding a provider takes one file and one line; and the catalog loads in Node and in a browser alike.
import { execFile } from 'node:child_process';
import { appendFile, cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { providers } from '#catalog/index.ts';

const source = fileURLToPath(new URL('../../catalog/', import.meta.url));
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catalog-test-'));
  await cp(source, folder, { recursive: true });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const invented = {
  id: 'acme-ai',
  name: 'Acme AI',
  status: 'active',
  wire: 'openai-chat',
  dialect: 'generic',
  baseUrl: 'https://api.acme.example/v1',
  paths: {},
  auth: { scheme: 'bearer' },
  fields: [{ name: 'apiKey', label: 'API key', secret: true, required: true, env: ['ACME_AI_API_KEY'] }],
  quirks: [],
  defaultPlan: 'free',
  cardRequired: false,
  terms: { commercial: true, serveOthers: true, trainsOnPrompts: false, hardStopsBeforePaid: true },
  models: [{ id: 'anvil-1', kind: 'chat', capabilities: ['tools'], free: 'plan' }],
  retiredModels: [],
  pools: [],
  notes: [],
  sources: [],
  asOf: '2026-11',
};

const program = `
  const { providers } = await import(process.argv[1]);
  const at = providers.findIndex(({ id }) => id === 'acme-ai');
  console.log(JSON.stringify({ at, count: providers.length, found: providers[at], frozen: Object.isFrozen(providers[at].models[0]) }));
`;

test('one file and one import line add a provider', async () => {
  await writeFile(join(folder, 'providers', 'acme-ai.json'), JSON.stringify(invented));
  await appendFile(
    join(folder, 'providers.ts'),
    `export { default as 'acme-ai' } from './providers/acme-ai.json' with { type: 'json' };\n`,
  );

  const { stdout } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '-e',
    program,
    pathToFileURL(join(folder, 'index.ts')).href,
  ]);

  expect(JSON.parse(stdout)).toEqual({ at: 0, count: providers.length + 1, found: invented, frozen: true });
});

test('bundled for a browser it holds the same', async () => {
  const { outputFiles } = await build({
    entryPoints: [join(folder, 'index.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    tsconfigRaw: {},
  });
  const code = outputFiles[0]?.text ?? '';

  const bundled = (await import(
    /* @vite-ignore */ `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`
  )) as { providers: unknown };

  expect(code).not.toMatch(/\bimport\b|require\(/);
  expect(bundled.providers).toEqual(providers);
});
