// The credentials and models that Freeway is given: 50 credentials of 10 models each, with quotas large enough never to run out.
import type { ProviderEntry } from '#shared/credentials.ts';

export const CREDENTIALS = 50;
export const MODELS_EACH = 10;
export const CANDIDATES = CREDENTIALS * MODELS_EACH;

const sizes = ['small', 'large', 'reasoning'] as const;

function toModels(credential: number): NonNullable<ProviderEntry['models']> {
  return Array.from({ length: MODELS_EACH }, (_, model) => ({
    id: `bench-${model}`,
    family: `bench-${model}`,
    kind: 'chat',
    context: 1_000_000,
    maxOutput: 8_192,
    size: sizes[(model + credential) % sizes.length] ?? 'large',
    capabilities: ['tools', 'json'],
    price: { inputPerMillionUsd: 0, outputPerMillionUsd: 0 },
  }));
}

/** One of so many credentials leads to a provider that does not answer, where there is one. */
const DEAD_EVERY = 5;

/** Entries of FREEWAY_PROVIDERS whose calls go to `baseUrl`, some of them to `deadUrl` where that is given. Every credential has a pool per minute and one per day, so each call is reserved and settled. */
export function toEntries(baseUrl: string, deadUrl: string | null = null): ProviderEntry[] {
  return Array.from({ length: CREDENTIALS }, (_, credential) => ({
    provider: 'openai-compatible',
    name: `bench-${credential}`,
    baseUrl: deadUrl !== null && credential % DEAD_EVERY === 0 ? deadUrl : baseUrl,
    apiKey: `bench-key-${credential}`,
    tier: 'free',
    enabled: true,
    priority: 100,
    weight: 1,
    models: toModels(credential),
    pools: [
      {
        models: ['*'],
        scope: 'credential',
        unit: 'requests',
        max: 10_000_000,
        clock: { kind: 'rolling', seconds: 60 },
      },
      {
        models: ['*'],
        scope: 'credential',
        unit: 'tokens',
        max: 1e12,
        clock: { kind: 'calendar', every: 'day', zone: 'UTC' },
      },
    ],
  }));
}
