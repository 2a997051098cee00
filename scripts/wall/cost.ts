// What rescue and failover cost: CPU per chunk of a healthy stream with rescue on and off, and per failed attempt before the answer.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { providers as catalog } from '#catalog/index.ts';
import { readConfig } from '#lambda/config.ts';
import { createFreeway, type Freeway } from '#lambda/deps.ts';
import { systemClock } from '#lambda/clock.ts';
import type { Exchange, Upstream } from '#lambda/ports.ts';
import { createMetrics } from '#lambda/telemetry/metrics.ts';
import { createMemoryStore } from '../../tests/fakes/memory-store.ts';

const KEY = 'owner-key-for-the-cost-0123456789abcdef';
const CHUNKS = 400;
const ROUNDS = 300;
const encoder = new TextEncoder();

const frame = (delta: object, finish: string | null): Uint8Array =>
  encoder.encode(
    `data: ${JSON.stringify({
      id: 'chatcmpl-1',
      object: 'chat.completion.chunk',
      created: 1_795_262_400,
      model: 'm1',
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
    })}\n\n`,
  );
const chunks = Array.from({ length: CHUNKS }, (_, index) => frame({ content: `word${index} ` }, null));
const ending = [frame({}, 'stop'), encoder.encode('data: [DONE]\n\n')];

/** Answers within the same turn of the loop. `refuse` says of each call whether it is refused. */
function createInstantUpstream(parts: readonly Uint8Array[], refuse: () => boolean): Upstream {
  return {
    start: (_, listener) => {
      queueMicrotask(() => {
        const refused = refuse();
        listener.onHead(refused ? 503 : 200, { 'content-type': refused ? 'application/json' : 'text/event-stream' });
        if (refused) listener.onData(encoder.encode('{"error":{"message":"overloaded"}}'));
        else for (const part of parts) listener.onData(part);
        listener.onEnd();
      });
      return { abort: () => undefined, pause: () => undefined, resume: () => undefined };
    },
    close: () => Promise.resolve(),
  };
}

function createSubject(upstream: Upstream): Promise<Freeway> {
  const silent = (): void => undefined;
  const entries = ['alpha', 'beta'].map((name, index) => ({
    provider: 'openai-compatible',
    name,
    baseUrl: `http://${name}.test/v1`,
    apiKey: `key-of-${name}`,
    tier: 'free',
    priority: index,
    models: [{ id: 'm1', kind: 'chat', size: 'large', context: 131_072 }],
  }));
  const env = { FREEWAY_OWNER_KEY: KEY, FREEWAY_PROVIDERS: JSON.stringify(entries) };
  return createFreeway({
    config: readConfig({ env, providers: catalog, readText: () => '' }),
    providers: catalog,
    store: createMemoryStore(),
    upstream,
    clock: systemClock,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    metrics: createMetrics(),
    ownerKey: KEY,
  });
}

const sink = { write: () => true, drained: () => Promise.resolve(), end: () => undefined };

function toExchange(rescue: boolean): Exchange {
  const body = { model: 'm1', stream: true, messages: [{ role: 'user', content: 'Go.' }], freeway: { rescue } };
  return {
    method: 'POST',
    path: '/v1/chat/completions',
    query: '',
    headers: { authorization: `Bearer ${KEY}` },
    remoteAddress: null,
    deadlineAtMs: null,
    body: () => Promise.resolve(encoder.encode(JSON.stringify(body))),
    onGone: () => undefined,
    reply: () => sink,
  };
}

/** CPU of one run, us, with all that it leaves for the next turn of the loop. Providers and callers cost next to nothing here, so it is the gateway's. */
async function timeRun(act: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await act();
  await nextTurn();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;

interface Compared {
  /** What the second costs, us. */
  readonly plain: number;
  /** What the first costs more than the second that was run right beside it, us. */
  readonly more: number;
}

/** Runs both in turn, each as often before the other as after it, so that what the machine does beside concerns them alike; medians. */
async function compare(first: () => Promise<void>, second: () => Promise<void>): Promise<Compared> {
  const plain: number[] = [];
  const more: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const early = await timeRun(round % 2 === 0 ? first : second);
    const late = await timeRun(round % 2 === 0 ? second : first);
    // The first third warms up.
    if (round < ROUNDS / 3) continue;
    const [one, two] = round % 2 === 0 ? [early, late] : [late, early];
    plain.push(two);
    more.push(one - two);
  }
  return { plain: median(plain), more: median(more) };
}

const PER_RUN = 20;

async function chunkCost(): Promise<boolean> {
  const freeway = await createSubject(createInstantUpstream([...chunks, ...ending], () => false));
  const run = (rescue: boolean) => async (): Promise<void> => {
    for (let i = 0; i < PER_RUN; i++) await freeway.handler(toExchange(rescue));
  };
  const { plain, more } = await compare(run(true), run(false));
  const [off, extra] = [plain / PER_RUN / CHUNKS, more / PER_RUN / CHUNKS];
  console.log(
    `a chunk of a healthy stream: ${(off + extra).toFixed(2)} us with rescue, ${off.toFixed(2)} us without (at most 5, and 1 more)`,
  );
  return off + extra <= 5 && extra <= 1;
}

async function hopCost(): Promise<boolean> {
  let calls = 0;
  let refusals = 0;
  // Every second request finds the first candidate failing; the success in between keeps its breaker closed.
  const refuse = (): boolean => {
    const isRefused = calls++ % 3 === 0;
    if (isRefused) refusals++;
    return isRefused;
  };
  const failing = await createSubject(createInstantUpstream([...chunks.slice(0, 4), ...ending], refuse));
  const healthy = await createSubject(createInstantUpstream([...chunks.slice(0, 4), ...ending], () => false));
  const run = (freeway: Freeway) => async (): Promise<void> => {
    for (let i = 0; i < PER_RUN * 10; i++) await freeway.handler(toExchange(true));
  };
  const { plain, more } = await compare(run(failing), run(healthy));
  const hop = more / (refusals / ROUNDS);
  const request = plain / PER_RUN / 10;
  console.log(
    `a failed attempt before the answer: ${hop.toFixed(0)} us beside ${request.toFixed(0)} us for the request (at most 60)`,
  );
  return hop <= 60;
}

/** Prints the costs. True when they are within their bounds. */
export async function cost(): Promise<boolean> {
  const isCheap = await chunkCost();
  return (await hopCost()) && isCheap;
}
