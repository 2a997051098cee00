// The simulated providers: what each offers, what it enforces, and what Freeway is told of it.
import type { DialectId, ModelSize, Provider } from '#shared/catalog.ts';
import { providerSchema } from '#shared/catalog.ts';
import type { ProviderEntry } from '#shared/credentials.ts';
import type { Pool } from '#shared/pools.ts';
import type { FakeLimit, LimitClock } from '../../tests/fakes/provider/spec.ts';

/** US dollars per million tokens. */
interface TokenPrice {
  readonly input: number;
  readonly output: number;
}

/** A provider of the simulation. `limits` is the truth it enforces; Freeway's pools are derived from it. */
export interface SimulatedProvider {
  readonly id: string;
  readonly dialect: DialectId;
  readonly tier: 'free' | 'paid';
  readonly keys: readonly string[];
  readonly models: readonly { readonly id: string; readonly size: ModelSize; readonly price?: TokenPrice }[];
  readonly limits: readonly FakeLimit[];
  /** Time to the first token, ms, and speed. */
  readonly firstTokenMs: number;
  readonly tokensPerSecond: number;
  /** Of models without a price of their own. */
  readonly price: TokenPrice;
  /** Keys and models that somebody else uses too, taking this share of the tightest limit. */
  readonly shared?: { readonly keys: readonly string[]; readonly models: readonly string[]; readonly share: number };
}

const all = ['*'] as const;
const perMinute: LimitClock = { kind: 'refill', seconds: 60 };
const perDay: LimitClock = { kind: 'refill', seconds: 86_400 };
const fixedMinute: LimitClock = { kind: 'fixed', seconds: 60 };
const slidingMinute: LimitClock = { kind: 'sliding', seconds: 60 };

/**
 * A household of free keys whose limits have the forms that free plans have, and a paid provider with a model for everything and one for what is easy. The forms are those of the
 * catalog; rates are chosen so that day quotas and minute quotas both matter.
 */
export const providers: readonly SimulatedProvider[] = [
  {
    // Continuous buckets per model, minute and day, requests and tokens.
    id: 'buckets',
    dialect: 'groq',
    tier: 'free',
    keys: ['buckets-1', 'buckets-2', 'buckets-3'],
    models: [
      { id: 'bucket-120b', size: 'reasoning' },
      { id: 'bucket-27b', size: 'large' },
      { id: 'bucket-20b', size: 'small' },
    ],
    limits: [
      { models: all, perModel: true, unit: 'requests', max: 30, clock: perMinute },
      { models: all, perModel: true, unit: 'requests', max: 1_000, clock: perDay },
      { models: all, perModel: true, unit: 'tokens', max: 8_000, clock: perMinute },
      { models: all, perModel: true, unit: 'tokens', max: 200_000, clock: perDay },
    ],
    firstTokenMs: 150,
    tokensPerSecond: 300,
    price: { input: 0.15, output: 0.6 },
    shared: { keys: ['buckets-2'], models: ['bucket-120b', 'bucket-27b', 'bucket-20b'], share: 0.1 },
  },
  {
    // Few calls a day until midnight Pacific, per model, and fixed minutes.
    id: 'pacific',
    dialect: 'gemini',
    tier: 'free',
    keys: ['pacific-1', 'pacific-2', 'pacific-3', 'pacific-4'],
    models: [
      { id: 'pacific-flash', size: 'reasoning' },
      { id: 'pacific-lite', size: 'small' },
    ],
    limits: [
      { models: ['pacific-flash'], unit: 'requests', max: 20, clock: { kind: 'calendar', every: 'day', zone: 'America/Los_Angeles' } },
      { models: ['pacific-flash'], unit: 'requests', max: 5, clock: fixedMinute },
      { models: ['pacific-lite'], unit: 'requests', max: 500, clock: { kind: 'calendar', every: 'day', zone: 'America/Los_Angeles' } },
      { models: ['pacific-lite'], unit: 'requests', max: 15, clock: fixedMinute },
      { models: all, perModel: true, unit: 'tokens', max: 250_000, clock: fixedMinute },
    ],
    firstTokenMs: 500,
    tokensPerSecond: 150,
    price: { input: 0.1, output: 0.4 },
  },
  {
    // One count for the whole account, reset at midnight UTC; says nothing until it refuses.
    id: 'broker',
    dialect: 'openrouter',
    tier: 'free',
    keys: ['broker-1', 'broker-2', 'broker-3', 'broker-4'],
    models: [
      { id: 'broker-reasoner', size: 'reasoning' },
      { id: 'broker-large', size: 'large' },
      { id: 'broker-small', size: 'small' },
    ],
    limits: [
      { models: all, unit: 'requests', max: 20, clock: fixedMinute },
      { models: all, unit: 'requests', max: 1_000, clock: { kind: 'calendar', every: 'day', zone: 'UTC' } },
    ],
    firstTokenMs: 700,
    tokensPerSecond: 60,
    price: { input: 0.3, output: 1 },
  },
  {
    // Sliding minutes per model, told in headers.
    id: 'sliding',
    dialect: 'mistral',
    tier: 'free',
    keys: ['sliding-1'],
    models: [
      { id: 'sliding-medium', size: 'large' },
      { id: 'sliding-small', size: 'small' },
    ],
    limits: [
      { models: all, perModel: true, unit: 'requests', max: 6, clock: slidingMinute },
      { models: all, perModel: true, unit: 'tokens', max: 60_000, clock: slidingMinute },
    ],
    firstTokenMs: 400,
    tokensPerSecond: 80,
    price: { input: 0.2, output: 0.6 },
    shared: { keys: ['sliding-1'], models: ['sliding-small'], share: 0.1 },
  },
  {
    // A sliding minute over all models, no headers at all.
    id: 'trial',
    dialect: 'nvidia',
    tier: 'free',
    keys: ['trial-1'],
    models: [
      { id: 'trial-large', size: 'large' },
      { id: 'trial-small', size: 'small' },
    ],
    limits: [{ models: all, unit: 'requests', max: 12, clock: slidingMinute }],
    firstTokenMs: 900,
    tokensPerSecond: 50,
    price: { input: 0.2, output: 0.6 },
  },
  {
    id: 'paid',
    dialect: 'openai',
    tier: 'paid',
    keys: ['paid-1'],
    models: [
      { id: 'paid-reasoner', size: 'reasoning' },
      { id: 'paid-mini', size: 'small', price: { input: 0.05, output: 0.25 } },
    ],
    limits: [{ models: all, unit: 'requests', max: 30_000, clock: perMinute }],
    firstTokenMs: 400,
    tokensPerSecond: 120,
    price: { input: 0.1, output: 0.5 },
  },
]; // prettier-ignore

/** The same providers without what lasts for a day: for runs of minutes, in which a day's quota would never run out. */
export const minuteProviders: readonly SimulatedProvider[] = providers
  .map((provider) => ({
    ...provider,
    limits: provider.limits.filter(({ clock }) => 'seconds' in clock && clock.seconds <= 3_600),
  }))
  .filter(({ id }) => id !== 'pacific' && id !== 'broker');

/** A fixed window of unknown phase is, to Freeway, a rolling one; the others it knows by name. */
function toClock(clock: LimitClock): Pool['clock'] {
  switch (clock.kind) {
    case 'fixed':
    case 'sliding':
      return { kind: 'rolling', seconds: clock.seconds };
    case 'refill':
      return { kind: 'refill', seconds: clock.seconds };
    case 'calendar':
      return { kind: 'calendar', every: clock.every, zone: clock.zone };
    case 'held':
      return { kind: 'concurrent' };
  }
}

const unknownTerms = {
  commercial: true,
  serveOthers: true,
  trainsOnPrompts: 'unknown',
  hardStopsBeforePaid: true,
} as const;

/** The provider as the catalog would describe it. */
export function toCatalog(provider: SimulatedProvider): Provider {
  const { id, dialect, tier, models, limits, price } = provider;
  return providerSchema.parse({
    id,
    name: id,
    wire: 'openai-chat',
    dialect,
    baseUrl: `http://${id}.simulated/v1`,
    auth: { scheme: 'bearer' },
    fields: [],
    defaultPlan: tier,
    terms: unknownTerms,
    asOf: '2026-11',
    models: models.map(({ id, size, price: own = price }) => ({
      id,
      size,
      kind: 'chat',
      context: 131_072,
      maxOutput: 8_192,
      ...(tier === 'free' ? { free: 'plan' } : {}),
      price: { inputPerMillionUsd: own.input, outputPerMillionUsd: own.output },
    })),
    pools: limits.map(({ models, unit, max, clock, perModel, scope }) => ({
      models: [...models],
      unit,
      max,
      clock: toClock(clock),
      scope: scope === 'account' ? 'account' : 'credential',
      ...(perModel ? { perModel } : {}),
    })),
  });
}

/** One settings entry per key. */
export const toEntries = ({ id, keys, tier }: SimulatedProvider): ProviderEntry[] =>
  keys.map((key) => ({
    provider: id,
    name: key,
    apiKey: key,
    tier,
    enabled: true,
    priority: 100,
    weight: 1,
  }));
