// What rescue and failover cost: CPU per chunk of a healthy stream with rescue on and off, and per failed attempt before the answer.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { providers as catalog } from '#catalog/index.ts';
import { readConfig } from '#lambda/config.ts';
import { createFreeway, type Freeway } from '#lambda/deps.ts';
import { systemClock } from '#lambda/clock.ts';
import type { Exchange, Upstream } from '#lambda/ports.ts';
import { createMetrics } from '#lambda/telemetry/metrics.ts';
import { createSlices } from '#lambda/gateway/slices.ts';
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
    config: readConfig({ env, providers: catalog, readText: () => '', older: [] }),
    providers: catalog,
    // Keeps the books, and no records of requests: a heap that grows by them would be measured instead.
    store: { ...createMemoryStore(), put: () => Promise.resolve() },
    upstream,
    clock: systemClock,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    metrics: createMetrics(),
    ownerKey: KEY,
    openSlices: createSlices,
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

/** Of runs as long as a few ms, the fastest tenth had the machine for itself: whatever others do beside only makes a run dearer. */
const undisturbed = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 10)] ?? NaN;

/** Runs both in turn, each as often before the other as after it; what each costs undisturbed, us. */
async function compare(first: () => Promise<void>, second: () => Promise<void>): Promise<[number, number]> {
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    const order = round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const);
    for (const which of order) {
      const us = await timeRun(which === 0 ? first : second);
      // The first third warms up.
      if (round >= ROUNDS / 3) times[which].push(us);
    }
  }
  return [undisturbed(times[0]), undisturbed(times[1])];
}

const PER_RUN = 20;

async function chunkCost(): Promise<boolean> {
  const freeway = await createSubject(createInstantUpstream([...chunks, ...ending], () => false));
  const run = (rescue: boolean) => async (): Promise<void> => {
    for (let i = 0; i < PER_RUN; i++) await freeway.handler(toExchange(rescue));
  };
  const [on, off] = (await compare(run(true), run(false))).map((us) => us / PER_RUN / CHUNKS) as [number, number];
  console.log(
    `a chunk of a healthy stream: ${on.toFixed(2)} us with rescue, ${off.toFixed(2)} us without (at most 5, and 1 more)`,
  );
  return on <= 5 && on - off <= 1;
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
  const [failed, plain] = await compare(run(failing), run(healthy));
  const hop = (failed - plain) / (refusals / ROUNDS);
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
