// Bodies that are nested more deeply than anybody can follow: the caller is told, and nothing of it is a fault of ours.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

const DEPTH = 50_000;
let provider: Server;
let server: Started;

beforeAll(async () => {
  provider = createServer((_, response) => response.writeHead(500).end());
  await new Promise<void>((done) => provider.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;
  server = await startServer([toEntry('alpha', url)]);
});
afterAll(async () => {
  await server.stop();
  provider.close();
});

it('a schema without a bottom is the fault of whoever sends it', async () => {
  const schema = `${'{"properties":{"a":'.repeat(DEPTH)}{}${'}}'.repeat(DEPTH)}`;
  const tools = `[{"type":"function","function":{"name":"f","parameters":${schema}}}]`;
  const response = await fetch(`${server.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json', 'x-freeway-max-wait-ms': '0' },
    body: `{"model":"m1","messages":[{"role":"user","content":"hello"}],"tools":${tools}}`,
  });
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  expect([response.status, error.code]).toEqual([400, 'invalid_request']);
  expect(error.message).toMatch(/nested too deeply/);
  expect(server.logs.join('\n')).not.toContain('request.failed');
  // It might be a fault of ours all the same: the log says where it was, and nothing of what was sent.
  const lines = server.logs.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.filter(({ level }) => level === 'warn')).toEqual([
    expect.objectContaining({
      event: 'request.too_deep',
      request_id: response.headers.get('x-freeway-request-id'),
      error: 'RangeError',
      stack: expect.stringMatching(/^\s+at \S/),
    }),
  ]);
  expect(lines.map((line) => JSON.stringify(line)).join('\n')).not.toContain('properties');
});
