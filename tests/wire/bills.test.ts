// What a call is said to cost is what its provider bills for it: recorded and invented usages of every format, reckoned once more from their own words.
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { providers } from '#catalog/index.ts';
import type { Price } from '#shared/price.ts';
import { listCostUsd } from '#lambda/routing/cost.ts';
import { converse } from '#lambda/wire/converse/index.ts';
import { parsePictures } from '#lambda/wire/images/question.ts';
import { loadChatWires } from '#lambda/wire/index.ts';
import type { UpstreamWire } from '#lambda/wire/types.ts';
import { recorded } from './recorded.ts';
import { collect, context, framesOf } from './streams.ts';

const chatWires = await loadChatWires();
type Format = 'openai-chat' | 'openai-responses' | 'anthropic' | 'gemini' | 'converse';
type Counts = Readonly<Record<string, unknown>>;

/** Tokens by the price they are billed at. */
interface Billed {
  readonly fresh: number;
  readonly read: number;
  readonly written: number;
  readonly writtenLong: number;
  readonly output: number;
}

const at = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((inner, name) => (inner as Counts | undefined)?.[name], value);
const count = (value: unknown, ...path: readonly string[]): number => Number(at(value, ...path) ?? 0);

/** How each format counts, by its documentation. */
const bills: Readonly<Record<Format, (usage: Counts) => Billed>> = {
  'openai-chat': (usage) => {
    const prompt = count(usage, 'prompt_tokens');
    // A part can't be larger than the whole, though Grok at Azure says so.
    const read = Math.min(prompt, count(usage, 'prompt_tokens_details', 'cached_tokens'));
    const written = count(usage, 'prompt_tokens_details', 'cache_write_tokens');
    // Some leave thoughts out of the completion, and count them in the total.
    const output = Math.max(count(usage, 'completion_tokens'), count(usage, 'total_tokens') - prompt);
    return { fresh: prompt - read - written, read, written, writtenLong: 0, output };
  },
  'openai-responses': (usage) => {
    const read = count(usage, 'input_tokens_details', 'cached_tokens');
    const written = count(usage, 'input_tokens_details', 'cache_write_tokens');
    const fresh = count(usage, 'input_tokens') - read - written;
    return { fresh, read, written, writtenLong: 0, output: count(usage, 'output_tokens') };
  },
  anthropic: (usage) => {
    const writtenLong = count(usage, 'cache_creation', 'ephemeral_1h_input_tokens');
    return {
      fresh: count(usage, 'input_tokens'),
      read: count(usage, 'cache_read_input_tokens'),
      written: count(usage, 'cache_creation_input_tokens') - writtenLong,
      writtenLong,
      output: count(usage, 'output_tokens'),
    };
  },
  gemini: (usage) => {
    const read = count(usage, 'cachedContentTokenCount');
    return {
      fresh: count(usage, 'promptTokenCount') + count(usage, 'toolUsePromptTokenCount') - read,
      read,
      written: 0,
      writtenLong: 0,
      output: count(usage, 'candidatesTokenCount') + count(usage, 'thoughtsTokenCount'),
    };
  },
  converse: (usage) => {
    const details = (usage['cacheDetails'] ?? []) as readonly { readonly ttl: string; readonly inputTokens: number }[];
    const writtenLong = details.find(({ ttl }) => ttl === '1h')?.inputTokens ?? 0;
    return {
      fresh: count(usage, 'inputTokens'),
      read: count(usage, 'cacheReadInputTokens'),
      written: count(usage, 'cacheWriteInputTokens') - writtenLong,
      writtenLong,
      output: count(usage, 'outputTokens'),
    };
  },
};

/** The bill by a price list that names every price; above its edge another one holds for the whole call. */
function toBillUsd(billed: Billed, price: Price): number {
  const { fresh, read, written, writtenLong, output } = billed;
  const input = fresh + read + written + writtenLong;
  const tier = price.tiers?.find(({ inputTokensAbove }) => input > inputTokensAbove) ?? price;
  const parts: readonly (readonly [number, number | undefined])[] = [
    [fresh, tier.inputPerMillionUsd],
    [read, tier.cachedInputPerMillionUsd],
    [written, tier.cacheWritePerMillionUsd],
    [writtenLong, tier.longCacheWritePerMillionUsd],
    [output, tier.outputPerMillionUsd],
  ];
  return parts.reduce((sum, [tokens, rate = NaN]) => sum + (tokens / 1_000_000) * rate, 0);
}

const rate = fc.integer({ min: 0, max: 2000 }).map((cents) => cents / 100);
const rates = fc.record({
  inputPerMillionUsd: rate,
  outputPerMillionUsd: rate,
  cachedInputPerMillionUsd: rate,
  cacheWritePerMillionUsd: rate,
  longCacheWritePerMillionUsd: rate,
});
const priceList: fc.Arbitrary<Price> = fc
  .tuple(rates, rates, fc.integer({ min: 0, max: 3000 }))
  .map(([base, above, inputTokensAbove]) => ({ ...base, tiers: [{ ...above, inputTokensAbove }] }));

const places = [
  ['usage'],
  ['usageMetadata'],
  ['message', 'usage'],
  ['response', 'usage'],
  ['x_groq', 'usage'],
] as const;

/** All that a reply or the events of a stream say of the use; what is said later counts. */
function readUsage(documents: readonly unknown[]): Counts | null {
  const found = documents.flatMap((document) => places.map((place) => at(document, ...place) as Counts | null));
  const said = found.filter((usage) => typeof usage === 'object' && usage !== null);
  return said.length === 0 ? null : Object.assign({}, ...said);
}

const formats: readonly (readonly [RegExp, Format])[] = [
  [/chat\/completions/, 'openai-chat'],
  [/\/responses/, 'openai-responses'],
  [/\/v1\/messages/, 'anthropic'],
  [/enerateContent/, 'gemini'],
  [/\/converse$/, 'converse'],
];

const wireOf = (format: Format): UpstreamWire => (format === 'converse' ? converse : chatWires[format]);

const known = recorded.flatMap(({ name, url, reply: { status, body } }) => {
  const format = formats.find(([path]) => path.test(url))?.[1];
  if (format === undefined || status !== 200) return [];
  const isStream = /^(?:: |data: |event: )/.test(body);
  const frames = isStream ? framesOf([body]) : [];
  const documents = isStream
    ? frames.flatMap(({ data }) => (data?.startsWith('{') === true ? [JSON.parse(data) as unknown] : []))
    : [JSON.parse(body) as unknown];
  const said = readUsage(documents);
  const wire = wireOf(format);
  const usage = isStream ? collect(wire, frames).usage : wire.toAnswer(body)?.usage;
  return said === null || !usage ? [] : [{ name, format, said, usage }];
});

describe('recorded calls', () => {
  it('are of every format, and many', () => {
    expect(new Set(known.map(({ format }) => format)).size).toBe(formats.length);
    expect(known.length).toBeGreaterThan(100);
  });

  it.each(known)('$name costs what its provider bills', ({ format, said, usage }) => {
    fc.assert(
      fc.property(priceList, (price) => {
        expect(listCostUsd(price, usage)).toBeCloseTo(toBillUsd(bills[format](said), price), 12);
      }),
      { numRuns: 10 },
    );
  });

  it.each(known.filter(({ said }) => 'cost' in said || 'cost_in_usd_ticks' in said))(
    '$name costs what the provider itself says',
    ({ said, usage }) => {
      const { cost, cost_in_usd_ticks: ticks } = said;
      expect(usage.reportedCostUsd).toBeCloseTo(
        ticks === undefined ? count(cost, 'total_cost') || Number(cost) : Number(ticks) / 1e10,
        12,
      );
    },
  );

  it.each(known.filter(({ name }) => name.startsWith('xai/')))(
    "$name costs by the catalog's price list what the provider says",
    ({ usage }) => {
      const model = providers.find(({ id }) => id === 'xai')?.models.find(({ id }) => id === 'grok-4.3');
      const { reportedCostUsd, ...tokens } = usage;
      expect(listCostUsd(model?.price ?? null, tokens)).toBeCloseTo(reportedCostUsd ?? NaN, 12);
    },
  );
});

const tokens = fc.nat({ max: 2000 });

/** Replies that use so many tokens, in the words of each format. */
const replies: Readonly<Record<Format, (billed: Billed, thoughts: number) => Readonly<Record<string, unknown>>>> = {
  'openai-chat': ({ fresh, read, written, output }, thoughts) => ({
    choices: [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: 'stop' }],
    usage: {
      prompt_tokens: fresh + read + written,
      completion_tokens: output,
      prompt_tokens_details: { cached_tokens: read, cache_write_tokens: written },
      completion_tokens_details: { reasoning_tokens: thoughts },
    },
  }),
  'openai-responses': ({ fresh, read, written, output }, thoughts) => ({
    status: 'completed',
    output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'x' }] }],
    usage: {
      input_tokens: fresh + read + written,
      output_tokens: output,
      input_tokens_details: { cached_tokens: read, cache_write_tokens: written },
      output_tokens_details: { reasoning_tokens: thoughts },
    },
  }),
  anthropic: ({ fresh, read, written, writtenLong, output }, thoughts) => ({
    role: 'assistant',
    content: [{ type: 'text', text: 'x' }],
    stop_reason: 'end_turn',
    usage: {
      input_tokens: fresh,
      cache_read_input_tokens: read,
      cache_creation_input_tokens: written + writtenLong,
      cache_creation: { ephemeral_5m_input_tokens: written, ephemeral_1h_input_tokens: writtenLong },
      output_tokens: output,
      output_tokens_details: { thinking_tokens: thoughts },
    },
  }),
  gemini: ({ fresh, read, output }, thoughts) => ({
    candidates: [{ content: { role: 'model', parts: [{ text: 'x' }] }, finishReason: 'STOP' }],
    usageMetadata: {
      promptTokenCount: fresh + read,
      cachedContentTokenCount: read,
      candidatesTokenCount: output - thoughts,
      thoughtsTokenCount: thoughts,
    },
  }),
  converse: ({ fresh, read, written, writtenLong, output }) => ({
    output: { message: { role: 'assistant', content: [{ text: 'x' }] } },
    stopReason: 'end_turn',
    usage: {
      inputTokens: fresh,
      cacheReadInputTokens: read,
      cacheWriteInputTokens: written + writtenLong,
      cacheDetails: [
        { ttl: '1h', inputTokens: writtenLong },
        { ttl: '5m', inputTokens: written },
      ],
      outputTokens: output,
    },
  }),
};

/** What a format can't tell is not there. */
const silent: Readonly<Record<Format, Partial<Billed>>> = {
  'openai-chat': { writtenLong: 0 },
  'openai-responses': { writtenLong: 0 },
  anthropic: {},
  gemini: { written: 0, writtenLong: 0 },
  converse: {},
};

describe('invented calls', () => {
  it.each(Object.keys(replies) as Format[])('of %s cost what their tokens cost', (format) => {
    const drawn = fc.record({ fresh: tokens, read: tokens, written: tokens, writtenLong: tokens, output: tokens });
    fc.assert(
      fc.property(drawn, priceList, fc.double({ min: 0, max: 1, noNaN: true }), (all, price, share) => {
        const billed = { ...all, ...silent[format] };
        const reply = replies[format](billed, Math.floor(billed.output * share));
        const usage = wireOf(format).toAnswer(JSON.stringify(reply))?.usage;
        expect(usage && listCostUsd(price, usage)).toBeCloseTo(toBillUsd(billed, price), 12);
      }),
    );
  });
});

test.each([
  ['ticks of xAI', { cost_in_usd_ticks: 200_000_000 }, 0.02],
  ['dollars of OpenRouter', { cost: 0.04 }, 0.04],
])('pictures cost what the provider says: %s', (_, usage, usd) => {
  const reply = parsePictures(JSON.stringify({ data: [{ url: 'https://x.example/1' }], usage }), context);
  expect('usage' in reply && reply.usage).toEqual({ images: 1, reportedCostUsd: usd });
});
