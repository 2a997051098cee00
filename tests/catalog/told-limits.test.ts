// Holds the catalog to what replies tell: a limit that a provider's headers name has a pool to be learned by.
import { describe, expect, test } from 'vitest';
import { providers } from '#catalog/index.ts';
import type { DialectId } from '#shared/catalog.ts';
import { matchesAny } from '#shared/patterns.ts';
import type { Clock, Pool } from '#shared/pools.ts';
import { dialects } from '#lambda/wire/index.ts';

/** Limits of replies to chats, as recorded. */
const recorded: Partial<Record<DialectId, Readonly<Record<string, string>>>> = {
  openai: {
    'x-ratelimit-limit-requests': '500',
    'x-ratelimit-remaining-requests': '499',
    'x-ratelimit-limit-tokens': '200000',
    'x-ratelimit-remaining-tokens': '199990',
  },
  groq: {
    'x-ratelimit-limit-requests': '14400',
    'x-ratelimit-remaining-requests': '14399',
    'x-ratelimit-limit-tokens': '6000',
    'x-ratelimit-remaining-tokens': '5990',
  },
  mistral: {
    'x-ratelimit-limit-req-minute': '5',
    'x-ratelimit-remaining-req-minute': '4',
    'x-ratelimit-limit-tokens-minute': '75000',
    'x-ratelimit-remaining-tokens-minute': '74932',
  },
  anthropic: {
    'anthropic-ratelimit-requests-limit': '10000',
    'anthropic-ratelimit-requests-remaining': '9999',
  },
  azure: {
    'x-ratelimit-limit-requests': '250',
    'x-ratelimit-remaining-requests': '249',
    'x-ratelimit-renewalperiod-requests': '60',
    'x-ratelimit-limit-tokens': '250000',
    'x-ratelimit-remaining-tokens': '249990',
    'x-ratelimit-renewalperiod-tokens': '60',
  },
  cohere: { 'x-trial-endpoint-call-limit': '20', 'x-trial-endpoint-call-remaining': '19' },
};
/** Tells limits in headers that name no period. */
const xai = {
  'x-ratelimit-limit-requests': '1800',
  'x-ratelimit-remaining-requests': '1799',
  'x-ratelimit-limit-tokens': '10000000',
  'x-ratelimit-remaining-tokens': '9999990',
};

const secondsOf = { second: 1, minute: 60, hour: 3600, day: 86_400, month: 2_592_000 } as const;

function isOf(clock: Clock, period: keyof typeof secondsOf | 'unknown'): boolean {
  if (period === 'unknown') return true;
  if (clock.kind === 'calendar') return clock.every === period;
  return (clock.kind === 'rolling' || clock.kind === 'refill') && clock.seconds === secondsOf[period];
}

const cases = providers.flatMap((provider) => {
  const headers = provider.id === 'xai' ? xai : recorded[provider.dialect];
  const isToldByPlan = ['groq', 'cohere'].includes(provider.id)
    ? ['free' as const]
    : [provider.defaultPlan, 'paid' as const];
  return headers === undefined ? [] : [...new Set(isToldByPlan)].map((plan) => ({ provider, headers, plan }));
});

describe('a limit that replies tell', () => {
  test.each(cases)('has one pool: $provider.id, $plan', ({ provider, headers, plan }) => {
    const observed = dialects[provider.dialect].parseLimits({ status: 200, headers, body: null } as never, 0);
    expect(observed.length).toBeGreaterThan(0);
    const chats = provider.models.filter(({ kind, free }) => kind === 'chat' && (plan === 'paid' || free === 'plan'));
    const covers = ({ models, plan: only, kinds }: Pool, id: string): boolean =>
      (only === undefined || only === plan) &&
      (kinds === undefined || kinds.includes('chat')) &&
      matchesAny(models, id);
    for (const { unit, period } of observed)
      for (const { id } of chats) {
        const told = provider.pools.filter(
          (pool) => covers(pool, id) && pool.unit === unit && isOf(pool.clock, period),
        );
        expect(`${id}: ${told.length} for ${unit} a ${period}`).toBe(`${id}: 1 for ${unit} a ${period}`);
      }
  });
});
