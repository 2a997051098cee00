// The Lambda entry under the official runtime client: streams, limits, freezing and failures as AWS shows them.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bundleLambda } from '../../scripts/lambda-bundle.ts';
import { startEmulator, type Emulator, type EmulatorOptions } from '../../scripts/lambda-emulator/emulator.ts';

let folder: string;
let notes: string;
let emulator: Emulator;

const start = async (more: Partial<EmulatorOptions> = {}): Promise<Emulator> => {
  emulator = await startEmulator({ bundleDir: join(folder, 'bundle'), env: { NOTES: notes, SECRET: 's1' }, ...more });
  return emulator;
};
const get = (path: string, init?: RequestInit): Promise<Response> => fetch(`${emulator.url}${path}`, init);
const text = async (path: string): Promise<string> => (await get(path)).text();
/** An instance that still finishes would make the next request start another one. */
const calm = (): Promise<unknown> => Promise.all(emulator.instances().map((instance) => instance.free()));
const readNotes = (): string => readFileSync(notes, 'utf8');

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'freeway-lambda-'));
  const entry = fileURLToPath(new URL('function.ts', import.meta.url));
  await bundleLambda({ entry, outDir: join(folder, 'bundle') });
});
beforeEach(() => {
  notes = join(folder, 'notes');
  writeFileSync(notes, '');
});
afterEach(() => emulator.close());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('lambda: requests and replies', () => {
  it('carries both ways whole', async () => {
    await start({ timeoutMs: 60_000 });
    const headers = { cookie: 'x=1; y=2', 'content-type': 'application/octet-stream' };
    const body = Buffer.from([0, 255, 128, 10]);
    const reply = await get('/echo/a%2Fb?q=1&q=2', { method: 'PUT', headers, body });
    const told = (await reply.json()) as Record<string, unknown>;
    expect(reply.status).toBe(201);
    expect(reply.headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2']);
    expect(reply.headers.get('x-own')).toBe('yes');
    expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
    expect(told).toMatchObject({
      method: 'PUT',
      path: '/echo/a%2Fb',
      query: 'q=1&q=2',
      remoteAddress: '127.0.0.1',
      body: body.toString('latin1'),
      secret: 's1',
    });
    expect(told['headers']).toMatchObject({ cookie: 'x=1; y=2' });
    expect(told['remainingMs']).toBeGreaterThan(10_000);
    expect(told['remainingMs']).toBeLessThanOrEqual(60_000);
  });

  it('hands on what a stream says while it lasts', async () => {
    await start();
    const reply = await get('/stream');
    expect(reply.headers.get('content-type')).toBe('text/event-stream');
    const heard: string[] = [];
    for await (const chunk of reply.body as ReadableStream<Uint8Array>) {
      heard.push(Buffer.from(chunk).toString());
      // The function says no more before it knows that this was heard.
      appendFileSync(notes, 'heard\n');
    }
    expect(heard).toEqual(['data: 0\n\n', 'data: 1\n\n', 'data: 2\n\n', 'data: [DONE]\n\n']);
  });

  it('answers without a body, and waits for a slow reader of a large one', async () => {
    await start();
    const empty = await get('/empty');
    expect([empty.status, await empty.text()]).toEqual([204, '']);
    expect((await (await get('/giant')).arrayBuffer()).byteLength).toBe(24 << 20);
    expect(readNotes()).toBe('waits true\n');
  });

  it('bounds bodies, by its own limit and by that of the event', async () => {
    await start();
    for (const type of ['text/plain', 'image/png']) {
      const headers = { 'content-type': type };
      expect(await (await get('/large', { method: 'POST', headers, body: 'x'.repeat(101) })).text()).toBe('too_large');
      await calm();
    }
    const started = emulator.instances()[0]?.invocations();
    expect((await get('/echo', { method: 'POST', body: Buffer.alloc(5_000_000) })).status).toBe(413);
    expect(emulator.instances()[0]?.invocations()).toBe(started);
  });
});

describe('lambda: life of an instance', () => {
  it('starts cold once, then stays warm', async () => {
    await start();
    for (const expected of [1, 2, 3]) {
      expect(await (await get('/echo')).json()).toMatchObject({ served: expected });
      await calm();
    }
    expect(emulator.instances()).toHaveLength(1);
    expect(emulator.instances()[0]?.initMs()).toBeGreaterThan(0);
  });

  it('finishes what follows the reply before it is frozen', async () => {
    await start();
    expect(await text('/settle')).toBe('done');
    await calm();
    expect(readNotes()).toBe('settled\n');
  });

  it('freezes what nobody waits for', async () => {
    await start();
    expect(await text('/float')).toBe('done');
    await calm();
    expect(emulator.instances()[0]?.state()).toBe('frozen');
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    expect(readNotes()).toBe('');
    await text('/echo');
    await expect.poll(readNotes).toBe('floated\n');
  });

  it('runs one instance for each request at a time, up to the reserved number', async () => {
    await start({ reservedConcurrency: 2 });
    const replies = await Promise.all([1, 2, 3, 4].map(() => get('/slow')));
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 200, 429, 429]);
    expect(emulator.instances()).toHaveLength(2);
  });
});

describe('lambda: failures', () => {
  it('answers 500 for a handler that did not', async () => {
    await start();
    expect((await get('/silent')).status).toBe(500);
    await calm();
    expect((await get('/echo')).status).toBe(201);
    expect(emulator.instances()).toHaveLength(1);
  });

  it('cuts a reply that was left open', async () => {
    await start();
    await expect(text('/open')).rejects.toThrow('terminated');
    expect((await get('/echo')).status).toBe(201);
  });

  it('tells a handler shortly before the time limit, so that it can end with a word', async () => {
    await start({ timeoutMs: 3_000 });
    expect(await text('/patient')).toBe('half, then deadline');
    await emulator.instances()[0]?.free();
    expect(readNotes()).toBe('settled\n');
    expect(emulator.instances()[0]?.state()).toBe('frozen');
  });

  it('kills at the time limit, in the middle of a stream', async () => {
    await start({ timeoutMs: 2_000 });
    await expect(text('/hang')).rejects.toThrow('terminated');
    await calm();
    expect(emulator.instances()[0]?.state()).toBe('dead');
    expect(emulator.logs()).toContain('Task timed out after 2.00 seconds');
    expect((await get('/echo')).status).toBe(201);
  });

  it('answers 502 for an instance that dies, and starts another', async () => {
    await start();
    expect((await get('/crash')).status).toBe(502);
    expect(await (await get('/echo')).json()).toMatchObject({ served: 1 });
  });

  it('answers 502 for a bundle that does not load', async () => {
    await start({ handler: 'index.missing' });
    expect((await get('/echo')).status).toBe(502);
    expect(emulator.logs()).toContain('missing is undefined or not exported');
  });

  it('loses the head of a reply that is ended without a write, as AWS does', async () => {
    await start({ handler: 'index.careless' });
    expect((await get('/')).status).toBe(502);
  });

  it('answers a payload without HTTP around it, and tells its error by name', async () => {
    await start();
    const answered = await emulator.directInvoke({ operation: 'echo' });
    expect(answered.functionError).toBe(false);
    const { payload, remainingMs } = JSON.parse(answered.payload) as { payload: unknown; remainingMs: number };
    expect(payload).toEqual({ operation: 'echo' });
    expect(remainingMs).toBeGreaterThan(0);
    const failed = await emulator.directInvoke({ operation: 'unknown' });
    expect(failed.functionError).toBe(true);
    expect(JSON.parse(failed.payload)).toMatchObject({
      errorType: 'InvalidRequest',
      errorMessage: 'There is no operation "unknown".',
    });
  });
});
