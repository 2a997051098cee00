// Streams with broken events, early and late ends, and counters that ran wild: the caller gets the whole answer in its format, once, and the books stay sane.
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import type { WireId } from '#shared/catalog.ts';
import { surfaces as plain, type SurfaceName } from '../../scripts/wall/surfaces.ts';
import { canonicalAnswer } from '../fakes/provider/answer.ts';
import { createFakeProvider } from '../fakes/provider/core.ts';
import type { FakeProviderSpec, FakeRequest } from '../fakes/provider/spec.ts';
import { createWorld, toEntry, type Reply, type World } from './harness.ts';
import { readGemini, surfaces as official, type Understood } from './surfaces.ts';

const spec = (name: string): FakeProviderSpec => ({ name, wordsPerChunk: 8, models: [{ id: 'm1' }] });

/** The events of the first provider's stream, bent. */
type Bend = (events: string[]) => string[];

/** Two providers of a wire, the first of which streams bent events. */
async function createPair(wire: WireId, bend: Bend): Promise<World> {
  const model = { id: 'm1', kind: 'chat' as const, context: 131_072, maxOutput: 8_192, size: 'large' as const };
  return createWorld({
    providers: [spec('alpha'), spec('beta')],
    others: (clock) => {
      const alpha = createFakeProvider(spec('alpha'), clock);
      const handle = (request: FakeRequest): ReturnType<typeof alpha.handle> => {
        const plan = alpha.handle(request);
        const whole = Buffer.concat(plan.chunks.map(({ bytes }) => bytes)).toString('utf8');
        const text = bend(whole.replaceAll('\r\n', '\n').split(/(?<=\n\n)/)).join('');
        return { ...plan, chunks: [{ delayMs: 0, bytes: new TextEncoder().encode(text) }] };
      };
      return { alpha: { handle } };
    },
    entries: ['alpha', 'beta'].map((name, index) =>
      toEntry(name, { priority: 10 * (index + 1), models: [{ ...model, wire, capabilities: ['tools'] }] }),
    ),
  });
}

const ask = (world: World, surface: SurfaceName, more: Record<string, unknown> = {}): Promise<Reply> => {
  const { path, body } = plain[surface];
  return world.ask({ messages: undefined, ...body('m1', 'sse'), ...more }, {}, path('m1', 'sse'));
};

const wireOf: Readonly<Record<SurfaceName, WireId>> = {
  completions: 'openai-chat',
  chat: 'openai-chat',
  messages: 'anthropic',
  responses: 'openai-responses',
  gemini: 'gemini',
};

async function readCompletion({ text: body, status, headers }: Reply): Promise<Pick<Understood, 'text' | 'finish'>> {
  const replying: typeof fetch = async () => new Response(body, { status, headers: { ...headers } });
  const client = new OpenAI({ apiKey: 'k', baseURL: 'http://x.test/v1', fetch: replying, maxRetries: 0 });
  let [text, finish] = ['', ''];
  for await (const { choices } of await client.completions.create({ model: 'm', prompt: 'p', stream: true })) {
    text += choices[0]?.text ?? '';
    finish = choices[0]?.finish_reason ?? finish;
  }
  return { text, finish };
}

/** Through the official client, which rejects what is not well formed. */
function read(reply: Reply, surface: SurfaceName): Promise<Pick<Understood, 'text' | 'finish'>> {
  if (surface === 'gemini') return readGemini(reply);
  if (surface === 'completions') return readCompletion(reply);
  const client = official.find(({ wire }) => wire === wireOf[surface]);
  if (!client) throw new Error(`no client reads ${surface}`);
  return client.read(reply);
}

const names = Object.keys(plain) as SurfaceName[];
const wires = [...new Set(Object.values(wireOf))];
const sides = names.flatMap((surface) => wires.map((wire) => ({ surface, wire })));

/** The first event that tells of the bridge ends in the middle of that word. */
const tear: Bend = (events) => {
  const at = events.findIndex((event) => event.includes('bridge'));
  return events.with(at, `${events[at]?.replace(/idge[^]*/, '')}\n\n`);
};
const finishOf = /"(?:finish_reason|finishReason|stop_reason)":"|"response\.completed"/;
const finishes = ({ text }: Reply): number => text.match(new RegExp(finishOf, 'g'))?.length ?? 0;

describe.each(sides)('a caller of $surface before $wire', ({ surface, wire }) => {
  it('gets the whole answer where a piece of it is no JSON', async () => {
    const reply = await ask(await createPair(wire, tear), surface);
    expect((await read(reply, surface)).text).toBe(canonicalAnswer);
    expect(finishes(reply)).toBe(1);
  });

  it('gets an error in its place where nobody may go on', async () => {
    const world = await createPair(wire, tear);
    const reply = await ask(world, surface, { freeway: { rescue: false } });
    expect(reply.text).toContain('"failure":"bad_reply"');
    expect(finishes(reply)).toBe(0);
  });

  it('hears nothing of an error behind the end', async () => {
    const late: Bend = (events) => {
      const at = events.findIndex((event) => finishOf.test(event)) + 1;
      return events.toSpliced(at, 0, 'event: error\ndata: {"type":"error","error":{"message":"overloaded"}}\n\n');
    };
    const world = await createPair(wire, late);
    const reply = await ask(world, surface);
    expect((await read(reply, surface)).text).toBe(canonicalAnswer);
    expect([finishes(reply), world.upstream.started()]).toEqual([1, 1]);
  });
});

describe('an answer that ends without a word why', () => {
  it.each(names)('is ended by one for callers of %s', async (surface) => {
    const mute: Bend = (events) => events.filter((event) => event.includes('[DONE]') || !finishOf.test(event));
    const reply = await ask(await createPair('openai-chat', mute), surface);
    const { text, finish } = await read(reply, surface);
    expect(text).toBe(canonicalAnswer);
    expect(finish).not.toBe('');
    expect(finishes(reply)).toBe(1);
  });
});

describe('chunks of other shapes', () => {
  it.each([
    ['no choices', '{"object":"chat.completion.chunk","id":"i","created":1,"model":"m"}'],
    ['a choice that is none', '{"object":"chat.completion.chunk","id":"i","created":1,"model":"m","choices":[null]}'],
    [
      'a message beside what it adds',
      '{"object":"chat.completion.chunk","id":"i","created":1,"model":"m","choices":[{"index":0,"delta":{},"message":"no","finish_reason":null}]}',
    ],
  ])('%s are told so that official clients read on', async (_, chunk) => {
    const bend: Bend = (events) => events.toSpliced(2, 0, `data: ${chunk}\n\n`);
    const world = await createPair('openai-chat', bend);
    expect((await read(await ask(world, 'chat'), 'chat')).text).toBe(canonicalAnswer);
    expect(world.upstream.started()).toBe(1);
  });

  it('without names have those of the others', async () => {
    const world = await createPair('openai-chat', (events) => events.toSpliced(2, 0, 'data: {"future":true}\n\n'));
    const reply = await ask(world, 'chat');
    expect(new Set(reply.text.match(/"id":"[^"]*"/g)).size).toBe(1);
  });

  it('in several lines are passed on in several lines', async () => {
    const world = await createPair('openai-responses', (events) =>
      events.map((event) => event.replace(/^data: (\{.*?,)(".*)$/m, 'data: $1\ndata: $2')),
    );
    const reply = await ask(world, 'responses');
    expect((await read(reply, 'responses')).text).toBe(canonicalAnswer);
  });
});

describe('events without data', () => {
  it.each(names)('are kept from callers of %s, whose clients fail on them', async (surface) => {
    const bend: Bend = (events) => events.flatMap((event) => ['event: ping\n\n', 'event: ping\ndata:\n\n', event]);
    const world = await createPair(wireOf[surface], bend);
    expect((await read(await ask(world, surface), surface)).text).toBe(canonicalAnswer);
    expect(world.upstream.started()).toBe(1);
  });
});

describe('a count of tokens that ran below zero', () => {
  it.each(wires)('is not believed of %s', async (wire) => {
    const wild: Bend = (events) =>
      events.map((event) =>
        event.replace(/"(completion_tokens|output_tokens|candidatesTokenCount|total_tokens)":\d+/g, '"$1":4294967295'),
      );
    const world = await createPair(wire, wild);
    expect((await ask(world, 'chat')).content()).toBe(canonicalAnswer);
    const [record] = await world.records();
    expect(record?.outcome).toBe('ok');
    expect(record?.output_tokens ?? 0).toBeLessThan(1_000);
  });
});
