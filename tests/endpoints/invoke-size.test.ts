// A direct invoke whose answer is more than Lambda returns is told so by name; Lambda's own word for it is none that Catch knows.
import { expect, it } from 'vitest';
import { createInvoke, type Invoke } from '#lambda/endpoints/invoke.ts';

let refused = 0;
const invokeOver = (content: string): Invoke =>
  createInvoke({
    handler: async (exchange) => {
      const choices = [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }];
      exchange
        .reply(200, { 'content-type': 'application/json' })
        .end(Buffer.from(JSON.stringify({ id: 'x', object: 'chat.completion', created: 1, model: 'm', choices })));
    },
    ownerKey: 'owner',
    pin: () => Promise.reject(new Error('no call is pinned here')),
    settings: () => Promise.resolve({ endpoints: [], assignments: [] }),
    now: Date.now,
    onRefused: () => void refused++,
    onFault: () => undefined,
  });

it('says how much may come at once', async () => {
  const payload = { messages: [{ role: 'user', content: 'hello' }] };
  await expect(invokeOver('x'.repeat(5_000_000))(payload, null)).resolves.toMatchObject({ message: expect.anything() });
  expect(refused).toBe(0);
  await expect(invokeOver('ä'.repeat(4_000_000))(payload, null)).rejects.toMatchObject({
    name: 'TooLarge',
    message: expect.stringContaining('8.0 MB'),
  });
  expect(refused).toBe(1);
});
