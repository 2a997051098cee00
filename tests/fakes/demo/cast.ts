// The cast of the demo: six simulated providers with limits, speeds and faults like those of real ones.
import type { EntryModel, ProviderEntry } from '#shared/credentials.ts';
import type { FakeLimit, FakeModel, FakeProviderSpec } from '../provider/spec.ts';

type Facts = Partial<EntryModel> & Partial<Pick<ProviderEntry, 'tier' | 'trainsOnPrompts' | 'priority'>>;

/** A provider to simulate, and what its owner would write about it in FREEWAY_PROVIDERS. */
export interface Part {
  readonly spec: FakeProviderSpec;
  readonly tier: 'free' | 'paid';
  readonly trainsOnPrompts: boolean;
  /** By model id: size, capabilities, price. */
  readonly models: Readonly<Record<string, Omit<Facts, 'tier' | 'trainsOnPrompts' | 'priority'>>>;
}

const minute = 60;
const day = 86_400;
const free = { inputPerMillionUsd: 0, outputPerMillionUsd: 0 };

const perMinute = (unit: FakeLimit['unit'], max: number): FakeLimit => ({
  models: ['*'],
  perModel: true,
  unit,
  max,
  clock: { kind: 'sliding', seconds: minute },
});

function toExcerpt(prompt: string): string {
  const line = prompt.replaceAll(/\s+/g, ' ').trim();
  return line.length > 120 ? `${line.slice(0, 117)}...` : line;
}

/** The answer of every part: it says what it is. */
function createAnswer(name: string): (prompt: string) => string {
  return (prompt) =>
    `This answer is simulated. ${name} is part of the demo and no language model was asked. ` +
    `You wrote: "${toExcerpt(prompt)}". Limits, speeds and faults are like those of real providers, so you can watch how ` +
    'Freeway spends free capacity first, waits out short limits and moves on when a provider fails. ' +
    'Add a key of your own on the providers page to get real answers.';
}

const speech = 'this is a simulated transcript and nobody listened to the recording'.split(' ');

function part(spec: Omit<FakeProviderSpec, 'answer' | 'speech' | 'keys'>, facts: Omit<Part, 'spec'>): Part {
  const key = `simulated-${spec.name.split(' ')[1]?.toLowerCase()}`;
  return { spec: { ...spec, answer: createAnswer(spec.name), speech, keys: [key] }, ...facts };
}

const fast: Partial<FakeModel> = { ttftMs: 180, tokensPerSecond: 350, jitter: 0.3, context: 131_072, maxOutput: 8192 };

/** Continuously refilling buckets for requests and tokens, small prompts only. */
const alpha = part(
  {
    name: 'Simulated Alpha (free, 30 rpm, 8K tokens a minute)',
    dialect: 'openai',
    countsMaxTokens: true,
    models: [
      { ...fast, id: 'sim-large', reasoning: true },
      { ...fast, id: 'sim-small', ttftMs: 120, tokensPerSecond: 600 },
      { ...fast, id: 'sim-whisper', kind: 'transcription' },
    ],
    limits: [
      {
        models: ['sim-large', 'sim-small'],
        perModel: true,
        unit: 'requests',
        max: 30,
        clock: { kind: 'refill', seconds: minute },
      },
      {
        models: ['sim-large', 'sim-small'],
        perModel: true,
        unit: 'requests',
        max: 1000,
        clock: { kind: 'refill', seconds: day },
      },
      {
        models: ['sim-large', 'sim-small'],
        perModel: true,
        unit: 'tokens',
        max: 8000,
        clock: { kind: 'refill', seconds: minute },
      },
      {
        models: ['sim-large', 'sim-small'],
        perModel: true,
        unit: 'tokens',
        max: 200_000,
        clock: { kind: 'refill', seconds: day },
      },
      { models: ['sim-whisper'], unit: 'requests', max: 20, clock: { kind: 'refill', seconds: minute } },
      { models: ['sim-whisper'], unit: 'audio_seconds', max: 7200, clock: { kind: 'refill', seconds: 3600 } },
    ],
  },
  {
    tier: 'free',
    trainsOnPrompts: false,
    models: {
      'sim-large': {
        size: 'large',
        roles: ['large', 'reasoning'],
        capabilities: ['tools', 'json', 'reasoning', 'prefill'],
      },
      'sim-small': { size: 'small', capabilities: ['tools', 'json', 'prefill'] },
      'sim-whisper': { kind: 'transcription' },
    },
  },
);

/** Few calls a day, but long prompts and images; the day ends at midnight in California. */
const beta = part(
  {
    name: 'Simulated Beta (free, 20 calls a day)',
    dialect: 'generic',
    models: [
      {
        id: 'sim-vision',
        ttftMs: 650,
        tokensPerSecond: 170,
        jitter: 0.3,
        context: 1_000_000,
        maxOutput: 65_536,
        reasoning: true,
      },
      { id: 'sim-vision-lite', ttftMs: 400, tokensPerSecond: 250, jitter: 0.3, context: 1_000_000, maxOutput: 65_536 },
    ],
    limits: [
      { models: ['sim-vision'], unit: 'requests', max: 5, clock: { kind: 'sliding', seconds: minute } },
      {
        models: ['sim-vision'],
        unit: 'requests',
        max: 20,
        clock: { kind: 'calendar', every: 'day', zone: 'America/Los_Angeles' },
      },
      { models: ['sim-vision-lite'], unit: 'requests', max: 15, clock: { kind: 'sliding', seconds: minute } },
      {
        models: ['sim-vision-lite'],
        unit: 'requests',
        max: 500,
        clock: { kind: 'calendar', every: 'day', zone: 'America/Los_Angeles' },
      },
      perMinute('input_tokens', 250_000),
    ],
  },
  {
    tier: 'free',
    trainsOnPrompts: true,
    models: {
      'sim-vision': {
        size: 'large',
        roles: ['large', 'reasoning'],
        capabilities: ['tools', 'vision', 'json', 'reasoning'],
      },
      'sim-vision-lite': { size: 'small', capabilities: ['tools', 'vision', 'json'] },
    },
  },
);

/** One allowance for all models, a slow queue, and a stream that breaks now and then. */
const gamma = part(
  {
    name: 'Simulated Gamma (free, 50 calls a day)',
    dialect: 'generic',
    countsFailed: true,
    models: [
      { id: 'sim-large', ttftMs: 900, tokensPerSecond: 60, jitter: 0.5, maxOutput: 32_768 },
      { id: 'sim-coder', ttftMs: 800, tokensPerSecond: 80, jitter: 0.5, maxOutput: 65_536, context: 262_144 },
    ],
    limits: [
      { models: ['*'], unit: 'requests', max: 20, clock: { kind: 'fixed', seconds: minute } },
      { models: ['*'], unit: 'requests', max: 50, clock: { kind: 'calendar', every: 'day', zone: 'UTC' } },
    ],
    chaos: [{ fault: 'cut-25', share: 0.08 }],
  },
  {
    tier: 'free',
    trainsOnPrompts: true,
    models: {
      'sim-large': { size: 'large', capabilities: ['tools', 'json'] },
      'sim-coder': { size: 'large', capabilities: ['tools', 'json', 'prefill'] },
    },
  },
);

/** One call at a time, as many as you like. */
const delta = part(
  {
    name: 'Simulated Delta (free, one call at a time)',
    dialect: 'generic',
    models: [{ id: 'sim-small', ttftMs: 450, tokensPerSecond: 110, jitter: 0.4, maxOutput: 32_768, context: 200_000 }],
    limits: [{ models: ['*'], unit: 'concurrent', max: 1, clock: { kind: 'held' } }],
  },
  {
    tier: 'free',
    trainsOnPrompts: false,
    models: { 'sim-small': { size: 'small', capabilities: ['tools', 'json'] } },
  },
);

/** Generous limits, but out of order now and then: a burst of 429 every two minutes and a 503 here and there. */
const epsilon = part(
  {
    name: 'Simulated Epsilon (free, 60 rpm, moody)',
    dialect: 'openai',
    models: [{ id: 'sim-medium', ttftMs: 300, tokensPerSecond: 140, jitter: 0.4, context: 131_072, maxOutput: 16_384 }],
    limits: [perMinute('requests', 60), perMinute('tokens', 500_000)],
    chaos: [
      { fault: '429-after-3', schedule: { everyMs: 120_000, forMs: 10_000, offsetMs: 45_000 } },
      { fault: '503', share: 0.06 },
      { fault: 'late-6000', share: 0.02 },
    ],
  },
  {
    tier: 'free',
    trainsOnPrompts: false,
    models: { 'sim-medium': { size: 'large', capabilities: ['tools', 'json', 'prefill'] } },
  },
);

/** The paid backstop: always there, costs (simulated) money. */
const omega = part(
  {
    name: 'Simulated Omega (paid, $0.10 per million in)',
    dialect: 'openai',
    models: [
      {
        id: 'sim-large',
        ttftMs: 320,
        tokensPerSecond: 130,
        jitter: 0.2,
        context: 400_000,
        maxOutput: 128_000,
        reasoning: true,
      },
      { id: 'sim-embed', kind: 'embedding', ttftMs: 80 },
    ],
    limits: [perMinute('requests', 500), perMinute('tokens', 200_000)],
  },
  {
    tier: 'paid',
    trainsOnPrompts: false,
    models: {
      'sim-large': {
        size: 'large',
        roles: ['small', 'large', 'reasoning'],
        capabilities: ['tools', 'vision', 'json', 'reasoning', 'prefill'],
        price: { inputPerMillionUsd: 0.1, outputPerMillionUsd: 0.5 },
      },
      'sim-embed': { kind: 'embedding', price: { inputPerMillionUsd: 0.02, outputPerMillionUsd: 0 } },
    },
  },
);

/** Everybody in the demo, free ones first. */
export const cast: readonly Part[] = [alpha, beta, gamma, delta, epsilon, omega];

type EntryPool = NonNullable<ProviderEntry['pools']>[number];

function toClock({ clock }: FakeLimit): EntryPool['clock'] {
  if (clock.kind === 'held') return { kind: 'concurrent' };
  if (clock.kind === 'calendar') return clock;
  if (clock.kind === 'sliding') return { kind: 'rolling', seconds: clock.seconds };
  return clock.kind === 'refill' ? clock : { kind: 'calendar', every: 'minute', zone: 'UTC' };
}

/** What a person would write down about the limits of a part: one pool for each count. */
function toPools({ spec }: Part): EntryPool[] {
  return (spec.limits ?? []).flatMap((limit) => {
    const ids = limit.models.includes('*') ? spec.models.map(({ id }) => id) : limit.models;
    const groups = limit.perModel ? ids.map((id) => [id]) : [limit.models];
    return groups.map((models) => ({
      models: [...models],
      scope: 'credential' as const,
      unit: limit.unit,
      max: limit.max,
      clock: toClock(limit),
    }));
  });
}

/** The FREEWAY_PROVIDERS entry of a part that listens at `baseUrl`. */
export function toEntry(one: Part, baseUrl: string): ProviderEntry {
  const models = one.spec.models.map(({ id, context, maxOutput, kind }) => ({
    id,
    kind: kind ?? 'chat',
    ...(context !== undefined && { context }),
    ...(maxOutput !== undefined && { maxOutput }),
    ...(one.tier === 'free' && { price: free }),
    ...one.models[id],
  }));
  return {
    provider: 'openai-compatible',
    name: one.spec.name,
    baseUrl,
    apiKey: one.spec.keys?.[0] ?? '',
    tier: one.tier,
    enabled: true,
    priority: 100,
    weight: 1,
    trainsOnPrompts: one.trainsOnPrompts,
    models,
    pools: toPools(one),
  };
}
