// Looks after candidates that have failed: knows whom free checks are due for (health-cases.ts makes them), and when.
import type { Item } from '#shared/items.ts';
import type { Clock, Upstream } from '../ports.ts';
import type { Log, Metrics } from '../ports-telemetry.ts';
import { afterHealthy, restOf } from '../routing/breaker.ts';
import { isEmpty, numberIn } from '../routing/pools-ops.ts';
import type { Candidate } from '../routing/types.ts';
import type { Credential } from './credentials.ts';
import type { Fleet } from './fleet.ts';
import type { Finding } from './health-check.ts';
import type { Ledger } from './ledger.ts';
import type { Gateway, RunInput, RunResult } from './run.ts';

export interface HealthDeps {
  readonly fleet: Fleet;
  readonly ledger: Ledger;
  readonly upstream: Upstream;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Set where nothing may go on between requests: checks are then made beside one. Else by a timer, until `closing`. */
  readonly freezes?: boolean;
  readonly closing?: AbortSignal;
}

/** The last check of a candidate's credential. */
export interface LastCheck {
  readonly atMs: number;
  readonly outcome: Finding['outcome'];
}

/** Watches over the candidates of one fleet. Costs nothing while nobody fails. */
export interface Health {
  /** A request begins: checks what is due. Resolves when that is done, or has taken too long to be waited for; null when there is nothing to wait for. Never rejects. */
  look(): Promise<void> | null;
  /** null when there never was one. */
  last(index: number): LastCheck | null;
}

/** Nobody needs to know sooner whether something has failed. */
const LOOK_EVERY_MS = 1_000;
/** Checks end when nobody has asked for anything for this long. */
const IN_USE_MS = 10 * 60_000;
/** How long a request waits for the check that was made beside it. */
const PATIENCE_MS = 3_000;

/** In the book of a credential: when it may be checked again, and the number of checks in a row that did not find it well; then the last one. */
export const healthAttrs = { next: 'health!n', vain: 'health!k', lastAt: 'health!a', last: 'health!o' } as const;
/** In the book of a candidate: until when it is known whether its model exists. */
export const knownAttr = (mark: string): string => `${mark}!v`;

/** What is to be found out of one candidate: whether a broken one is well again, or whether a model exists. */
type Doubt = 'broken' | 'missing';

/** A credential, and those of its candidates that are in doubt. */
export interface Case {
  readonly credential: Credential;
  readonly doubts: readonly (readonly [Candidate, Doubt])[];
}

class Ward {
  readonly #deps: HealthDeps;
  readonly #byCredential: ReadonlyMap<string, readonly number[]>;

  constructor(deps: HealthDeps) {
    this.#deps = deps;
    const { candidates } = deps.fleet;
    this.#byCredential = Map.groupBy(candidates.keys(), (index) => candidates[index]?.credentialId ?? '');
  }

  #book(id: string): Item {
    return this.#deps.ledger.books.copy(id).item ?? {};
  }

  doubtOf({ book: id, mark }: Candidate): Doubt | null {
    const nowMs = this.#deps.ledger.books.now();
    const book = this.#book(id);
    // A check is made only where its good outcome would change something.
    if (!isEmpty(afterHealthy(book, mark, nowMs))) return 'broken';
    const isMissing = restOf(book, mark, nowMs)?.reason === 'model_missing';
    return isMissing && (numberIn(book, knownAttr(mark)) ?? 0) < nowMs ? 'missing' : null;
  }

  /** Everything that is in doubt. */
  cases(): Case[] {
    const { candidates, credentials } = this.#deps.fleet;
    return [...this.#byCredential.values()].flatMap((indices) => {
      const doubts = indices.flatMap((index): [Candidate, Doubt][] => {
        const candidate = candidates[index];
        const doubt = candidate ? this.doubtOf(candidate) : null;
        return candidate && doubt !== null ? [[candidate, doubt]] : [];
      });
      const credential = credentials[indices[0] ?? -1];
      return credential && doubts.length > 0 ? [{ credential, doubts }] : [];
    });
  }

  /** How long until the first of the cases may be checked, ms. */
  waitMs(cases: readonly Case[]): number {
    const nowMs = this.#deps.ledger.books.now();
    return Math.min(
      ...cases.map(({ credential }) => (numberIn(this.#book(credential.id), healthAttrs.next) ?? 0) - nowMs),
    );
  }

  last(credentialId: string): LastCheck | null {
    const book = this.#book(credentialId);
    const atMs = numberIn(book, healthAttrs.lastAt);
    return atMs === undefined ? null : { atMs, outcome: book[healthAttrs.last] as Finding['outcome'] };
  }
}

/** Health of one fleet. */
export function createHealth(deps: HealthDeps): Health {
  const { clock, log, closing, freezes = false } = deps;
  const ward = new Ward(deps);
  let lookedAtMs = -Infinity;
  let askedAtMs = -Infinity;
  let running: Promise<void> | null = null;
  let isArmed = false;

  const checkAll = (cases: readonly Case[]): Promise<void> =>
    (running ??= import('./health-cases.ts')
      .then(({ checkCase }) => Promise.all(cases.map((one) => checkCase(deps, one))))
      .then(
        () => undefined,
        (error: unknown) =>
          log.error('health.failed', { error: error instanceof Error ? error.message : String(error) }),
      )
      .finally(() => (running = null)));

  /** Looks after `waitMs` at the earliest, and goes on for as long as anything is in doubt. */
  const arm = (waitMs: number): void => {
    if (isArmed || running !== null || closing?.aborted === true || clock.now() - askedAtMs > IN_USE_MS) return;
    isArmed = true;
    // Never all instances at the same moment.
    const cancel = clock.after(Math.max(LOOK_EVERY_MS, waitMs) * (1 + 0.2 * clock.random()), () => {
      isArmed = false;
      closing?.removeEventListener('abort', cancel);
      const due = ward.cases();
      if (due.length > 0) void checkAll(due).then(() => rearm());
    });
    closing?.addEventListener('abort', cancel, { once: true });
  };
  const rearm = (): void => {
    const cases = ward.cases();
    if (cases.length > 0) arm(ward.waitMs(cases));
  };

  return {
    look: () => {
      const nowMs = clock.now();
      askedAtMs = nowMs;
      // To look through all candidates takes time that no request should wait for.
      if (!freezes) {
        arm(0);
        return null;
      }
      if (Math.abs(nowMs - lookedAtMs) < LOOK_EVERY_MS || running !== null) return null;
      lookedAtMs = nowMs;
      const cases = ward.cases();
      if (cases.length === 0 || ward.waitMs(cases) > 0) return null;
      const patience = Promise.withResolvers<void>();
      const stop = clock.after(PATIENCE_MS, patience.resolve);
      return Promise.race([checkAll(cases).finally(stop), patience.promise]);
    },
    last: (index) => {
      const candidate = deps.fleet.candidates[index];
      return candidate ? ward.last(candidate.credentialId) : null;
    },
  };
}

/** The gateway, whose requests also look after those who have failed. */
export const withHealth = (gateway: Gateway, health: Health): Gateway => ({
  run: (input) => {
    const checked = health.look();
    return checked === null ? gateway.run(input) : runBeside(gateway, input, checked);
  },
});

async function runBeside(gateway: Gateway, input: RunInput, checked: Promise<unknown>): Promise<RunResult> {
  try {
    const result = await gateway.run(input);
    return { ...result, settled: Promise.all([result.settled, checked]) };
  } catch (error) {
    await checked;
    throw error;
  }
}
