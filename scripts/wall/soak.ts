// Rounds of a thousand streams at once, a tenth of them broken: counts what callers got, and whether sockets, timers and memory come back.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLocal } from '#lambda/main.local.ts';
import { canonicalAnswer } from '../../tests/fakes/provider/answer.ts';
import { createFakeProvider } from '../../tests/fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../../tests/fakes/provider/server.ts';
import { ask, type Got, type Target } from './ask.ts';
import { createFastClock } from './fast-clock.ts';

const STREAMS = 1_000;
const ROUNDS = 5;
const SPEED = 4;
const KEY = 'owner-key-for-the-soak-0123456789abcdef';
const names = ['alpha', 'beta', 'gamma', 'delta'] as const;
/** Together a tenth. */
const faults = [
  'cut-12',
  'cut-clean-7',
  'stall-9',
  'error-mid-5',
  'reset',
  '503',
  '429-after-1',
  'malformed-4',
  'cut-byte-900',
  'empty',
];

const collect = (): void => {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
};

/** How long idle connections are kept: each holds some 20 KB, and how many there are says how many streams were under way at once, and nothing more. */
const connections = { keepAliveMs: 500 };

/** Heap in use when everything has come to rest and idle connections are closed, MB. */
async function heapAtRest(): Promise<number> {
  await sleep(4 * connections.keepAliveMs);
  collect();
  await sleep(100);
  collect();
  return process.memoryUsage().heapUsed / 1_048_576;
}

const countTimers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

type Verdict = 'whole' | 'typed error' | 'refused' | 'TRUNCATED' | 'BROKEN';

function verdictOf(got: Got | null): Verdict {
  if (got === null) return 'BROKEN';
  if (got.status !== 200) return 'refused';
  if (got.error !== null) return 'typed error';
  return got.text === canonicalAnswer && got.ended && got.finishes === 1 ? 'whole' : 'TRUNCATED';
}

interface Round {
  readonly verdicts: ReadonlyMap<Verdict, number>;
  readonly rescued: number;
  readonly ms: number;
}

async function playRound(target: Target): Promise<Round> {
  const startedAtMs = performance.now();
  const asked = Array.from({ length: STREAMS }, () => ask(target, 'm1', 'sse').catch(() => null));
  const gots = await Promise.all(asked);
  const verdicts = new Map<Verdict, number>();
  for (const got of gots) verdicts.set(verdictOf(got), (verdicts.get(verdictOf(got)) ?? 0) + 1);
  const rescued = gots.filter((got) => got !== null && got.resumedBy !== null).length;
  return { verdicts, rescued, ms: performance.now() - startedAtMs };
}

function openProviders(clock: ReturnType<typeof createFastClock>): Promise<FakeServer[]> {
  const chaos = faults.map((fault) => ({ fault, share: 0.1 / faults.length }));
  const model = { id: 'm1', ttftMs: 100, tokensPerSecond: 100, jitter: 0.3 };
  const specs = names.map((name, seed) => ({ name, seed: seed + 1, wordsPerChunk: 3, models: [model], chaos }));
  return Promise.all(specs.map((spec) => serveFakeProvider(createFakeProvider(spec, clock))));
}

const toEntry = ({ baseUrl }: FakeServer, index: number): Record<string, unknown> => ({
  provider: 'openai-compatible',
  name: names[index],
  baseUrl,
  apiKey: `key-of-${names[index]}`,
  tier: 'free',
  models: [{ id: 'm1', kind: 'chat', size: 'large', context: 131_072 }],
});

/** Prints the rounds. True when nothing was truncated, and sockets, timers and memory came back. */
export async function soak(): Promise<boolean> {
  const clock = createFastClock(SPEED);
  const providers = await openProviders(clock);
  const folder = mkdtempSync(join(tmpdir(), 'freeway-soak-'));
  const env = {
    PORT: '0',
    FREEWAY_DATA: folder,
    FREEWAY_OWNER_KEY: KEY,
    FREEWAY_PROVIDERS: JSON.stringify(providers.map(toEntry)),
  };
  const server = await startLocal({ env, writeLog: () => undefined, clock, connections });
  const target: Target = { url: server.url, key: KEY, now: clock.now, surface: 'chat' };
  let wrong = 0;
  let firstMb = 0;
  let lastMb = 0;
  for (let round = 0; round <= ROUNDS; round++) {
    const { verdicts, rescued, ms } = await playRound(target);
    lastMb = await heapAtRest();
    // The first two rounds fill caches and pools: memory is compared from their end on.
    if (round <= 1) firstMb = lastMb;
    wrong +=
      STREAMS - (verdicts.get('whole') ?? 0) - (verdicts.get('typed error') ?? 0) - (verdicts.get('refused') ?? 0);
    const told = [...verdicts].map(([verdict, count]) => `${count} ${verdict}`).join(', ');
    console.log(
      `round ${round}: ${told}; ${rescued} rescued; ${(ms / 1000).toFixed(1)} s; heap ${lastMb.toFixed(1)} MB; ` +
        `timers ${countTimers()}`,
    );
  }
  await server.close();
  await sleep(200);
  const sockets = providers.reduce((sum, provider) => sum + provider.openSockets(), 0);
  for (const provider of providers) await provider.close();
  rmSync(folder, { recursive: true, force: true });
  const grown = lastMb / firstMb - 1;
  console.log(
    `after closing: ${sockets} sockets to providers, ${countTimers()} timers; heap ${(grown * 100).toFixed(1)} % above the second round`,
  );
  return wrong === 0 && sockets === 0 && countTimers() === 0 && grown <= 0.1;
}
