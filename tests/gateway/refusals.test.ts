// Answers that a filter held back whole: an answer of its own kind in the formats that have one for it, an error in the others.
import { describe, expect, it } from 'vitest';
import type { WireId } from '#shared/catalog.ts';
import { createWorld, toEntry, type Reply, type World } from './harness.ts';

type Json = Readonly<Record<string, unknown>>;

const named = (type: string, rest: Json): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`;
const data = (json: Json): string => `data: ${JSON.stringify(json)}\n\n`;

/** Nothing but a refusal, as providers of each wire tell it. */
const refusals: Readonly<Partial<Record<WireId, Record<'whole' | 'stream', string>>>> = (() => {
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'm1', content: [] };
  const used = { input_tokens: 9, output_tokens: 1 };
  const head = { id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm1' };
  const choice = { index: 0, logprobs: null, finish_reason: 'content_filter' };
  const usage = { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10 };
  const blocked = { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, usageMetadata: { promptTokenCount: 9 } };
  const response = {
    id: 'resp_1',
    object: 'response',
    created_at: 1,
    model: 'm1',
    output: [],
    status: 'incomplete',
    incomplete_details: { reason: 'content_filter' },
    usage: used,
  };
  return {
    anthropic: {
      whole: JSON.stringify({ ...message, stop_reason: 'refusal', stop_sequence: null, usage: used }),
      stream:
        named('message_start', { message: { ...message, usage: used } }) +
        named('message_delta', { delta: { stop_reason: 'refusal', stop_sequence: null }, usage: used }) +
        named('message_stop', {}),
    },
    gemini: { whole: JSON.stringify(blocked), stream: data(blocked) },
    'openai-chat': {
      whole: JSON.stringify({
        ...head,
        object: 'chat.completion',
        choices: [{ ...choice, message: { role: 'assistant', content: '', refusal: null } }],
        usage,
      }),
      stream: `${data({ ...head, choices: [{ ...choice, delta: { role: 'assistant' } }] })}data: [DONE]\n\n`,
    },
    'openai-responses': {
      whole: JSON.stringify(response),
      stream:
        named('response.created', { response: { ...response, status: 'in_progress' } }) +
        named('response.incomplete', { response }),
    },
  };
})();
const wires = Object.keys(refusals) as WireId[];

async function createRefusing(wire: WireId): Promise<World> {
  const model = { id: 'm1', kind: 'chat' as const, context: 131_072, maxOutput: 8_192, size: 'large' as const };
  const world = await createWorld({
    providers: [
      { name: 'alpha', keepRequests: 9, models: [{ id: 'm1' }] },
      { name: 'beta', keepRequests: 9, models: [{ id: 'm1' }] },
    ],
    entries: [
      toEntry('alpha', { priority: 10, models: [{ ...model, wire, capabilities: [] }] }),
      toEntry('beta', { priority: 20, models: [{ ...model, capabilities: [] }] }),
    ],
  });
  const told = refusals[wire];
  const raw = (type: string, body = ''): object => ({
    kind: 'raw',
    status: 200,
    headers: { 'content-type': type },
    body,
  });
  world.providers['alpha']?.script([
    raw('application/json', told?.whole),
    raw('text/event-stream', told?.stream),
  ] as never);
  return world;
}

const claude = { max_tokens: 100, messages: [{ role: 'user', content: 'Go.' }] };
const gemini = { messages: undefined, model: undefined, contents: [{ role: 'user', parts: [{ text: 'Go.' }] }] };
const asked = (world: World): (number | undefined)[] =>
  ['alpha', 'beta'].map((name) => world.providers[name]?.received().length);
const payloads = ({ text }: Reply): Json[] =>
  [...text.matchAll(/^data: (.*)$/gm)].map((match) => JSON.parse(match[1] ?? '') as Json);

describe.each(wires)('where %s refuses', (wire) => {
  it('Anthropic’s format has its own word for it', async () => {
    const world = await createRefusing(wire);
    const whole = await world.ask(claude, {}, '/v1/messages');
    expect(whole.status).toBe(200);
    expect(whole.json()).toMatchObject({ type: 'message', content: [], stop_reason: 'refusal' });
    const stream = await world.ask({ ...claude, stream: true }, {}, '/v1/messages');
    expect(payloads(stream).map(({ type }) => type)).toEqual(['message_start', 'message_delta', 'message_stop']);
    expect(payloads(stream)[1]).toMatchObject({ delta: { stop_reason: 'refusal' } });
    expect(asked(world)).toEqual([2, 0]);
  });
  it('Gemini’s format has its own word for it', async () => {
    const world = await createRefusing(wire);
    const expected =
      wire === 'gemini'
        ? { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } }
        : { candidates: [{ content: { parts: [] }, finishReason: 'SAFETY' }] };
    const whole = await world.ask(gemini, {}, '/v1beta/models/m1:generateContent');
    expect([whole.status, whole.json()]).toMatchObject([200, expected]);
    const stream = await world.ask(gemini, {}, '/v1beta/models/m1:streamGenerateContent?alt=sse');
    expect([stream.status, payloads(stream)[0]]).toMatchObject([200, expected]);
    expect(asked(world)).toEqual([2, 0]);
  });
  it.each([
    ['/v1/chat/completions', {}],
    ['/v1/responses', { messages: undefined, input: 'Go.' }],
  ])('callers of %s get an error, whose code says why', async (path, body) => {
    const world = await createRefusing(wire);
    for (const stream of [false, true]) {
      const reply = await world.ask({ ...body, stream }, {}, path);
      expect([reply.status, reply.json().error?.code]).toEqual([400, 'content_filter']);
    }
    expect(asked(world)).toEqual([2, 0]);
  });
  it('whoever asks for that is answered by somebody else', async () => {
    const world = await createRefusing(wire);
    for (const stream of [false, true]) {
      const body = { ...claude, stream, freeway: { content_filter: 'failover' } };
      const reply = await world.ask(body, {}, '/v1/messages');
      expect(reply.text).toMatch(/end_turn/);
    }
    expect(asked(world)).toEqual([2, 2]);
  });
});
