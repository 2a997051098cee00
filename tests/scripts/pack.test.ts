// The packed form of the start: serves like the sources, and is given up as soon as one of them has changed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pack } from '../../scripts/pack.ts';
import { findPacked, root, type Manifest } from '../../scripts/packed.mjs';

// Beside the real one, where packages are found.
const folder = join(root, 'node_modules', '.cache', `packed-test-${process.pid}`);
const data = mkdtempSync(join(tmpdir(), 'packed-'));
const manifestPath = join(folder, 'manifest.json');
const readManifest = (): Manifest => JSON.parse(readFileSync(manifestPath, 'utf8')) as Manifest;

beforeAll(() => pack(folder), 60_000);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(data, { recursive: true, force: true });
});

/** Starts the packed form; resolves with its URL once it says that it listens. */
function serve(
  entry: string,
  variables: NodeJS.ProcessEnv = {},
): { url: Promise<string>; stop: () => Promise<number | null> } {
  const env = { ...process.env, PORT: '0', FREEWAY_DATA: data, FREEWAY_DEMO: 'off', ...variables };
  const child = spawn(process.execPath, [entry], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const url = new Promise<string>((resolve, reject) => {
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const found = /listening on (http:\S+)/.exec(said)?.[1];
      if (found) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${said}`)));
  });
  return {
    url,
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

describe('the packed start', () => {
  it('serves the app, and what of it is loaded later', async () => {
    const entry = findPacked(folder);
    if (entry === null) throw new Error('it is not there');
    const { url, stop } = serve(entry);
    const base = await url;
    expect((await fetch(`${base}/health`)).status).toBe(200);
    const authorization = `Bearer ${readFileSync(join(data, 'owner-key'), 'utf8').trim()}`;
    expect((await fetch(`${base}/openapi.json`, { headers: { authorization } })).status).toBe(200);
    expect(await stop()).toBe(0);
  });

  it('has no files that only lead to others: whatever is loaded later finds the start itself', () => {
    const parts = join(folder, dirname(readManifest().entry), 'parts');
    const leading = readdirSync(parts).filter((name) =>
      /^(?:export\{[^}]*\}from"[^"]*";?)?$/.test(readFileSync(join(parts, name), 'utf8').trim()),
    );
    expect(leading).toEqual([]);
  });

  it('fails over, and says that nobody could serve, when its files are gone: an update may replace them under it', async () => {
    const served: string[] = [];
    const provider = createServer((request, response) => {
      served.push(String(request.headers.authorization));
      response
        .writeHead(401, { 'content-type': 'application/json' })
        .end('{"error": {"message": "Incorrect API key provided"}}');
    }).listen(0, '127.0.0.1');
    await once(provider, 'listening');
    const baseUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;
    const entries = ['one', 'two'].map((name) => ({
      provider: 'openai-compatible',
      name,
      baseUrl,
      apiKey: name,
      tier: 'free',
      models: [{ id: 'm1' }],
    }));
    const copied = `${folder}-gone`;
    cpSync(folder, copied, { recursive: true });
    const { url, stop } = serve(join(copied, readManifest().entry), { FREEWAY_PROVIDERS: JSON.stringify(entries) });
    const base = await url;
    const authorization = `Bearer ${readFileSync(join(data, 'owner-key'), 'utf8').trim()}`;
    // It is ready for failures two seconds after its start.
    await sleep(3_000);
    rmSync(copied, { recursive: true });
    const reply = await fetch(`${base}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'm1', messages: [{ role: 'user', content: 'Hello' }] }),
    });
    expect(await reply.json()).toMatchObject({ error: { attempts: expect.arrayContaining([expect.anything()]) } });
    expect(new Set(served)).toEqual(new Set(['Bearer one', 'Bearer two']));
    expect(await stop()).toBe(0);
    provider.close();
  });

  it('knows the files it is made of', () => {
    const paths = readManifest().inputs.map(([path]) => path);
    expect(paths).toContain('lambda/gateway/run.ts');
    expect(paths).toContain('package.json');
    expect(paths.some((path) => path.startsWith('catalog/providers/'))).toBe(true);
    expect(paths.some((path) => path.includes('node_modules/zod/'))).toBe(true);
  });

  it('is not run when a file has changed, or another Node runs', () => {
    const manifest = readManifest();
    const [[path, mtimeMs, bytes], ...rest] = manifest.inputs as [Manifest['inputs'][number]];
    for (const changed of [
      { ...manifest, inputs: [[path, mtimeMs + 1, bytes], ...rest] },
      { ...manifest, inputs: [[path, mtimeMs, bytes + 1], ...rest] },
      { ...manifest, inputs: [['lambda/gone.ts', mtimeMs, bytes], ...rest] },
      { ...manifest, node: 'v1.0.0' },
      { ...manifest, entry: 'gone/serve.mjs' },
    ]) {
      writeFileSync(manifestPath, JSON.stringify(changed));
      expect(findPacked(folder)).toBeNull();
    }
    writeFileSync(manifestPath, 'half a man');
    expect(findPacked(folder)).toBeNull();
    writeFileSync(manifestPath, JSON.stringify(manifest));
    expect(findPacked(folder)).not.toBeNull();
  });
});
