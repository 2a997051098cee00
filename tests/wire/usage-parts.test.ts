// What providers tell of a call beside its plain tokens, and what changes its bill: sound, pictures, searches, terms, what other models did.
import { describe, expect, it } from 'vitest';
import { converse } from '#lambda/wire/converse/index.ts';
import { parsePictures } from '#lambda/wire/images/question.ts';
import { loadChatWires } from '#lambda/wire/index.ts';
import { readFlat } from '#lambda/wire/transcription/flat.ts';
import type { UpstreamWire } from '#lambda/wire/types.ts';
import { collect, context, framesOf } from './streams.ts';

const { 'openai-chat': chat, 'openai-responses': responses, anthropic, gemini } = await loadChatWires();

const usageOf = (wire: UpstreamWire, reply: object) => wire.toAnswer(JSON.stringify(reply))?.usage;
const streamed = (wire: UpstreamWire, events: readonly object[]) =>
  collect(wire, framesOf([events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')])).usage;

describe('the OpenAI chat format', () => {
  const choices = [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: 'stop' }];
  const reply = (usage: object, more: object = {}) => ({ choices, ...more, usage });

  it('tells sound and pictures apart', () => {
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 50,
      prompt_tokens_details: { audio_tokens: 60 },
      completion_tokens_details: { audio_tokens: 30, image_tokens: 5 },
    };
    expect(usageOf(chat, reply(usage))).toEqual({
      inputTokens: 100,
      outputTokens: 50,
      audioInputTokens: 60,
      audioOutputTokens: 30,
      imageOutputTokens: 5,
    });
  });

  it.each([
    ['default', undefined],
    ['auto', undefined],
    ['on_demand', undefined],
    [null, undefined],
    ['flex', ['flex']],
    ['priority', ['priority']],
  ])('tells the tier of service %s', (tier, billedAs) => {
    const usage = { prompt_tokens: 1, completion_tokens: 1 };
    expect(usageOf(chat, reply(usage, { service_tier: tier }))?.billedAs).toEqual(billedAs);
    const chunks = [
      { choices: [{ index: 0, delta: { content: 'x' } }], service_tier: tier },
      { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], service_tier: tier },
      { choices: [], usage, service_tier: tier },
    ];
    expect(streamed(chat, chunks)?.billedAs).toEqual(billedAs);
  });

  it.each([
    ['a cost in dollars', { cost: 0.04, is_byok: false, cost_details: { upstream_inference_cost: 0.04 } }, 0.04],
    [
      'a fee for a key of one’s own',
      { cost: 0.002, is_byok: true, cost_details: { upstream_inference_cost: 0.04 } },
      0.042,
    ],
    ['no fee for such a key', { cost: 0, is_byok: true, cost_details: { upstream_inference_cost: 0.04 } }, 0.04],
    ['such a key at an unknown cost', { cost: 0.002, is_byok: true }, 0.002],
    ['ticks', { cost_in_usd_ticks: 200_000_000 }, 0.02],
    ['nothing', {}, undefined],
  ])('tells %s', (_name, more, usd) => {
    const told = usageOf(chat, reply({ prompt_tokens: 1, completion_tokens: 1, ...more }));
    if (usd === undefined) expect(told).not.toHaveProperty('reportedCostUsd');
    else expect(told?.reportedCostUsd).toBeCloseTo(usd, 12);
  });
});

describe('the Responses format', () => {
  const message = { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'x' }] };
  const search = (action?: object) => ({ type: 'web_search_call', status: 'completed', ...(action && { action }) });
  const response = {
    id: 'r',
    status: 'completed',
    service_tier: 'priority',
    output: [search({ type: 'search', query: 'a' }), search({ type: 'open_page' }), search(), message],
    usage: { input_tokens: 10, output_tokens: 2 },
  };
  const expected = { inputTokens: 10, outputTokens: 2, searches: 2, billedAs: ['priority'] };

  it('tells searches and terms, whole and in a stream', () => {
    expect(usageOf(responses, response)).toEqual(expected);
    const events = [
      { type: 'response.output_text.delta', item_id: 'm', output_index: 0, content_index: 0, delta: 'x' },
      { type: 'response.completed', response },
    ];
    expect(streamed(responses, events)).toEqual(expected);
  });
});

describe('the Anthropic format', () => {
  const content = [{ type: 'text', text: 'x' }];
  const reply = (usage: object) => ({ role: 'assistant', content, stop_reason: 'end_turn', usage });
  const iteration = (type: string, input: number, output: number) => ({
    type,
    input_tokens: input,
    output_tokens: output,
    cache_read_input_tokens: 0,
    cache_creation_input_tokens: 0,
  });

  it('tells searches, and the place and speed that were asked for', () => {
    const usage = {
      input_tokens: 10,
      output_tokens: 2,
      server_tool_use: { web_search_requests: 3, web_fetch_requests: 1 },
      service_tier: 'standard',
      speed: 'fast',
      inference_geo: 'us',
    };
    expect(usageOf(anthropic, reply(usage))).toMatchObject({ searches: 3, billedAs: ['fast', 'us'] });
    const usual = { ...usage, speed: 'standard', inference_geo: 'global' };
    expect(usageOf(anthropic, reply(usual))).not.toHaveProperty('billedAs');
  });

  it('counts what shortened the conversation first, which the sums leave out', () => {
    const beside = {
      ...iteration('compaction', 60_000, 500),
      cache_read_input_tokens: 400,
      cache_creation_input_tokens: 30,
      cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
    };
    const usage = { input_tokens: 700, output_tokens: 1300, iterations: [beside, iteration('message', 700, 1300)] };
    const expected = {
      inputTokens: 60_700 + 400 + 30,
      outputTokens: 1800,
      cachedInputTokens: 400,
      cacheWriteTokens: 30,
      longCacheWriteTokens: 20,
    };
    expect(usageOf(anthropic, reply(usage))).toEqual(expected);
    const events = [
      { type: 'message_start', message: { id: 'm', usage: { input_tokens: 700, output_tokens: 1 } } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: 'x' } },
      { type: 'message_delta', delta: {}, usage: { ...usage, output_tokens: 900 } },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage },
      { type: 'message_stop' },
    ];
    expect(streamed(anthropic, events)).toEqual(expected);
  });

  it.each(['advisor_message', 'fallback_message'])('says that another model did some of it: %s', (type) => {
    const iterations = [iteration('message', 10, 1), { ...iteration(type, 90, 40), model: 'other' }];
    const usage = { input_tokens: 10, output_tokens: 1, iterations };
    expect(usageOf(anthropic, reply(usage))).toEqual({
      inputTokens: 10,
      outputTokens: 1,

      billedAs: [type],
    });
  });
});

describe('the Gemini format', () => {
  const candidates = [{ content: { role: 'model', parts: [{ text: 'x' }] }, finishReason: 'STOP' }];

  it('tells sound, of which some was in a cache, and pictures', () => {
    const usageMetadata = {
      promptTokenCount: 100,
      cachedContentTokenCount: 40,
      candidatesTokenCount: 30,
      promptTokensDetails: [
        { modality: 'TEXT', tokenCount: 20 },
        { modality: 'AUDIO', tokenCount: 80 },
      ],
      cacheTokensDetails: [{ modality: 'AUDIO', tokenCount: 25 }],
      candidatesTokensDetails: [
        { modality: 'TEXT', tokenCount: 10 },
        { modality: 'IMAGE', tokenCount: 20 },
      ],
      serviceTier: 'flex',
      trafficType: 'ON_DEMAND_FLEX',
    };
    expect(usageOf(gemini, { candidates, usageMetadata })).toEqual({
      inputTokens: 100,
      outputTokens: 30,
      cachedInputTokens: 40,
      audioInputTokens: 55,
      cachedAudioInputTokens: 25,
      imageOutputTokens: 20,
      billedAs: ['flex'],
    });
  });

  it.each([
    [{ serviceTier: 'standard' }, undefined],
    [{ trafficType: 'ON_DEMAND' }, undefined],
    [{ trafficType: 'PROVISIONED_THROUGHPUT' }, ['provisioned']],
  ])('tells terms: %o', (terms, billedAs) => {
    const usageMetadata = { promptTokenCount: 1, candidatesTokenCount: 1, ...terms };
    expect(usageOf(gemini, { candidates, usageMetadata })?.billedAs).toEqual(billedAs);
  });
});

it('the Converse format tells the tier of service beside the use', () => {
  const usage = { inputTokens: 1, outputTokens: 1 };
  const output = { message: { role: 'assistant', content: [{ text: 'x' }] } };
  const reply = { output, stopReason: 'end_turn', usage, serviceTier: { type: 'flex' } };
  expect(usageOf(converse, reply)).toEqual({ inputTokens: 1, outputTokens: 1, billedAs: ['flex'] });
});

it('a transcript tells what it cost, where the provider does', () => {
  const usage = { input_tokens: 37, output_tokens: 12, cost: 0.00010625 };
  expect(readFlat(JSON.stringify({ text: 'Hello.', usage }))?.costUsd).toBe(0.00010625);
  expect(readFlat(JSON.stringify({ text: 'Hello.' }))).not.toHaveProperty('costUsd');
});

it.each([
  ['details', { output_tokens_details: { image_tokens: 900, text_tokens: 100 } }, 900],
  ['none', {}, 1000],
])('pictures are told in tokens of their own: %s', (_name, more, imageOutputTokens) => {
  const usage = { input_tokens: 10, output_tokens: 1000, ...more };
  const reply = parsePictures(JSON.stringify({ data: [{ url: 'https://x.example/1' }], usage }), context);
  expect('usage' in reply && reply.usage).toEqual({
    images: 1,
    inputTokens: 10,
    outputTokens: 1000,
    imageOutputTokens,
  });
});
