// A direct invoke whose answer is more than Lambda returns is told so by name; Lambda's own word for it is none that Catch knows.
import { expect, it } from 'vitest';
import { createInvoke, type Invoke } from '#lambda/endpoints/invoke.ts';

let refused = 0;
const invokeOver = (said: object): Invoke =>
  createInvoke({
    handler: async (exchange) => {
      const choices = [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', ...said } }];
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
  await expect(invokeOver({ content: 'x'.repeat(5_000_000) })(payload, null)).resolves.toMatchObject({
    message: expect.anything(),
  });
  expect(refused).toBe(0);
  await expect(invokeOver({ content: 'ä'.repeat(4_000_000) })(payload, null)).rejects.toMatchObject({
    name: 'TooLarge',
    message: expect.stringContaining('8.0 MB'),
  });
  expect(refused).toBe(1);
});

it('counts the answer as it is returned, which tells a call three times', async () => {
  const payload = { messages: [{ role: 'user', content: 'hello' }] };
  const toCall = (length: number): object => ({
    content: null,
    tool_calls: [
      {
        id: 'c',
        type: 'function',
        function: { name: 'save', arguments: JSON.stringify({ text: 'x'.repeat(length) }) },
      },
    ],
  });
  await expect(invokeOver(toCall(2_000_000))(payload, null)).resolves.toMatchObject({ function_calls: [{ id: 'c' }] });
  await expect(invokeOver(toCall(2_500_000))(payload, null)).rejects.toMatchObject({ name: 'TooLarge' });
});
