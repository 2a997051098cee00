// A caller who reads slowly: the provider is made to wait, memory stays bounded, and nothing of the answer is lost.
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OWNER_KEY, startServer, toEntry, type Started } from '../e2e/local.ts';

const MB = 1_048_576;
const CHUNKS = 2_000;
const WORD = 'x'.repeat(16_000);
/** What has not moved for so long does not move. */
const STILL_MS = 1_500;
/** What the sockets on the way hold at most, with our own buffers between them. */
const ON_THE_WAY = 16 * MB;

let provider: Server;
let freeway: Started;
let sent = 0;

const frame = (delta: object, finish: string | null): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm1', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

beforeAll(async () => {
  provider = createServer((incoming, response) => {
    incoming.resume();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const send = async (): Promise<void> => {
      for (let index = 0; index < CHUNKS; index++) {
        const text = frame({ content: WORD }, null);
        sent += text.length;
        if (!response.write(text)) await new Promise((done) => response.once('drain', done));
      }
      response.end(`${frame({}, 'stop')}data: [DONE]\n\n`);
    };
    void send();
  });
  await new Promise<void>((done) => void provider.listen(0, '127.0.0.1', done));
  const { port } = provider.address() as AddressInfo;
  freeway = await startServer([toEntry('alpha', `http://127.0.0.1:${port}/v1`)]);
});
afterAll(async () => {
  await freeway.stop();
  provider.closeAllConnections();
  provider.close();
});

function ask(): Promise<IncomingMessage> {
  const body = JSON.stringify({ model: 'm1', stream: true, messages: [{ role: 'user', content: 'much' }] });
  const headers = { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    request(`${freeway.url}/v1/chat/completions`, { method: 'POST', headers }, resolve).on('error', reject).end(body);
  });
}

it('makes the provider wait, and has the whole answer in the end', async () => {
  const reply = await ask();
  const first = await new Promise<Buffer>((done) =>
    reply.once('data', (chunk: Buffer) => {
      // At once: what comes while nobody listens would be lost here.
      reply.pause();
      done(chunk);
    }),
  );
  // It stands still, long before the end.
  for (let held = -1; held !== sent; await sleep(STILL_MS)) held = sent;
  const buffers = process.memoryUsage().arrayBuffers;
  expect(sent).toBeLessThan(ON_THE_WAY);
  expect(buffers).toBeLessThan(ON_THE_WAY * 4);

  const chunks = [first];
  for await (const chunk of reply) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  expect(sent).toBeGreaterThan(CHUNKS * WORD.length);
  expect(text.split(WORD).length - 1).toBe(CHUNKS);
  expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true);
});
