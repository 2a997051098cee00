// A whole Freeway in process: real gateway, ledger and wire over a memory store, simulated providers and a clock the test turns.
import type { ProviderEntry } from '#shared/credentials.ts';
import { providers } from '#catalog/index.ts';
import { readConfig, type Config } from '#lambda/config.ts';
import { createFreeway } from '#lambda/deps.ts';
import type { Exchange, Headers, Log, LogFields, Upstream } from '#lambda/ports.ts';
import { createMetrics } from '#lambda/telemetry/metrics.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { createFakeProvider } from '../fakes/provider/core.ts';
import { createFakeUpstream } from '../fakes/provider/upstream.ts';

export const OWNER_KEY = 'owner-key-for-tests-0123456789abcdef';
export const START_MS = Date.UTC(2026, 10, 21, 12);

/** What a caller got. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; throws when it is none. */
  json(): Record<string, never> & { error?: { code: string; message: string; param: string | null } };
  /** `data:` payloads of a stream, in order. */
  events(): string[];
  /** Text of a chat answer, whole or streamed. */
  content(): string;
}

/** One entry of FREEWAY_PROVIDERS for a provider at `name`. */
export function toEntry(name: string, more: Partial<ProviderEntry> = {}): ProviderEntry {
  return {
    provider: 'openai-compatible',
    name,
    baseUrl: `http://${name}.test/v1`,
    apiKey: `key-of-${name}`,
    tier: 'free',
    enabled: true,
    priority: 100,
    weight: 1,
    models: [{ id: 'm1', kind: 'chat', context: 131_072, maxOutput: 8_192, size: 'large', capabilities: ['tools', 'vision', 'json'] }],
    ...more,
  };
}
