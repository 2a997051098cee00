// What a bundle must hold so that it runs where nothing else is installed.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { bundleLambda, type Bundle } from '../../scripts/lambda-bundle.ts';

const folder = mkdtempSync(join(tmpdir(), 'freeway-bundling-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function bundle(name: string, code: string): Promise<Bundle & { run: () => string }> {
  const entry = join(folder, `${name}.ts`);
  const outDir = join(folder, name);
  writeFileSync(entry, code);
  const made = await bundleLambda({ entry, outDir });
  const run = (): string => execFileSync(process.execPath, ['index.mjs'], { cwd: outDir, encoding: 'utf8' });
  return { ...made, run };
}

it('brings the tokenizer with its WebAssembly, loaded only when asked for', async () => {
  const { files, zip, run } = await bundle(
    'exact',
    `const { get_encoding: getEncoding } = await import('tiktoken');
     const encoder = getEncoding('o200k_base');
     process.stdout.write(String(encoder.encode('the quick brown fox').length));`,
  );
  expect(run()).toBe('4');
  expect(files.map(({ path }) => path)).toContain('node_modules/tiktoken/tiktoken_bg.wasm');
  expect(zip.length).toBeLessThan(4_000_000);
});

it('holds nothing that is not imported, and is the same every time', async () => {
  const code = `export const handler = () => 'ok'; process.stdout.write(handler());`;
  const first = await bundle('plain', code);
  expect(first.files.map(({ path }) => path)).toEqual(['index.mjs']);
  expect(first.run()).toBe('ok');
  expect(Buffer.from((await bundle('plain', code)).zip).equals(first.zip)).toBe(true);
});

it("uses node:http without the client that Node loads for an import's sake", async () => {
  const { run } = await bundle(
    'lean',
    `import { request } from 'node:http';
     import https from 'node:https';
     const loaded = process.moduleLoadList.filter((name) => name.includes('undici'));
     process.stdout.write([typeof request, typeof https.Agent, loaded.length].join());`,
  );
  expect(run()).toBe('function,function,0');
});
