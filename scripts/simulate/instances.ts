// The running copies of Freeway: each with its own clock, ledger and loop over the one store, coming, going and dying.
import { createFleet, type Fleet } from '#lambda/gateway/fleet.ts';
import { createLedger, type Ledger } from '#lambda/gateway/ledger.ts';
import { createGateway, type Gateway } from '#lambda/gateway/run.ts';
import { createSlices } from '#lambda/gateway/slices.ts';
import type { Clock, Store, Upstream } from '#lambda/ports.ts';
import type { Log, Metrics } from '#lambda/ports-telemetry.ts';
import type { Rank } from '#lambda/routing/decide.ts';
import { createServerTime } from '#lambda/store/server-time.ts';
import type { FakeClock } from '../../tests/fakes/clock.ts';
import { toCatalog, toEntries, type SimulatedProvider } from './world.ts';

/**
 * How requests find an instance. `server`: a few instances with many requests each. `lambda`: one request at a time, started on demand,
 * gone when idle. `spread`: a fixed number of them, each as likely as the other.
 */
export type Hosting =
  | { readonly kind: 'server' | 'spread'; readonly count: number }
  | { readonly kind: 'lambda'; readonly idleMs: number };

/** One running copy. Store calls are counted for the request that it serves; true only where it serves one at a time. */
export interface Instance {
  readonly gateway: Gateway;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly calls: { reads: number; writes: number };
  busy: number;
  lastUsedMs: number;
  alive: boolean;
  /** Called when it dies: by the requests that it has in hand. */
  deaths: (() => void)[];
}

export interface InstancesInput {
  readonly clock: FakeClock;
  readonly random: () => number;
  readonly providers: readonly SimulatedProvider[];
  readonly hosting: Hosting;
  /** The largest difference between two instances' clocks, ms. */
  readonly skewMs: number;
  readonly store: Store;
  readonly upstream: Upstream;
  readonly metrics: Metrics;
  /** Whoever is used least goes first, and nothing else counts. */
  readonly plain: boolean;
}

/** The order of `plain`. */
const byPressure: Rank = (_candidate, { pressure }) => pressure;

export interface Instances {
  readonly fleet: Fleet;
  /** An instance for one more request. */
  take(): Instance;
  leave(instance: Instance): void;
  /** Ends every instance with this probability, whatever it is doing. */
  killSome(share: number): number;
  readonly most: () => number;
}

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const serves = (): boolean => true;

/** The fleet of all simulated keys. */
export const toFleet = (providers: readonly SimulatedProvider[], rank: Rank | null = null): Fleet =>
  createFleet({ entries: providers.flatMap(toEntries), providers: providers.map(toCatalog), serves, rank });

/** Passes on what a promise brings, as long as somebody is there to hear it. */
function whileAlive<T>(work: Promise<T>, instance: { alive: boolean }): Promise<T> {
  return new Promise((resolve, reject) => {
    work.then(
      (value) => instance.alive && resolve(value),
      (error: unknown) => instance.alive && reject(error),
    );
  });
}

function createInstance(input: InstancesInput, fleet: Fleet): Instance {
  const { clock: world, random, store, upstream } = input;
  const skewMs = Math.round((random() - 0.5) * input.skewMs);
  const calls = { reads: 0, writes: 0 };
  const state = { alive: true };
  const clock: Clock = {
    now: () => world.now() + skewMs,
    random,
    after: (ms, fire) => world.after(ms, () => state.alive && fire()),
    sleep: (ms, signal) => whileAlive(world.sleep(ms, signal), state),
  };
  const time = createServerTime();
  /** Replies carry the time of the store, in whole seconds. */
  const timed = async <T>(ask: () => Promise<T>): Promise<T> => {
    const sentAtMs = clock.now();
    const answer = await whileAlive(ask(), state);
    const serverSecondMs = Math.floor(world.now() / 1_000) * 1_000;
    time.noted({ sentAtMs, receivedAtMs: clock.now(), serverSecondMs });
    return answer;
  };
  const ownStore: Store = {
    ...store,
    ahead: () => time.ahead(clock.now()),
    get: (key) => whileAlive(store.get(key), state),
    batchGet: (keys) => {
      calls.reads++;
      return timed(() => store.batchGet(keys));
    },
    update: (update) => {
      calls.writes++;
      return timed(() => store.update(update));
    },
  };
  const ownUpstream: Upstream = {
    close: () => Promise.resolve(),
    start: (call, listener) =>
      upstream.start(call, {
        onHead: (...args) => state.alive && listener.onHead(...args),
        onData: (chunk) => state.alive && listener.onData(chunk),
        onEnd: () => state.alive && listener.onEnd(),
        onError: (error) => state.alive && listener.onError(error),
      }),
  };
  const common = { fleet, clock, log: silent, metrics: input.metrics };
  const ahead = input.hosting.kind === 'server' ? { openSlices: createSlices } : {};
  const ledger = createLedger({ ...common, store: ownStore, ...ahead });
  const gateway = createGateway({ ...common, ledger, upstream: ownUpstream });
  return Object.assign(state, { gateway, ledger, clock, calls, busy: 0, lastUsedMs: world.now(), deaths: [] });
}

/** The instances of one run. */
export function createInstances(input: InstancesInput): Instances {
  const { clock, random, hosting } = input;
  const fleet = toFleet(input.providers, input.plain ? byPressure : null);
  let live: Instance[] = [];
  let most = 0;
  const start = (): Instance => {
    const instance = createInstance(input, fleet);
    live.push(instance);
    most = Math.max(most, live.length);
    return instance;
  };
  const fixed = hosting.kind === 'lambda' ? 0 : hosting.count;
  for (let i = 0; i < fixed; i++) start();

  /** The idle one that was used last, so that the others may go. */
  function takeWarm(idleMs: number): Instance {
    const oldestMs = clock.now() - idleMs;
    live = live.filter(({ busy, lastUsedMs }) => busy > 0 || lastUsedMs >= oldestMs);
    let warm: Instance | null = null;
    for (const one of live) if (one.busy === 0 && (warm === null || one.lastUsedMs > warm.lastUsedMs)) warm = one;
    return warm ?? start();
  }

  function takeAny(): Instance {
    for (let tries = 0; tries < 20; tries++) {
      const one = live[Math.floor(random() * live.length)];
      if (one !== undefined && (hosting.kind === 'server' || one.busy === 0)) return one;
    }
    return live.find(({ busy }) => busy === 0) ?? start();
  }

  return {
    fleet,
    take: () => {
      const instance = hosting.kind === 'lambda' ? takeWarm(hosting.idleMs) : takeAny();
      instance.busy++;
      instance.lastUsedMs = clock.now();
      return instance;
    },
    leave: (instance) => {
      instance.busy--;
      if (instance.busy === 0) instance.deaths = [];
      instance.lastUsedMs = clock.now();
    },
    killSome: (share) => {
      const doomed = live.filter(() => random() < share);
      for (const instance of doomed) {
        instance.alive = false;
        for (const tell of instance.deaths) tell();
      }
      live = live.filter(({ alive }) => alive);
      while (live.length < fixed) start();
      return doomed.length;
    },
    most: () => most,
  };
}
