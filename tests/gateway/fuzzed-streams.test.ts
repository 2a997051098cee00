// Streams of every format bent at random: cut, garbled, in other line ends and pieces, with noise in between. The answer is whole, well formed, told once, and written down once.
import { describe, expect, it } from 'vitest';
import type { WireId } from '#shared/catalog.ts';
import { surfaces, type Document, type SurfaceName } from '../../scripts/wall/surfaces.ts';
import { canonicalAnswer } from '../fakes/provider/answer.ts';
import { createFakeProvider } from '../fakes/provider/core.ts';
import type { FakeProviderSpec, FakeRequest, PlanChunk, ReplyPlan } from '../fakes/provider/spec.ts';
import { createRandom } from '../fakes/random.ts';
import { createWorld, toEntry, type Reply, type World } from './harness.ts';

/** Draws from what there is. */
interface Draw {
  readonly below: (count: number) => number;
  readonly one: <T>(list: readonly [T, ...T[]]) => T;
}

function createDraw(seed: number): Draw {
  const random = createRandom(seed);
  const below = (count: number): number => Math.floor(random() * count);
  return { below, one: (list) => list[below(list.length)] ?? list[0] };
}

/** What the provider sends instead; `plan` for how it ends. */
interface Bent {
  readonly text: string;
  readonly plan?: Partial<ReplyPlan>;
}
type Bend = (events: readonly string[], draw: Draw) => Bent;

const noise = [
  ': hi\n\n', ':\n\n', 'event: ping\n\n', 'data:\n\n', 'data\n\n', 'id: 1\n\n', 'retry: 5\n\n', '\n', '\n\n\n', 'unknown: field\n\n',
  'event: ping\ndata:\n\n', `: ${'x'.repeat(9_000)}\n\n`,
] as const; // prettier-ignore
const faults = [
  'data: {"error":{"message":"overloaded","type":"server_error","code":503}}\n\n',
  'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n',
  'event: error\ndata: oops\n\n',
] as const;
const behind = ['', 'garbage', 'data: {"x":1}\n\n', 'data: [DONE]', '\u0000\u0000', 'HTTP/1.1 200 OK\r\n\r\n'] as const;

const put = (events: readonly string[], { below }: Draw, text: string): Bent => ({
  text: events.toSpliced(below(events.length), 0, text).join(''),
});

const bends: Readonly<Record<string, Bend>> = {
  'line ends': (events, { one }) => ({ text: events.join('').replaceAll('\n', one(['\r\n', '\r'])) }),
  'byte order mark': (events) => ({ text: `\ufeff${events.join('')}` }),
  noise: (events, draw) => put(events, draw, draw.one(noise)),
  'no spaces': (events) => ({ text: events.join('').replace(/^data: /gm, 'data:') }),
  ids: (events) => ({ text: events.map((event, index) => `id: ${index}\n${event}`).join('') }),
  'several lines of data': (events) => ({
    text: events.map((event) => event.replace(/^data: (\{.*?,)(".*)$/m, 'data: $1\ndata: $2')).join(''),
  }),
  'garbage behind': (events, { one }) => ({
    text: events.join('') + one(behind),
    plan: { end: one(['end', 'stall', 'reset']), endDelayMs: 3 },
  }),
  'last line open': (events) => ({ text: events.join('').trimEnd() }),
  'no mark at the end': (events) => ({ text: events.filter((event) => !event.includes('[DONE]')).join('') }),
  cut: (events, { below, one }) => {
    const whole = events.join('');
    return { text: whole.slice(0, below(whole.length)), plan: { end: one(['end', 'stall', 'reset']), endDelayMs: 3 } };
  },
  'torn event': (events, { below }) => {
    // The first one may tell nothing that shows whose piece it is.
    const at = 1 + below(events.length - 1);
    const torn = events[at]?.replace(/("(?:text|content|delta)":")[^]*/, (_, begun: string) => `${begun}\n\n`) ?? '';
    return { text: events.with(at, torn).join('') };
  },
  error: (events, draw) => put(events, draw, draw.one(faults)),
};

/** The bytes in pieces of any length, through characters and line ends. */
function toPieces(text: string, { below, one }: Draw): PlanChunk[] {
  const bytes = new TextEncoder().encode(text);
  const most = one([1, 3, 40, 5_000, 1_000_000]);
  const pieces: PlanChunk[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + 1 + below(most));
    pieces.push({ delayMs: 0, bytes: bytes.slice(at, end) });
    at = end;
  }
  return pieces;
}

const specOf = (name: string): FakeProviderSpec => ({
  name,
  wordsPerChunk: 8,
  models: [{ id: 'm1', ttftMs: 1, tokensPerSecond: 1e9 }],
});

/** Two providers of a wire. What `next` holds bends the next stream of the first. */
async function createPair(wire: WireId, next: { bend: ((events: readonly string[]) => Bent) | null; draw: Draw }) {
  const model = { id: 'm1', kind: 'chat' as const, context: 131_072, maxOutput: 8_192, size: 'large' as const, wire };
  return createWorld({
    providers: [specOf('alpha'), specOf('beta')],
    others: (clock) => {
      const alpha = createFakeProvider(specOf('alpha'), clock);
      const handle = (request: FakeRequest): ReplyPlan => {
        const plan = alpha.handle(request);
        const { bend } = next;
        next.bend = null;
        if (bend === null) return plan;
        const whole = Buffer.concat(plan.chunks.map(({ bytes }) => bytes)).toString('utf8');
        const bent = bend(whole.replaceAll('\r\n', '\n').split(/(?<=\n\n)/));
        return { ...plan, ...bent.plan, chunks: toPieces(bent.text, next.draw) };
      };
      return { alpha: { handle } };
    },
    entries: ['alpha', 'beta'].map((name, index) => toEntry(name, { priority: 10 * (index + 1), models: [model] })),
    env: { FREEWAY_HEALTH_CHECKS: 'off' },
  });
}

const ask = (world: World, surface: SurfaceName): Promise<Reply> => {
  const { path, body } = surfaces[surface];
  return world.ask({ messages: undefined, ...body('m1', 'sse') }, {}, path('m1', 'sse'));
};

function toDocuments(text: string): Document[] {
  const frames = text
    .replace(/^\ufeff/, '')
    .replace(/\r\n|\r/g, '\n')
    .split('\n\n');
  return frames.flatMap((frame) => {
    const lines = frame.split('\n').flatMap((line) => /^data: ?(.*)$/.exec(line)?.[1] ?? []);
    if (lines.length === 0) return [];
    return [lines[0] === '[DONE]' ? { done: true } : (JSON.parse(lines.join('\n')) as Document)];
  });
}

/** What is wrong with a reply; null when it is the canonical answer, told once. */
function faultOf({ text, ended }: Reply, surface: SurfaceName): string | null {
  const documents = toDocuments(text);
  if (documents.some(({ error, response }) => error ?? response?.error)) return 'an error';
  const read = surfaces[surface].read(documents, 'sse');
  if (read.text !== canonicalAnswer) return `other words: ${read.text}`;
  const isWhole = ended && read.ended && read.finishes === 1 && read.ids === 1;
  return isWhole ? null : `${read.finishes} finishes, ${read.ids} ids, ended: ${read.ended}`;
}

async function fuzz(surface: SurfaceName, wire: WireId, { seed, runs }: { seed: number; runs: number }) {
  const next: Parameters<typeof createPair>[1] = { bend: null, draw: createDraw(seed) };
  const world = await createPair(wire, next);
  const kinds = Object.keys(bends);
  const wrong: unknown[] = [];
  for (let run = 0; run < runs; run++) {
    const draw = (next.draw = createDraw(seed + run));
    const kind = kinds[run % kinds.length] ?? '';
    next.bend = (events) => bends[kind]?.(events, draw) ?? { text: '' };
    const fault = faultOf(await ask(world, surface), surface);
    if (fault !== null) wrong.push([seed + run, kind, fault]);
    expect([next.bend, world.upstream.open(), world.clock.pending()]).toEqual([null, 0, 0]);
    // A success in between keeps the first provider from being benched.
    await ask(world, surface);
  }
  expect(wrong, `seed ${seed}`).toEqual([]);
  const records = await world.records();
  expect(records.map(({ outcome }) => outcome)).toEqual(Array(2 * runs).fill('ok'));
  for (const { output_tokens } of records) expect(output_tokens ?? 0).toBeLessThan(1_000);
}

const wires: readonly WireId[] = ['openai-chat', 'anthropic', 'openai-responses', 'gemini'];
const names = Object.keys(surfaces) as SurfaceName[];
const kinds = Object.keys(bends).length;
const anySeed = 1 + Math.floor(Math.random() * 1e9);

describe.each(names.flatMap((surface) => wires.map((wire) => ({ surface, wire }))))(
  'a caller of $surface before $wire',
  ({ surface, wire }) => {
    it('has the whole answer', () => fuzz(surface, wire, { seed: 1, runs: kinds }));
    it(`has it for seed ${anySeed}, too`, () => fuzz(surface, wire, { seed: anySeed, runs: kinds }));
  },
);
