// Plays one day through the real ledger, decision and loop, against providers that enforce their limits.
import { CallerError } from '#shared/failures.ts';
import type { Caller, Receipt } from '#lambda/gateway/answer.ts';
import { createChatOperation } from '#lambda/gateway/chat.ts';
import { loadRetelling } from '#lambda/gateway/retelling.ts';
import type { Operation } from '#lambda/gateway/operation.ts';
import { listCostUsd } from '#lambda/routing/cost.ts';
import type { Policy } from '#lambda/routing/policy.ts';
import type { RequestProfile } from '#lambda/routing/profile.ts';
import { createMetrics } from '#lambda/telemetry/metrics.ts';
import { dialects, loadChatWires } from '#lambda/wire/index.ts';
import { createFakeClock, type FakeClock } from '../../tests/fakes/clock.ts';
import { createRandom } from '../../tests/fakes/random.ts';
import { createInstances, type Instance, type Instances } from './instances.ts';
import type { Arrival } from './load.ts';
import { createMeasure, type Ending, type Measure } from './measure.ts';
import { START_MS, toScene, type Comebacks, type Day, type Setting } from './scene.ts';
import { createSimulatedStore, type SimulatedStore } from './store.ts';
import { createNetwork, type SimulatedNetwork } from './upstream.ts';

const retelling = await loadRetelling();

/** One in so many refused requests comes back at the time it was told. */
const COMEBACK_EVERY = 20;
const NOTHING: Arrival = { atMs: 0, inputTokens: 0, outputTokens: 0, size: 0 };
/** Left for the last requests to end. */
const AFTERGLOW_MS = 120_000;

interface Stage {
  readonly setting: Setting;
  readonly clock: FakeClock;
  readonly random: () => number;
  readonly arrivals: readonly Arrival[];
  readonly instances: Instances;
  readonly measure: Measure;
  readonly network: SimulatedNetwork;
  readonly comebacks: Comebacks;
  refused: number;
}

const chatWires = await loadChatWires();
const wire = chatWires['openai-chat'];

/** What the estimator would have said: off by a factor around 1. */
function toProfile({ setting, random }: Stage, { inputTokens, outputTokens, size }: Arrival): RequestProfile {
  const miss = (): number => {
    if (setting.estimateError === 0) return 1;
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.exp(setting.estimateError * normal);
  };
  return {
    kind: 'chat',
    needs: 0,
    classification: { task: 'chat', size: (['small', 'large', 'reasoning'] as const)[size], signals: [] },
    inputTokens: Math.max(1, Math.round(inputTokens * miss())),
    outputTokens: Math.max(1, Math.round(outputTokens * miss())),
    maxOutputTokens: null,
    audioSeconds: null,
  };
}

function toOperation(stage: Stage, request: number, instance: Instance): Operation {
  const { setting, instances, arrivals } = stage;
  const arrival = arrivals[request];
  if (!wire || !arrival) throw new Error('no such request');
  const body = { model: 'auto', messages: [{ role: 'user', content: String(request) }] };
  const { fleet } = instances;
  const auto = fleet.names.parse('auto');
  if (!auto) throw new Error('there is no auto');
  const plain = setting.plain === true;
  // Who lists models of their own wants none of them spared; here all are equal on the list.
  const selector = plain ? { ...auto, listed: new Map<number, number>() } : auto;
  const policy: Policy = {
    paid: setting.paid ? 'fallback' : 'never',
    strategy: plain ? 'custom' : 'free-first',
    noTraining: false,
    only: null,
    ignore: [],
    failover: true,
    rescue: true,
    maxWaitMs: setting.maxWaitMs,
  };
  const question = wire.parseQuestion(body);
  const operation = createChatOperation({
    requestId: `request-${request}`,
    question,
    bytes: Buffer.from(JSON.stringify(body)),
    selector,
    policy,
    deadlineAtMs: instance.clock.now() + 600_000,
    fleet,
    callerWire: wire,
    wires: chatWires,
    writer: wire.openWriter(question),
    retelling,
    dialectOf: (index) => dialects[fleet.credentials[index]?.provider.dialect ?? 'generic'],
  });
  const profile = toProfile(stage, arrival);
  return { ...operation, profile: plain ? { ...profile, classification: null } : profile };
}

const endlessBody = { write: () => true, drained: () => Promise.resolve(), end: () => undefined };

/** The caller's side; `onFirst` hears when the answer begins. */
const toCaller = (onFirst: (receipt: Receipt) => void): Caller => ({
  gone: false,
  onGone: () => () => undefined,
  commit: (receipt) => {
    onFirst(receipt);
    return endlessBody;
  },
});

interface Asked {
  readonly stage: Stage;
  readonly arrival: Arrival;
  readonly instance: Instance;
  readonly request: number;
}

/** Runs one request on an instance that lives to the end of it. */
async function answer({ stage, arrival, instance, request }: Asked): Promise<Ending> {
  const { inputTokens, outputTokens, size, atMs } = arrival;
  const before = { ...instance.calls };
  let first = { ...before };
  const caller = toCaller(() => (first = { ...instance.calls }));
  try {
    const { receipt, costUsd, settled } = await instance.gateway.run({
      operation: toOperation(stage, request, instance),
      caller,
    });
    await settled;
    const { candidate, waitedMs, attempts } = receipt;
    const listUsd = listCostUsd(candidate.price, { inputTokens, outputTokens }) ?? 0;
    const served = { tier: candidate.tier, rank: candidate.roleRank, costUsd: costUsd ?? 0, listUsd };
    const calls = {
      readsBefore: first.reads - before.reads,
      writesBefore: first.writes - before.writes,
      writesAfter: instance.calls.writes - first.writes,
    };
    const single = stage.setting.hosting.kind !== 'server';
    const ended = { atMs, size, served, status: 200, waitedMs, retryAfterMs: null, attempts: attempts.length };
    return { ...ended, calls: single ? calls : null };
  } catch (error) {
    if (!(error instanceof CallerError)) throw error;
    const { status, waitedMs, retryAfterMs, attempts } = error;
    return { atMs, size, served: null, status, waitedMs, retryAfterMs, attempts: attempts.length, calls: null };
  }
}

/** Sends one request to an instance and says how it ended; null when the instance died. */
async function ask(stage: Stage, request: number): Promise<Ending | null> {
  const { instances, arrivals } = stage;
  const arrival = arrivals[request];
  if (!arrival) throw new Error('no such request');
  const instance = instances.take();
  const died = new Promise<null>((resolve) => instance.deaths.push(() => resolve(null)));
  const ending = await Promise.race([answer({ stage, arrival, instance, request }), died]);
  if (ending !== null) instances.leave(instance);
  return ending;
}

/** A request as its caller lives it: again when the instance dies under it. */
async function live(stage: Stage, request: number): Promise<void> {
  let ending = await ask(stage, request);
  for (let tries = 0; ending === null && tries < 5; tries++) {
    await stage.clock.sleep(500);
    ending = await ask(stage, request);
  }
  if (ending === null) throw new Error('an instance died under every try');
  stage.measure.add(ending);
  if (ending.served === null && ending.retryAfterMs !== null && ++stage.refused % COMEBACK_EVERY === 0) {
    const refusedAtMs = stage.clock.now();
    // As the header says it: in whole seconds.
    await stage.clock.sleep(Math.max(1, Math.ceil(ending.retryAfterMs / 1000)) * 1000);
    // Somebody else may be faster, but then there was something to be had.
    const wasTaken = stage.network.lastAdmittedMs() >= refusedAtMs;
    const again = await ask(stage, request);
    stage.comebacks.asked++;
    if (again?.served) stage.comebacks.served++;
    if (wasTaken || again?.served) stage.comebacks.lifted++;
  }
}

function startKills({ setting, clock, instances }: Stage, onKilled: (count: number) => void): void {
  const { kills, lengthMs } = setting;
  if (kills === null) return;
  const next = (): void => {
    onKilled(instances.killSome(kills.share));
    if (clock.now() < START_MS + lengthMs) clock.schedule(kills.everyMs, next);
  };
  clock.schedule(kills.everyMs, next);
}

/** Notes the mean pressure of free candidates a few times per stretch, as a fresh instance would see it. */
function watchPressure({ setting, clock, instances, measure }: Stage, observer: Instance): void {
  const everyMs = setting.lengthMs / 96;
  const look = async (): Promise<void> => {
    await observer.ledger.refresh(null);
    const standings = observer.ledger.standings(clock.now());
    const free = instances.fleet.candidates.flatMap(({ tier }, index) =>
      tier === 'free' ? [standings[index]?.pressure ?? 0] : [],
    );
    measure.binAt(clock.now() - START_MS).pressure =
      free.reduce((sum, value) => sum + value, 0) / Math.max(1, free.length);
  };
  const next = (): void => {
    void look();
    if (clock.now() - START_MS < setting.lengthMs) clock.schedule(everyMs, next);
  };
  clock.schedule(everyMs / 2, next);
}

/** Sends every request at its time. Resolves at the end of the day; rejects with the first error that is not the caller's to see. */
async function playArrivals(stage: Stage): Promise<void> {
  const { clock, arrivals, setting } = stage;
  let failure: unknown = null;
  const arrive = (request: number): void => {
    live(stage, request).catch((error: unknown) => (failure ??= error));
    const next = arrivals[request + 1];
    if (next !== undefined) clock.schedule(START_MS + next.atMs - clock.now(), () => arrive(request + 1));
  };
  clock.schedule(arrivals[0]?.atMs ?? 0, () => arrive(0));
  await clock.advance(setting.lengthMs + AFTERGLOW_MS);
  if (failure !== null) throw failure;
}

/** The same state, looked at without being counted. */
const toUncounted = (store: SimulatedStore): SimulatedStore => ({
  ...store,
  batchGet: (keys) => Promise.all(keys.map((key) => store.get(key))),
});

/** Plays the day. */
export async function playDay(setting: Setting): Promise<Day> {
  const { providers, arrivals, sources } = toScene(setting);
  const random = createRandom(setting.seed + 1);
  const clock = createFakeClock(START_MS, { seed: setting.seed });
  const { lengthMs, foreign, skewMs } = setting;
  const truthOf = (request: number): Arrival => arrivals[request] ?? NOTHING;
  const network = createNetwork({ clock, random, providers, foreign, lengthMs, truthOf });
  const store = createSimulatedStore({ clock, random, outage: setting.outage, lost: setting.lostSettles });
  const around = {
    clock,
    random,
    providers,
    skewMs,
    store,
    upstream: network,
    metrics: createMetrics(),
    plain: setting.plain === true,
  };
  const instances = createInstances({ ...around, hosting: setting.hosting });
  const measure = createMeasure(lengthMs);
  const comebacks = { asked: 0, lifted: 0, served: 0 };
  const stage: Stage = { setting, clock, random, arrivals, instances, measure, network, comebacks, refused: 0 };
  let killed = 0;
  startKills(stage, (count) => (killed += count));
  const watched = { ...around, store: toUncounted(store), hosting: { kind: 'server', count: 1 } as const };
  watchPressure(stage, createInstances(watched).take());
  await playArrivals(stage);
  for (const { atMs } of network.refusals) measure.binAt(atMs - START_MS).limited++;
  const played = { setting, sources, arrivals, measure, network, comebacks, startMs: START_MS };
  return { ...played, store: store.tally, instances: instances.most(), killed };
}
