// Anthropic's client has conversations held for it where it may (`thread`): where nothing is held it must be told so, in the words by which it sends them whole.
import Anthropic from '@anthropic-ai/sdk';
import { LLMock } from '@copilotkit/aimock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

const wires = ['openai-chat', 'anthropic'] as const;
const mock = new LLMock({ port: 0, logLevel: 'silent' });
let server: Started;
let client: Anthropic;

beforeAll(async () => {
  mock.on({ userMessage: 'weather', hasToolResult: true }, { content: 'It rains in Oslo.' });
  mock.onMessage(/weather/, { toolCalls: [{ id: 'call_1', name: 'get_weather', arguments: '{"city":"Oslo"}' }] });
  await mock.start();
  const model = { size: 'large', context: 131_072, maxOutput: 8_192, capabilities: ['tools'] };
  server = await startServer(
    wires.map((wire) => toEntry(wire, `${mock.url}/v1`, { models: [{ ...model, id: `${wire}-model`, wire }] })),
  );
  client = new Anthropic({ baseURL: server.url, apiKey: OWNER_KEY, maxRetries: 0 });
});
afterAll(async () => {
  await server.stop();
  await mock.stop();
});

describe.each(wires)('before a provider of the format %s', (wire) => {
  it.each([false, true])(
    'its tool runner comes to an end with the whole conversation, streamed: %s',
    async (stream) => {
      const asked = mock.getRequests().length;
      const runner = client.beta.messages.toolRunner({
        model: `${wire}-model`,
        max_tokens: 500,
        stream,
        messages: [{ role: 'user', content: 'What is the weather?' }],
        tools: [
          {
            name: 'get_weather',
            input_schema: { type: 'object', properties: { city: { type: 'string' } } },
            run: ({ city }: { city: string }) => `rain in ${city}`,
            parse: (input) => input as { city: string },
          },
        ],
      });
      const { content } = await runner.runUntilDone();
      expect(content).toMatchObject([{ type: 'text', text: 'It rains in Oslo.' }]);
      const told = mock.getRequests().slice(asked);
      expect(told).toHaveLength(2);
      expect(JSON.stringify(told.map(({ body }) => body))).not.toContain('"thread"');
      expect(JSON.stringify(told[1]?.body)).toContain('What is the weather?');
    },
  );
});

it('a conversation that it must not send whole is refused by name', async () => {
  const thread = client.beta.messages.thread({ model: 'openai-chat-model', max_tokens: 500 });
  await expect(thread.send({ role: 'user', content: 'What is the weather?' })).rejects.toMatchObject({
    status: 400,
    message: expect.stringMatching(/thread.*whole conversation/) as string,
  });
});
