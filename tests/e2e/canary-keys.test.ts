// Keys that bear no mark of their maker, quoted by the provider in whatever words: they are known by being what was sent.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

const keys = ['AbCdEfGhIjKlMnOpQrStUvWxYz012345', 'correct horse', 'abc.def~value/with+signs==', 'Ab3$x&y'];
const asked: string[] = [];
let toMessage: (key: string) => string;
let provider: Server;
let server: Started | null = null;

beforeAll(async () => {
  provider = createServer((request, response) => {
    request.resume().on('end', () => {
      const key = (request.headers.authorization ?? '').slice('Bearer '.length);
      asked.push(key);
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { message: toMessage(key), type: 'invalid_request_error' } }));
    });
  });
  await new Promise<void>((done) => provider.listen(0, '127.0.0.1', done));
});
afterEach(async () => {
  await server?.stop();
  server = null;
});
afterAll(() => void provider.close());

async function ask(key: string): Promise<string> {
  const url = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;
  server = await startServer([toEntry('echo', url, { apiKey: key })]);
  const response = await fetch(`${server.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${OWNER_KEY}`, 'x-freeway-max-wait-ms': '0' },
    body: JSON.stringify({ model: 'm1', messages: [{ role: 'user', content: 'hello' }] }),
  });
  return `${JSON.stringify([...response.headers])}\n${await response.text()}\n${server.logs.join('\n')}`;
}

it.each(keys)('%s is left out of what the provider says', async (key) => {
  toMessage = (sent) => `The token "${sent}" may not be used here, since ${sent} is too old.`;
  const shown = await ask(key);
  expect(asked.at(-1)).toBe(key);
  expect(shown).toContain('may not be used here, since *** is too old.');
  expect(shown).not.toContain(key);
});

it('also where the message is cut within the key', async () => {
  const [key = ''] = keys;
  toMessage = (sent) => `${'Long is the list of what is wrong with it. '.repeat(7).slice(0, 280)} ${sent} is no key.`;
  const shown = await ask(key);
  expect(asked.at(-1)).toBe(key);
  expect(shown).toContain('Long is the list');
  expect(shown).not.toContain(key.slice(0, 6));
});
