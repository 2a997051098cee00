// A full run with canaries for secrets: saved keys, API keys, webhook secrets and prompts are looked for in everything the server writes, tells, traces and keeps.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OWNER_KEY, toEntry } from './local.ts';

const SAVED = 'sk-canarySavedKey0123456789abcdef';
const REPLACED = 'sk-canaryReplacedKey0123456789abc';
const ENVIRONMENT = 'sk-canaryEnvironment0123456789ab';
const PROMPT = 'canary prompt: nobody may remember my diagnosis';
const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'freeway-canary-'));
const main = `
  import { startLocal } from './lambda/main.local.ts';
  const server = await startLocal({ env: process.env, writeLog: (line) => process.stderr.write(line) });
  console.log('listening ' + server.url);
`;

/** Everything that came out: replies, logs, traces, webhooks. */
const told: string[] = [];
/** Secrets that were made during the run. */
const made: string[] = [];
let calls = 0;
let outside: Server;
let child: ChildProcess;
let url = '';

/** Provider, collector of traces and receiver of webhooks in one; as a provider it fails every second time, repeating all it was told. */
function openOutside(): Promise<string> {
  outside = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('latin1')));
    request.on('end', () => {
      const path = request.url ?? '';
      if (!path.startsWith('/v1/chat')) told.push(path, JSON.stringify(request.headers['webhook-id'] ?? ''), body);
      const fails = path.startsWith('/v1/chat') && ++calls % 2 === 0;
      const message = `the key ${request.headers.authorization} said ${body}`;
      const answer = { id: 'x', object: 'chat.completion', created: 1, model: 'm1', choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Noted.' } }], usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 } }; // prettier-ignore
      response.writeHead(fails ? 500 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(fails ? { error: { message, code: 'server_error' } } : answer));
    });
  });
  return new Promise((done) =>
    outside.listen(0, '127.0.0.1', () => done(`http://127.0.0.1:${(outside.address() as AddressInfo).port}`)),
  );
}

async function call(line: string, body?: unknown, key: string = OWNER_KEY): Promise<Record<string, unknown>> {
  const [method = 'GET', path = '/'] = line.split(' ');
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  told.push(JSON.stringify([...response.headers]), text);
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** What was made is shown once, by the very reply that is passed over here. */
async function make(line: string, field: string, body?: unknown): Promise<string> {
  const secret = String((await call(line, body))[field]);
  told.pop();
  made.push(secret);
  return secret;
}

const chat = { model: 'm1', messages: [{ role: 'user', content: PROMPT }] };

beforeAll(async () => {
  const base = await openOutside();
  mkdirSync(join(folder, 'data'));
  mkdirSync(join(folder, 'heap'));
  const entries = [toEntry('environment', `${base}/v1`, { apiKey: ENVIRONMENT })];
  const flags = ['--heapsnapshot-signal=SIGUSR2', `--diagnostic-dir=${join(folder, 'heap')}`, '--input-type=module'];
  child = spawn(process.execPath, [...flags, '-e', main], {
    cwd: root,
    env: {
      PATH: process.env['PATH'] ?? '',
      PORT: '0',
      FREEWAY_LOG: 'debug',
      FREEWAY_DATA: join(folder, 'data'),
      FREEWAY_OWNER_KEY: OWNER_KEY,
      FREEWAY_PROVIDERS: JSON.stringify(entries),
      OTEL_EXPORTER_OTLP_ENDPOINT: base,
    },
  });
  child.stderr?.on('data', (chunk: Buffer) => told.push(chunk.toString()));
  url = await new Promise((done, fail) => {
    child.once('exit', (code) => fail(new Error(`it ended with ${code}: ${told.join('')}`)));
    child.stdout?.on('data', (chunk: Buffer) => {
      const listening = /listening (\S+)/.exec(chunk.toString())?.[1];
      if (listening !== undefined) done(listening);
    });
  });
  const credential = {
    provider: 'openai-compatible',
    name: 'mine',
    base_url: `${base}/v1`,
    models: [{ id: 'm1' }],
    plan: 'free',
  };
  const { id } = await call('POST /api/credentials', { ...credential, fields: { apiKey: SAVED } });
  for (let asked = 0; asked < 6; asked++) await call('POST /v1/chat/completions', chat);
  await call(`PUT /api/credentials/${String(id)}/key`, { fields: { apiKey: REPLACED } });
  const key = await make('POST /api/keys', 'key', { name: 'bot' });
  for (let asked = 0; asked < 4; asked++) await call('POST /v1/chat/completions', { ...chat, stream: asked > 1 }, key);
  await call('POST /v1/messages', { ...chat, max_tokens: 20 }, key);
  await call('POST /v1/chat/completions', { ...chat, model: 'no-such-model' });
  await call('PATCH /api/settings/installation', { alerts: { webhook_url: `${base}/hook` } });
  await make('POST /api/settings/webhook-secret', 'secret');
  await call('POST /api/alerts/test');
  await call('POST /api/import', { text: `GROQ_API_KEY=${SAVED}`, dry_run: true });
  for (const path of [
    '/api/export',
    '/api/audit',
    '/api/usage',
    '/api/usage/records',
    '/api/credentials',
    '/api/keys',
    '/api/limits',
    '/api/settings',
    '/api/alerts',
    '/metrics',
    '/openapi.json',
    '/health',
  ])
    await call(`GET ${path}`);
});
afterAll(() => {
  child.kill('SIGKILL');
  outside.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Names of what was found, never the thing itself. */
function findSecrets(text: string, more: Readonly<Record<string, string>> = {}): string[] {
  const secrets = {
    SAVED,
    REPLACED,
    PROMPT,
    ...Object.fromEntries(made.map((secret, index) => [`made ${index}`, secret])),
    ...more,
  };
  return Object.entries(secrets)
    .filter(([, secret]) => text.includes(secret))
    .map(([name]) => name);
}

it('no reply, log line, trace or webhook holds a secret or a prompt', async () => {
  const signs = ['Noted.', '/v1/traces', 'test.alert', 'credential_replaced', '"event":"request"'];
  const missing = (): string[] => signs.filter((sign) => !told.join('\n').includes(sign));
  // The run has left its marks everywhere; traces are sent in batches.
  await expect.poll(missing).toEqual([]);
  expect(findSecrets(told.join('\n'), { ENVIRONMENT, OWNER_KEY })).toEqual([]);
});

it('no file of the data folder does', () => {
  const data = join(folder, 'data');
  const files = readdirSync(data, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(files.some(({ name }) => name.includes('sqlite'))).toBe(true);
  const all = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1')).join('\n');
  expect(findSecrets(all, { ENVIRONMENT, OWNER_KEY })).toEqual([]);
});

it('the heap of the idle process holds no saved key: they are opened by the call that needs them, and not kept', async () => {
  await sleep(2_000);
  child.kill('SIGUSR2');
  const heap = join(folder, 'heap');
  let text = '';
  for (let waited = 0; waited < 200 && !text.trimEnd().endsWith('}'); waited++) {
    await sleep(100);
    const [name] = readdirSync(heap);
    text = name === undefined ? '' : readFileSync(join(heap, name), 'latin1');
  }
  expect(text.length).toBeGreaterThan(1_000_000);
  // The environment's key is there by its nature: a snapshot that misses it would prove nothing.
  expect(text).toContain(ENVIRONMENT);
  expect(findSecrets(text)).toEqual([]);
});
