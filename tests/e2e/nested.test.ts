// Bodies that are nested more deeply than anybody can follow: the caller is told, and nothing of it is a fault of ours.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fail } from '#lambda/app-failure.ts';
import { systemClock } from '#lambda/clock.ts';
import type { LogFields } from '#lambda/ports-telemetry.ts';
import { toErrorFields } from '#lambda/telemetry/log.ts';
import { openaiChat } from '#lambda/wire/index.ts';
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
  expect(error.message).toMatch(/nested more than 1000 levels/);
  expect(server.logs.join('\n')).not.toMatch(/request\.(failed|too_deep)/);
});

it('what comes to the end of the stack all the same may be a fault of ours: the log says where it was, and nothing of what was sent', async () => {
  const logged: [string, LogFields][] = [];
  const warn = (event: string, fields: LogFields): unknown => logged.push([event, fields]);
  let told = '';
  const exchange = { method: 'POST', path: '/v1/chat/completions' };
  const reply = (status: number): unknown => ({ end: (body: string) => (told = `${status} ${body}`) });
  const follow = (level: number): number => follow(level + 1) + 1;
  const error = await Promise.try(() => follow(0)).catch((thrown: unknown) => thrown);
  await fail(
    { chatWire: openaiChat, clock: systemClock, log: { warn }, describe: toErrorFields } as never,
    { exchange: { ...exchange, reply }, requestId: 'req_1' } as never,
    error,
  );
  expect(told).toMatch(/^400 .*nested too deeply/);
  expect(logged).toEqual([
    ['request.too_deep', { request_id: 'req_1', error: 'RangeError', stack: expect.stringMatching(/^\s+at \S/) }],
  ]);
});
