import { describe, expect, it } from 'vitest';
import { dialects } from '#lambda/wire/index.ts';
import type { ObservedLimit } from '#lambda/wire/types.ts';
import { recording } from './recorded.ts';

const nowMs = Date.parse('2026-11-21T12:00:00Z');

const limit = (
  unit: ObservedLimit['unit'],
  period: ObservedLimit['period'],
  rest: Partial<ObservedLimit>,
): ObservedLimit => ({
  unit,
  period,
  limit: null,
  remaining: null,
  resetAtMs: null,
  from: 'header',
  ...rest,
});

describe('parseLimits', () => {
  const read = (part: string): readonly ObservedLimit[] => {
    const { dialect, reply } = recording(part);
    return dialects[dialect].parseLimits(reply, nowMs);
  };

  it.each([
    [
      'groq/headers-full-set',
      [
        limit('requests', 'day', { limit: 14400, remaining: 14397, resetAtMs: nowMs + 17_564 }),
        limit('tokens', 'minute', { limit: 30000, remaining: 29987, resetAtMs: nowMs + 26 }),
      ],
    ],
    ['groq/chat-plain-llama3_70b', []],
    [
      'openai/chat-plain-gpt_4.1_nano',
      [
        limit('requests', 'minute', { limit: 500, remaining: 499, resetAtMs: nowMs + 120 }),
        expect.objectContaining({ unit: 'tokens', period: 'minute' }),
      ],
    ],
    [
      'azure/headers-renewalperiod-7ab79b',
      [
        limit('requests', 'minute', { limit: 120, remaining: 119 }),
        limit('tokens', 'minute', { limit: 120000, remaining: 119986 }),
      ],
    ],
    [
      'xai/headers-no-reset',
      [
        limit('requests', 'minute', { limit: 1800, remaining: 1800 }),
        limit('tokens', 'minute', { limit: 10000000, remaining: 10000000 }),
      ],
    ],
    [
      'mistral/headers-gen3',
      [
        limit('requests', 'minute', { limit: 100, remaining: 97 }),
        limit('tokens', 'minute', { limit: 100000, remaining: 98188 }),
      ],
    ],
    [
      'mistral/headers-gen2',
      [
        limit('requests', 'unknown', { limit: 60, remaining: 53 }),
        limit('tokens', 'minute', { limit: 2000000, remaining: 1999370 }),
        limit('tokens', 'month', { limit: 10000000000, remaining: 9999999370 }),
      ],
    ],
    [
      'mistral/chat-stream-plain-mistral_small',
      [
        limit('tokens', 'minute', { limit: 500000, remaining: 348385, resetAtMs: nowMs + 23_000 }),
        limit('tokens', 'month', { limit: 1000000000, remaining: 997374950 }),
      ],
    ],
    [
      'huggingface/quirk-no-done',
      [
        limit('requests', 'minute', { remaining: 1997 }),
        limit('requests', 'hour', { remaining: 119997 }),
        limit('requests', 'day', { remaining: 2879997 }),
      ],
    ],
    [
      'cohere/chat-plain',
      [limit('requests', 'minute', { limit: 20, remaining: 8 }), limit('requests', 'month', { limit: 1000 })],
    ],
    [
      'anthropic/headers-retry-after-on-200',
      [
        limit('tokens', 'minute', {
          limit: 2400000,
          remaining: 2400000,
          resetAtMs: Date.parse('2025-11-23T13:21:04Z'),
        }),
        limit('input_tokens', 'minute', {
          limit: 2000000,
          remaining: 2000000,
          resetAtMs: Date.parse('2025-11-23T13:21:04Z'),
        }),
        limit('output_tokens', 'minute', {
          limit: 400000,
          remaining: 400000,
          resetAtMs: Date.parse('2025-11-23T13:21:05Z'),
        }),
      ],
    ],
    ['reported-429/groq-tpm.json', [limit('tokens', 'minute', { limit: 6000, remaining: 2487, from: 'body' })]],
    ['reported-429/gemini-free-rpd', [limit('requests', 'day', { limit: 20, remaining: 0, from: 'body' })]],
    ['reported-429/gemini-free-tpm', [limit('input_tokens', 'minute', { limit: 250000, from: 'body' })]],
    ['reported-429/openrouter-free-per-day', [limit('requests', 'day', { limit: 50, remaining: 0, from: 'body' })]],
    ['reported-429/xai-tpm', [limit('tokens', 'minute', { limit: 16000, remaining: 0, from: 'body' })]],
    ['reported-429/together-60qpm', [limit('requests', 'minute', { limit: 60, from: 'body' })]],
    ['reported-429/anthropic-input-tokens', [limit('input_tokens', 'minute', { limit: 30000, from: 'body' })]],
  ])('reads %s', (part, expected) => {
    expect(read(part)).toEqual(expected);
  });

  it.each([
    [
      'cerebras',
      {
        'x-ratelimit-limit-requests-day': '14400',
        'x-ratelimit-remaining-requests-day': '14399',
        'x-ratelimit-reset-requests-day': '33011.382867',
      },
      [limit('requests', 'day', { limit: 14400, remaining: 14399, resetAtMs: nowMs + 33_011_383 })],
    ],
    [
      'sambanova',
      {
        'x-ratelimit-limit-requests': '20',
        'x-ratelimit-remaining-requests': '19',
        'x-ratelimit-reset-requests': String(nowMs / 1000 + 60),
      },
      [limit('requests', 'minute', { limit: 20, remaining: 19, resetAtMs: nowMs + 60_000 })],
    ],
    [
      'together',
      { 'x-ratelimit-limit': '2', 'x-ratelimit-remaining': '1', 'x-ratelimit-reset': '2' },
      [limit('requests', 'second', { limit: 2, remaining: 1, resetAtMs: nowMs + 2000 })],
    ],
    [
      'fireworks',
      { 'x-ratelimit-limit-requests': '600', 'x-ratelimit-over-limit': 'yes' },
      [limit('requests', 'minute', { limit: 600 })],
    ],
    [
      'generic',
      { 'x-ratelimit-remaining-tokens-day': '5', 'x-ratelimit-limit-requests': 'many' },
      [limit('tokens', 'day', { remaining: 5 })],
    ],
    ['groq', { 'x-ratelimit-limit-tokens-minute': '5' }, []],
    ['nvidia', { 'x-ratelimit-limit-requests': '5' }, []],
  ] as const)('reads headers of %s', (dialect, headers, expected) => {
    expect(dialects[dialect].parseLimits({ status: 200, headers, body: '' }, nowMs)).toEqual(expected);
  });
});
