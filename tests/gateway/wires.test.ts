// Streams that break off between formats: whoever asks in whichever format, and whoever answers, the caller gets the whole answer once.
import { describe, expect, it } from 'vitest';
import type { WireId } from '#shared/catalog.ts';
import type { ProviderEntry } from '#shared/credentials.ts';
import { canonicalAnswer } from '../fakes/provider/answer.ts';
import type { FakeModel } from '../fakes/provider/spec.ts';
import { createWorld, toEntry, type World } from './harness.ts';
import { surfaces } from './surfaces.ts';

const wires: readonly WireId[] = [...surfaces.map(({ wire }) => wire), 'bedrock-converse', 'gemini'];
const capabilities: ('tools' | 'prefill')[] = ['tools', 'prefill'];

function entryOf(name: string, wire: WireId, { takesPrefill = false, priority = 10 } = {}): ProviderEntry {
  const able = takesPrefill ? capabilities : capabilities.slice(0, 1);
  const model = { id: 'm1', kind: 'chat' as const, context: 131_072, maxOutput: 8_192, size: 'large' as const };
  return toEntry(name, { priority, models: [{ ...model, wire, capabilities: able }] });
}

interface Pair {
  readonly first: WireId;
  readonly second: WireId;
  readonly fault: string;
  readonly takesPrefill?: boolean;
  readonly more?: Partial<FakeModel>;
}

/** Two providers; the first breaks its streams. */
function createPair({ first, second, fault, takesPrefill = false, more = {} }: Pair): Promise<World> {
  return createWorld({
    providers: [
      { name: 'alpha', models: [{ id: 'm1', fault, ...more }] },
      { name: 'beta', models: [{ id: 'm1', ...more }] },
    ],
    entries: [entryOf('alpha', first), entryOf('beta', second, { takesPrefill, priority: 20 })],
  });
}

const faults = ['cut-40', 'cut-clean-40', 'stall-20', 'error-mid-20'] as const;
const pairs = wires.flatMap((first) => wires.map((second) => ({ first, second })));

describe.each(surfaces)('a caller of $wire', (surface) => {
  describe.each(pairs)('answered by $first, then $second', (pair) => {
    it.each(faults)('gets the whole text after %s', async (fault) => {
      const world = await createPair({ ...pair, fault });
      const reply = await world.ask(surface.body('Go.'), {}, surface.path);
      expect(await surface.read(reply)).toEqual({
        text: canonicalAnswer,
        calls: [],
        finish: surface.finishes.stop,
      });
      expect(reply.text).toContain('"resumed_by":"restart"');
      expect([reply.ended, world.upstream.open(), world.clock.pending()]).toEqual([true, 0, 0]);
    });

    it('gets the whole text by prefill', async () => {
      const world = await createPair({ ...pair, fault: 'cut-40', takesPrefill: true });
      const reply = await world.ask(surface.body('Go.'), {}, surface.path);
      expect((await surface.read(reply)).text).toBe(canonicalAnswer);
      expect(reply.text).toContain('"resumed_by":"prefill"');
    });

    it('gets the whole of two tool calls that were cut', async () => {
      // Calls of the Gemini format come whole: there it is cut between the two.
      const world = await createPair({ ...pair, fault: pair.first === 'gemini' ? 'cut-1' : 'cut-arguments' });
      const prompt = 'call tool get with {"city":"Oslo and all its many islands"} call tool get with {"city":"Rome"}';
      const reply = await world.ask(surface.body(prompt, { tool: 'get' }), {}, surface.path);
      expect(reply.text).toContain('"resumed_by":"restart"');
      expect(await surface.read(reply)).toEqual({
        text: '',
        calls: [
          { name: 'get', arguments: { city: 'Oslo and all its many islands' } },
          { name: 'get', arguments: { city: 'Rome' } },
        ],
        finish: surface.finishes.tools,
      });
    });
  });

  it.each(wires)('gets one typed error where %s breaks off and nobody else is there', async (first) => {
    const world = await createWorld({
      providers: [{ name: 'alpha', models: [{ id: 'm1', fault: 'cut-40' }] }],
      entries: [entryOf('alpha', first)],
    });
    const body = { ...surface.body('Go.'), freeway: { rescue: false } };
    const reply = await world.ask(body, {}, surface.path);
    expect(reply.status).toBe(200);
    await expect(surface.read(reply)).rejects.toThrow(/broke off/);
  });
});
