// Keys, prompts and organization ids of a canary are looked for everywhere they must not be, after every way a provider can fail.
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

const PROMPT = 'canary-prompt: my diagnosis is rare and private';
const ORGANIZATION = 'org-Canary0123456789abcdef';
const KEY = 'sk-canaryKey0123456789abcdefghij';

/** Every fault repeats what it was told: key, prompt and the account's organization. */
const faults: readonly [number, string][] = [
  [400, 'invalid_request_error'],
  [401, 'invalid_api_key'],
  [403, 'permission_denied'],
  [404, 'model_not_found'],
  [413, 'request_too_large'],
  [429, 'rate_limit_exceeded'],
  [429, 'insufficient_quota'],
  [500, 'server_error'],
  [503, 'overloaded'],
];
let next = 0;
let provider: Server;
let server: Started;

beforeAll(async () => {
  provider = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const [status, code] = faults[next % faults.length] ?? [500, ''];
      const { messages } = JSON.parse(body) as { messages: { content: string }[] };
      const message = `${code}: key ${request.headers.authorization} of organization ${ORGANIZATION} said "${messages[0]?.content}"`;
      response.writeHead(status, {
        'content-type': 'application/json',
        'openai-organization': ORGANIZATION,
        'x-echo': KEY,
      });
      response.end(JSON.stringify({ error: { message, type: code, code, param: null } }));
    });
  });
  await new Promise<void>((done) => provider.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;
  server = await startServer([toEntry('echo', url, { apiKey: KEY })]);
});
afterAll(async () => {
  await server.stop();
  provider.close();
});

it.each(faults)('%i %s tells nothing on', async (status, code) => {
  next = faults.findIndex(([s, c]) => s === status && c === code);
  const response = await fetch(`${server.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${OWNER_KEY}`, 'x-freeway-max-wait-ms': '0' },
    body: JSON.stringify({ model: 'm1', messages: [{ role: 'user', content: PROMPT }] }),
  });
  const shown = `${JSON.stringify([...response.headers])}\n${await response.text()}`;
  for (const secret of [KEY, ORGANIZATION, PROMPT, 'my diagnosis', OWNER_KEY]) expect(shown).not.toContain(secret);
});

it('and nothing of it stands in the log, the metrics or the data folder', async () => {
  const headers = { authorization: `Bearer ${OWNER_KEY}` };
  const metrics = await (await fetch(`${server.url}/metrics`, { headers })).text();
  const files = readdirSync(server.folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1'));
  expect(files.length).toBeGreaterThan(0);
  const all = [...server.logs, metrics, ...files].join('\n');
  expect(all).toContain('freeway_attempts_total');
  for (const secret of [KEY, ORGANIZATION, PROMPT, 'my diagnosis', OWNER_KEY]) expect(all).not.toContain(secret);
});
