// A limit of one call at a time, by the real store: whoever asks again once the answer has come does not wait for what the last call has given back.
import { expect, it } from 'vitest';
import { createFakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider } from '../fakes/provider/server.ts';
import { OWNER_KEY, startServer, toEntry } from './local.ts';

it.each([false, true])('calls one after the other do not wait (stream: %s)', async (stream) => {
  const fake = createFakeProvider({ name: 'alpha', models: [{ id: 'm1', ttftMs: 1 }] }, { now: Date.now });
  const provider = await serveFakeProvider(fake);
  const pools = [{ models: ['*'], unit: 'concurrent', max: 1, clock: { kind: 'concurrent' } }];
  const server = await startServer([toEntry('alpha', provider.baseUrl, { pools })]);
  const waits: string[] = [];
  try {
    for (let asked = 0; asked < 8; asked++) {
      const reply = await fetch(`${server.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'm1', max_tokens: 5, stream, messages: [{ role: 'user', content: 'Hi.' }] }),
      });
      waits.push(`${reply.status} ${reply.headers.get('x-freeway-wait-ms')}`);
      await reply.text();
    }
  } finally {
    await server.stop();
    await provider.close();
  }
  expect(waits).toEqual(Array.from({ length: 8 }, () => '200 0'));
});
