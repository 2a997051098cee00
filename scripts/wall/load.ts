// Hundreds of streams at once for minutes on end: everybody gets the whole answer, and memory stays where it was.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLocal } from '#lambda/main.local.ts';
import { systemClock } from '#lambda/clock.ts';
import { canonicalAnswer } from '../../tests/fakes/provider/answer.ts';
import { createFakeProvider } from '../../tests/fakes/provider/core.ts';
import { serveFakeProvider } from '../../tests/fakes/provider/server.ts';
import { ask, type Target } from './ask.ts';

const STREAMS = 200;
const KEY = 'owner-key-for-the-load-0123456789abcdef';
const names = ['alpha', 'beta'] as const;
const TELL_EVERY_MS = 30_000;

interface Score {
  whole: number;
  readonly wrong: Map<string, number>;
  readonly times: number[];
}

async function keepAsking(target: Target, untilMs: number, score: Score): Promise<void> {
  while (Date.now() < untilMs) {
    const got = await ask(target, 'm1', 'sse').catch((error: unknown) => String(error));
    const isWhole = typeof got !== 'string' && got.text === canonicalAnswer && got.ended && got.error === null;
    if (isWhole) {
      score.whole++;
      score.times.push(got.ms);
      continue;
    }
    const what = typeof got === 'string' ? got : `status ${got.status} ${got.error ?? 'truncated'}`;
    score.wrong.set(what, (score.wrong.get(what) ?? 0) + 1);
  }
}

interface Rig {
  readonly target: Target;
  readonly close: () => Promise<void>;
}

async function openRig(): Promise<Rig> {
  const model = { id: 'm1', ttftMs: 100, tokensPerSecond: 40, jitter: 0.3 };
  const specs = names.map((name) => ({ name, wordsPerChunk: 3, models: [model] }));
  const providers = await Promise.all(
    specs.map((spec) => serveFakeProvider(createFakeProvider(spec, { now: Date.now }))),
  );
  const entries = providers.map(({ baseUrl }, index) => ({
    provider: 'openai-compatible',
    name: names[index],
    baseUrl,
    apiKey: `key-of-${names[index]}`,
    tier: 'free',
    models: [{ id: 'm1', kind: 'chat', size: 'large', context: 131_072 }],
  }));
  const folder = mkdtempSync(join(tmpdir(), 'freeway-load-'));
  const env = {
    PORT: '0',
    FREEWAY_DATA: folder,
    FREEWAY_OWNER_KEY: KEY,
    FREEWAY_PROVIDERS: JSON.stringify(entries),
  };
  const server = await startLocal({ env, writeLog: () => undefined });
  return {
    target: { url: server.url, key: KEY, now: systemClock.now, surface: 'chat' },
    close: async () => {
      await server.close();
      for (const provider of providers) await provider.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function tell({ whole, wrong, times }: Score, startedAtMs: number): void {
  const seconds = Math.round((Date.now() - startedAtMs) / 1000);
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): string => `${Math.round(sorted[Math.floor(sorted.length * share)] ?? 0)} ms`;
  const told = [...wrong].map(([what, count]) => `${count} x ${what}`).join('; ') || 'none wrong';
  const memory = (process.memoryUsage().rss / 1_048_576).toFixed(0);
  console.log(`${seconds} s: ${whole} whole, ${told}; a stream p50 ${at(0.5)}, p99 ${at(0.99)}; memory ${memory} MB`);
}

/** Prints how it goes, every half minute. True when not a single stream went wrong. Providers and callers live in the same process. */
export async function load(minutes: number): Promise<boolean> {
  const { target, close } = await openRig();
  const score: Score = { whole: 0, wrong: new Map(), times: [] };
  const startedAtMs = Date.now();
  const telling = setInterval(() => tell(score, startedAtMs), TELL_EVERY_MS);
  const untilMs = startedAtMs + minutes * 60_000;
  await Promise.all(Array.from({ length: STREAMS }, () => keepAsking(target, untilMs, score)));
  clearInterval(telling);
  tell(score, startedAtMs);
  await close();
  return score.wrong.size === 0 && score.whole > 0;
}
