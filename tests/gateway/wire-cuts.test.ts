// A stream cut or stalled at every byte, for callers of every format and before providers of every format: the canonical answer, once, well formed.
import { describe, expect, it } from 'vitest';
import type { WireId } from '#shared/catalog.ts';
import { surfaces as plain, type Document, type SurfaceName } from '../../scripts/wall/surfaces.ts';
import { canonicalAnswer } from '../fakes/provider/answer.ts';
import { createFakeProvider } from '../fakes/provider/core.ts';
import type { Fault } from '../fakes/provider/faults.ts';
import type { FakeProviderSpec } from '../fakes/provider/spec.ts';
import { createWorld, toEntry, type Reply, type World } from './harness.ts';
import { readGemini, surfaces as official } from './surfaces.ts';

interface Side {
  readonly surface: SurfaceName;
  readonly wire: WireId;
}
/** Both in OpenAI's format are looked at by stream-cuts.test.ts. */
const sides: readonly Side[] = [
  { surface: 'completions', wire: 'openai-chat' },
  { surface: 'messages', wire: 'openai-chat' },
  { surface: 'responses', wire: 'openai-chat' },
  { surface: 'gemini', wire: 'openai-chat' },
  { surface: 'chat', wire: 'anthropic' },
  { surface: 'chat', wire: 'openai-responses' },
  { surface: 'chat', wire: 'bedrock-converse' },
  { surface: 'messages', wire: 'anthropic' },
  { surface: 'chat', wire: 'gemini' },
  { surface: 'messages', wire: 'gemini' },
  { surface: 'gemini', wire: 'gemini' },
  { surface: 'gemini', wire: 'anthropic' },
];

/** One after the other, from byte to byte. */
const faults: readonly ((bytes: number) => Fault)[] = [
  (bytes) => ({ kind: 'cut', at: { bytes }, how: 'reset' }),
  (bytes) => ({ kind: 'stall', at: { bytes } }),
  (bytes) => ({ kind: 'cut', at: { bytes }, how: 'end' }),
];

const specOf = (name: string): FakeProviderSpec => ({
  name,
  wordsPerChunk: 30,
  models: [{ id: 'm1', ttftMs: 1, tokensPerSecond: 1e9 }],
  keepRequests: 1,
});

const toWorld = (wire: WireId): Promise<World> =>
  createWorld({
    providers: [specOf('alpha'), specOf('beta')],
    entries: ['alpha', 'beta'].map((name, index) =>
      toEntry(name, {
        priority: 10 * (index + 1),
        models: [
          { id: 'm1', kind: 'chat', context: 131_072, maxOutput: 8_192, size: 'large', wire, capabilities: ['tools'] },
        ],
      }),
    ),
    env: { FREEWAY_HEALTH_CHECKS: 'off' },
  });

const ask = (world: World, surface: SurfaceName): Promise<Reply> => {
  const { path, body } = plain[surface];
  const messages = surface === 'chat' || surface === 'messages' ? {} : { messages: undefined };
  return world.ask({ ...messages, ...body('m1', 'sse') }, {}, path('m1', 'sse'));
};

/** How long the provider's own stream is. */
async function lengthOf({ surface, wire }: Side): Promise<number> {
  const world = await toWorld(wire);
  await ask(world, surface);
  const [call] = world.providers['alpha']!.received();
  if (!call) throw new Error('nobody was asked');
  const again = createFakeProvider(specOf('alpha'), { now: () => 0 });
  return again.handle({ method: 'POST', ...call }).chunks.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

function toDocuments(text: string): Document[] {
  const data = text.split(/\r?\n\r?\n/).flatMap((frame) => /^(?:event: .*\n)?data: (.*)$/.exec(frame)?.[1] ?? []);
  return data.map((one) => (one === '[DONE]' ? { done: true } : (JSON.parse(one) as Document)));
}

/** What is wrong with a reply; null when it is the canonical answer. */
function faultOf(reply: Reply, surface: SurfaceName): string | null {
  const documents = toDocuments(reply.text);
  const { text, finishes, ids, ended } = plain[surface].read(documents, 'sse');
  if (documents.some(({ error }) => error)) return 'an error';
  if (text !== canonicalAnswer) return `other words: ${text.slice(-60)}`;
  return finishes === 1 && ids === 1 && ended ? null : `${finishes} finishes, ${ids} ids, ${ended ? '' : 'not '}ended`;
}

const officialOf: Readonly<Partial<Record<SurfaceName, WireId>>> = {
  chat: 'openai-chat',
  messages: 'anthropic',
  responses: 'openai-responses',
};

describe.each(sides)('a caller of $surface before providers of $wire', ({ surface, wire }) => {
  it('gets the whole answer, wherever the stream breaks', async () => {
    const total = await lengthOf({ surface, wire });
    expect(total).toBeGreaterThan(500);
    const world = await toWorld(wire);
    const client =
      surface === 'gemini' ? { read: readGemini } : official.find(({ wire }) => wire === officialOf[surface]);
    const wrong: unknown[] = [];
    for (let bytes = 0; bytes <= total; bytes++) {
      world.providers['alpha']!.script([faults[bytes % faults.length]!(bytes)]);
      const reply = await ask(world, surface);
      const fault = faultOf(reply, surface);
      if (fault !== null) wrong.push([bytes, fault]);
      if (bytes % 61 === 60 && client) expect((await client.read(reply)).text).toBe(canonicalAnswer);
      expect([world.upstream.open(), world.clock.pending()]).toEqual([0, 0]);
      // A success now and then keeps the first provider from being benched.
      if (bytes % 2 === 1) expect((await ask(world, surface)).headers['x-freeway-credential']).toBe('alpha');
    }
    expect(wrong).toEqual([]);
  });
});
