// Streamed tool calls whose arguments end as broken JSON: told again elsewhere, or ended by an error; never an end that looks like success.
import { describe, expect, it } from 'vitest';
import type { WireId } from '#shared/catalog.ts';
import { createWorld, toEntry, type Reply, type World } from './harness.ts';
import { readGemini, surfaces } from './surfaces.ts';

type Arguments = readonly string[];
type Json = Readonly<Record<string, unknown>>;

const named = (type: string, rest: Json): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`;

/** A stream of one call to `get` as each wire tells it. `isCut`: the caller's bound ended it. */
const tellers: Readonly<Record<string, (pieces: Arguments, isCut: boolean) => string>> = {
  'openai-chat': (pieces, isCut) => {
    const chunk = (delta: Json, finish: string | null = null): string =>
      `data: ${JSON.stringify({
        id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm1',
        choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      })}\n\n`; // prettier-ignore
    const call = { index: 0, id: 'call_1', type: 'function', function: { name: 'get', arguments: '' } };
    return [
      chunk({ role: 'assistant', content: null, tool_calls: [call] }),
      ...pieces.map((text) => chunk({ tool_calls: [{ index: 0, function: { arguments: text } }] })),
      chunk({}, isCut ? 'length' : 'tool_calls'),
      'data: [DONE]\n\n',
    ].join('');
  },
  anthropic: (pieces, isCut) => {
    const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'm1', content: [], usage: {} };
    const block = { type: 'tool_use', id: 'toolu_1', name: 'get', input: {} };
    return [
      named('message_start', { message }),
      named('content_block_start', { index: 0, content_block: block }),
      ...pieces.map((text) =>
        named('content_block_delta', { index: 0, delta: { type: 'input_json_delta', partial_json: text } }),
      ),
      named('content_block_stop', { index: 0 }),
      named('message_delta', { delta: { stop_reason: isCut ? 'max_tokens' : 'tool_use' }, usage: {} }),
      named('message_stop', {}),
    ].join('');
  },
  'openai-responses': (pieces, isCut) => {
    const item = { id: 'fc_1', type: 'function_call', call_id: 'call_1', name: 'get', arguments: '' };
    const done = { ...item, arguments: pieces.join('') };
    const status = isCut ? 'incomplete' : 'completed';
    const response = { id: 'resp_1', object: 'response', created_at: 1, model: 'm1', status, output: [done] };
    const at = { item_id: 'fc_1', output_index: 0 };
    return [
      named('response.created', { response: { ...response, status: 'in_progress', output: [] } }),
      named('response.output_item.added', { output_index: 0, item }),
      ...pieces.map((delta) => named('response.function_call_arguments.delta', { ...at, delta })),
      named('response.function_call_arguments.done', { ...at, arguments: done.arguments }),
      named('response.output_item.done', { output_index: 0, item: done }),
      named(`response.${status}`, {
        response: { ...response, ...(isCut ? { incomplete_details: { reason: 'max_output_tokens' } } : {}) },
      }),
    ].join('');
  },
};
const wires = Object.keys(tellers) as WireId[];

/** Two providers, the first of which answers with this stream once. */
async function createTelling(wire: WireId, body: string): Promise<World> {
  const model = { id: 'm1', kind: 'chat' as const, context: 131_072, maxOutput: 8_192, size: 'large' as const };
  const entry = (name: string, spoken: WireId, priority: number): ReturnType<typeof toEntry> =>
    toEntry(name, { priority, models: [{ ...model, wire: spoken, capabilities: ['tools'] }] });
  const world = await createWorld({
    providers: [
      { name: 'alpha', keepRequests: 9, models: [{ id: 'm1' }] },
      { name: 'beta', keepRequests: 9, models: [{ id: 'm1' }] },
    ],
    entries: [entry('alpha', wire, 10), entry('beta', 'openai-chat', 20)],
  });
  const headers = { 'content-type': 'text/event-stream' };
  world.providers['alpha']?.script([{ kind: 'raw', status: 200, headers, body }]);
  return world;
}

/** How the first stream ends: as it should, by the caller's bound, or behind the last piece, by breaking off. */
type Ending = 'good' | 'bound' | 'cut';

function createPair(wire: WireId, first: Arguments, ending: Ending = 'good'): Promise<World> {
  const told = tellers[wire]?.(first, ending === 'bound') ?? '';
  const last = told.indexOf('\n\n', told.lastIndexOf(JSON.stringify(first.at(-1)))) + 2;
  return createTelling(wire, ending === 'cut' ? told.slice(0, last) : told);
}

const prompt = 'call tool get with {"city":"Oslo"}';
const asked = (world: World): (number | undefined)[] =>
  ['alpha', 'beta'].map((name) => world.providers[name]?.received().length);

/** No sign of a good end, in any format. */
const goodEnds = /"finish_reason":"|"stop_reason":"|message_stop|\[DONE\]|response\.completed|response\.incomplete/;

function expectBrokenOff(reply: Reply): void {
  expect([reply.status, reply.ended]).toEqual([200, true]);
  expect(reply.text).toMatch(/broke off/);
  expect(reply.text).toContain('"failure":"bad_reply"');
  expect(reply.text).not.toMatch(goodEnds);
}

describe.each(surfaces)('a caller of $wire', (surface) => {
  describe.each(wires)('answered by %s', (wire) => {
    it('gets the call whole where it stops too early and is told again elsewhere', async () => {
      const world = await createPair(wire, ['{"city":', '"Os']);
      const reply = await world.ask(surface.body(prompt, { tool: 'get' }), {}, surface.path);
      if (wire === surface.wire && wire !== 'openai-chat') {
        // The provider's own word for the end of the call is out: nothing can follow it.
        expectBrokenOff(reply);
        expect(asked(world)).toEqual([1, 0]);
        return;
      }
      expect(asked(world)).toEqual([1, 1]);
      expect(await surface.read(reply)).toEqual({
        text: '',
        calls: [{ name: 'get', arguments: { city: 'Oslo' } }],
        finish: surface.finishes.tools,
      });
    });
    it('gets the call whole where another tells it with other white space', async () => {
      const world = await createPair(wire, ['{ "city" : ', '"Os'], 'cut');
      const reply = await world.ask(surface.body(prompt, { tool: 'get' }), {}, surface.path);
      expect(asked(world)).toEqual([1, 1]);
      expect(await surface.read(reply)).toMatchObject({ calls: [{ name: 'get', arguments: { city: 'Oslo' } }] });
    });
    it('gets a typed error where nobody can go on with it', async () => {
      const world = await createPair(wire, ['{"town":', '"Oslo"]']);
      const reply = await world.ask(surface.body(prompt, { tool: 'get' }), {}, surface.path);
      expectBrokenOff(reply);
      // Some clients read arguments as they grow, and stumble over them before they come to the error.
      await expect(surface.read(reply)).rejects.toThrow(/broke off|JSON/);
    });
    it('gets the error also where rescue is turned off', async () => {
      const world = await createPair(wire, ['{"city":', '"Os']);
      const body = { ...surface.body(prompt, { tool: 'get' }), freeway: { rescue: false } };
      const reply = await world.ask(body, {}, surface.path);
      expectBrokenOff(reply);
      expect(reply.text).toMatch(/arguments are no JSON/);
      expect(asked(world)).toEqual([1, 0]);
    });
    it('gets what there is where the bound cut it short', async () => {
      const world = await createPair(wire, ['{"city":', '"Os'], 'bound');
      const reply = await world.ask(surface.body(prompt, { tool: 'get' }), {}, surface.path);
      expect(reply.text).toMatch(/"length"|max_tokens|max_output_tokens/);
      expect(reply.text).not.toMatch(/no JSON/);
      expect(asked(world)).toEqual([1, 0]);
    });
  });
});

describe('a caller of gemini, whom no call is told before it is whole', () => {
  const path = '/v1beta/models/m1:streamGenerateContent?alt=sse';
  const body = {
    messages: undefined,
    model: undefined,
    contents: [{ role: 'user', parts: [{ text: prompt }] }],
    tools: [{ functionDeclarations: [{ name: 'get' }] }],
  };
  const whole = { text: '', calls: [{ name: 'get', arguments: { city: 'Oslo' } }], finish: 'STOP' };

  it.each(wires)('gets that of another where the one of %s is broken at its end', async (wire) => {
    const world = await createPair(wire, ['{"town":', '"Oslo"]']);
    const reply = await world.ask(body, {}, path);
    expect(asked(world)).toEqual([1, 1]);
    expect(await readGemini(reply)).toEqual(whole);
    expect(reply.headers).toMatchObject({ 'x-freeway-credential': 'beta', 'x-freeway-attempts': '2' });
    expect(reply.text).not.toContain('resumed_by');
    const [record] = await world.records();
    expect(record).toMatchObject({ outcome: 'ok', attempts: [{ failure: 'bad_reply' }] });
  });
  it.each(wires)('gets that of another where the one of %s is cut', async (wire) => {
    const world = await createPair(wire, ['{"town":', '"Oslo"]'], 'cut');
    const reply = await world.ask(body, {}, path);
    expect(asked(world)).toEqual([1, 1]);
    expect(await readGemini(reply)).toEqual(whole);
  });
  describe('answered by a provider of its own format', () => {
    const told = (parts: Json[], finishReason?: string): string =>
      `data: ${JSON.stringify({
        candidates: [{ content: { parts, role: 'model' }, finishReason, index: 0 }], modelVersion: 'm1', responseId: 'r1',
      })}\r\n\r\n`; // prettier-ignore
    const call = { functionCall: { name: 'get', args: { town: 'Oslo' } }, thoughtSignature: 'c2lnbmVk' };
    it('gets the call with all that stands beside it, once the end has come', async () => {
      const world = await createTelling(
        'gemini',
        told([{ text: 'So. ' }]) + told([call]) + told([{ text: '' }], 'STOP'),
      );
      const reply = await world.ask(body, {}, path);
      const calls = [{ name: 'get', arguments: { town: 'Oslo' } }];
      expect(await readGemini(reply)).toEqual({ text: 'So. ', calls, finish: 'STOP' });
      expect(reply.text).toContain('"thoughtSignature":"c2lnbmVk"');
      expect(asked(world)).toEqual([1, 0]);
    });
    it.each([
      ['before its end', told([call])],
      ['behind a sign of life', told([call]) + told([])],
    ])('gets the call of another where that one is cut %s', async (_, stream) => {
      const world = await createTelling('gemini', stream);
      const reply = await world.ask(body, {}, path);
      expect(await readGemini(reply)).toEqual(whole);
      expect(asked(world)).toEqual([1, 1]);
    });
  });
  it.each(wires)('gets the error where nobody else is there, and no call of %s', async (wire) => {
    const world = await createPair(wire, ['{"town":', '"Oslo"]']);
    const reply = await world.ask({ ...body, freeway: { failover: false } }, {}, path);
    expect(reply.text).not.toContain('functionCall');
    expect(reply.status).toBe(502);
    await expect(readGemini(reply)).rejects.toThrow(/arguments are no JSON/);
  });
});
