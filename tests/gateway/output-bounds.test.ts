// Bounds on the answer: one above what the model writes is lowered to it, in every format, whoever asks; all others go out as they are.
import { describe, expect, it } from 'vitest';
import type { WireId } from '#shared/catalog.ts';
import { createWorld, toEntry, type World } from './harness.ts';

const wires: readonly WireId[] = ['openai-chat', 'openai-responses', 'anthropic', 'gemini', 'bedrock-converse'];
const MOST = 8_192;

function createOne(wire: WireId): Promise<World> {
  const model = { id: 'm1', kind: 'chat' as const, context: 131_072, maxOutput: MOST, size: 'large' as const };
  return createWorld({
    providers: [{ name: 'alpha', keepRequests: 9, models: [{ id: 'm1', maxOutput: MOST }] }],
    entries: [toEntry('alpha', { models: [{ ...model, wire, capabilities: ['reasoning'] }] })],
  });
}

const gemini = { messages: undefined, model: undefined, contents: [{ role: 'user', parts: [{ text: 'Go.' }] }] };
const surfaces: readonly (readonly [string, string, (bound: number) => Record<string, unknown>])[] = [
  ['max_tokens', '/v1/chat/completions', (bound) => ({ max_tokens: bound })],
  ['max_completion_tokens', '/v1/chat/completions', (bound) => ({ max_completion_tokens: bound })],
  ['max_output_tokens', '/v1/responses', (bound) => ({ messages: undefined, input: 'Go.', max_output_tokens: bound })],
  ['max_tokens of messages', '/v1/messages', (bound) => ({ max_tokens: bound })],
  [
    'maxOutputTokens',
    '/v1beta/models/m1:generateContent',
    (bound) => ({ ...gemini, generationConfig: { maxOutputTokens: bound, temperature: 0.5 } }),
  ],
  [
    'max_output_tokens in the other spelling',
    '/v1beta/models/m1:generateContent',
    (bound) => ({ ...gemini, generation_config: { max_output_tokens: bound } }),
  ],
];
const bounds = /"(?:max_tokens|max_completion_tokens|max_output_tokens|maxOutputTokens|maxTokens)":(\d+)/g;
const sent = (world: World): number[] =>
  (world.providers['alpha']?.received() ?? []).flatMap(({ body }) =>
    [...body.matchAll(bounds)].map((match) => Number(match[1])),
  );

describe.each(surfaces)('%s', (_, path, body) => {
  it.each(wires)('is at most what the model writes, told to %s', async (wire) => {
    // The simulated provider knows one spelling.
    if (wire === 'gemini' && 'generation_config' in body(1)) return;
    const world = await createOne(wire);
    for (const bound of [32_000, 50]) {
      const reply = await world.ask(body(bound), {}, path);
      expect(reply.status).toBe(200);
    }
    expect(sent(world)).toEqual([MOST, 50]);
  });
});

it('thoughts leave room for an answer below a bound that was lowered', async () => {
  const world = await createOne('anthropic');
  const thinking = { type: 'enabled', budget_tokens: 31_999 };
  await world.ask({ max_tokens: 32_000, thinking }, {}, '/v1/messages');
  await world.ask({ max_tokens: 4_000, thinking: { ...thinking, budget_tokens: 1_024 } }, {}, '/v1/messages');
  // Between calls of tools some may think further than one answer goes: that is the caller's to know.
  await world.ask({ max_tokens: 4_000, thinking: { ...thinking, budget_tokens: 6_000 } }, {}, '/v1/messages');
  const bodies = world.providers['alpha']?.received().map(({ body }) => JSON.parse(body) as { thinking: object });
  expect(bodies).toMatchObject([
    { max_tokens: MOST, thinking: { type: 'enabled', budget_tokens: MOST - 1_024 } },
    { max_tokens: 4_000, thinking: { type: 'enabled', budget_tokens: 1_024 } },
    { max_tokens: 4_000, thinking: { type: 'enabled', budget_tokens: 6_000 } },
  ]);
});
