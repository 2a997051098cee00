// Looks after candidates that have failed: free checks, shared by all instances, that bring the recovered back early and find out which models are gone.
import type { Item } from '#shared/items.ts';
import type { Clock, Upstream } from '../ports.ts';
import type { Log, Metrics } from '../ports-telemetry.ts';
import { afterHealthy, afterRest, liftRest, restOf } from '../routing/breaker.ts';
import { isEmpty, mergeOps, noOps, numberIn, type Ops } from '../routing/pools-ops.ts';
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
/** From one check of a credential to the next, give or take a quarter: doubled after each that did not find it well. */
const CHECK_EVERY_MS = 10_000;
const LONGEST_EVERY_MS = 60_000;
/** Checks end when nobody has asked for anything for this long. */
const IN_USE_MS = 10 * 60_000;
/** How long a request waits for the check that was made beside it. */
const PATIENCE_MS = 3_000;

/** A model that two witnesses call gone rests for so long. */
const GONE_MS = 24 * 3_600_000;
/** A model that was refused as unknown, but is listed, is believed for so long: then one more refusal would be looked into again. */
const LISTED_MS = 3_600_000;

/** In the book of a credential: when it may be checked again, and the number of checks in a row that did not find it well; then the last one. */
const NEXT = 'health!n';
const VAIN = 'health!k';
const LAST_AT = 'health!a';
const LAST = 'health!o';
/** In the book of a candidate: until when it is known whether its model exists. */
const knownAttr = (mark: string): string => `${mark}!v`;

/** What is to be found out of one candidate: whether a broken one is well again, or whether a model exists. */
type Doubt = 'broken' | 'missing';

/** A credential, and those of its candidates that are in doubt. */
interface Case {
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
    return Math.min(...cases.map(({ credential }) => (numberIn(this.#book(credential.id), NEXT) ?? 0) - nowMs));
  }

  last(credentialId: string): LastCheck | null {
    const book = this.#book(credentialId);
    const atMs = numberIn(book, LAST_AT);
    return atMs === undefined ? null : { atMs, outcome: book[LAST] as Finding['outcome'] };
  }

  /** Checks a case if it is due, and no other instance is at it. */
  async check({ credential, doubts }: Case): Promise<void> {
    const found = await this.#ask(credential);
    if (found?.outcome !== 'healthy') return;
    for (const [candidate, doubt] of doubts) {
      if (doubt === 'broken') await this.#vouch(candidate);
      else await this.#verify(candidate, found);
    }
  }

  async #ask(credential: Credential): Promise<Finding | null> {
    const { clock, ledger, metrics } = this.#deps;
    const { books } = ledger;
    const { id } = credential;
    const nowMs = books.now();
    if ((numberIn(this.#book(id), NEXT) ?? 0) > nowMs) return null;
    const vain = numberIn(this.#book(id), VAIN) ?? 0;
    const everyMs = Math.min(LONGEST_EVERY_MS, CHECK_EVERY_MS * 2 ** vain) * (0.75 + 0.5 * clock.random());
    const lease = { attr: NEXT, is: 'atMost', value: nowMs, orAbsent: true } as const;
    const set = { [NEXT]: Math.round(nowMs + everyMs) };
    if (!(await books.update(id, { ...noOps, guards: [lease], set, lasting: false })).applied) return null;
    const { checkCredential } = await import('./health-check.ts');
    const found = await checkCredential(credential, this.#deps);
    const { outcome } = found;
    metrics.count('freeway_health_checks_total', { provider: credential.provider.id, result: outcome });
    await this.#write(id, {
      ...noOps,
      set: { [LAST_AT]: books.now(), [LAST]: outcome, [VAIN]: outcome === 'healthy' ? 0 : vain + 1 },
    });
    return found;
  }

  async #write(id: string, ops: Ops): Promise<void> {
    if (!isEmpty(ops)) await this.#deps.ledger.books.update(id, { ...ops, guards: [], lasting: false });
  }

  async #vouch({ book: id, mark }: Candidate): Promise<void> {
    await this.#write(id, afterHealthy(this.#book(id), mark, this.#deps.ledger.books.now()));
  }

  /** The provider has refused a model as unknown: its list agrees, or it does not. */
  async #verify(candidate: Candidate, found: Finding & { outcome: 'healthy' }): Promise<void> {
    const { book: id, mark, modelId, route } = candidate;
    const { books } = this.#deps.ledger;
    if (found.models.has(modelId)) {
      const known: Ops = { ...noOps, set: { [knownAttr(mark)]: books.now() + LISTED_MS } };
      return this.#write(id, mergeOps(liftRest(mark), known));
    }
    if (!found.whole) return;
    await this.#retire(candidate);
    this.#deps.log.warn('model.gone', { route, what: 'refused as unknown, and not in the list of models' });
    await this.#askOthers(candidate);
  }

  async #retire({ book: id, mark }: Candidate): Promise<void> {
    const untilMs = this.#deps.ledger.books.now() + GONE_MS;
    const rest = afterRest(this.#book(id), mark, { untilMs, reason: 'model_missing' });
    await this.#write(id, mergeOps(rest, { ...noOps, set: { [knownAttr(mark)]: untilMs } }));
  }

  /** Other credentials lose a model only when one of them has been asked, and says the same. */
  async #askOthers({ providerId, modelId, credentialId }: Candidate): Promise<void> {
    const { candidates, credentials } = this.#deps.fleet;
    const baseUrl = credentials.find(({ id }) => id === credentialId)?.baseUrl;
    const others = candidates.flatMap((other, index) => {
      const credential = credentials[index];
      const isSame = other.providerId === providerId && other.modelId === modelId && credential?.baseUrl === baseUrl;
      return credential && isSame && other.credentialId !== credentialId ? [{ other, credential }] : [];
    });
    const [witness] = others;
    const found = witness ? await this.#ask(witness.credential) : null;
    if (found?.outcome !== 'healthy' || !found.whole || found.models.has(modelId)) return;
    for (const { other } of others) await this.#retire(other);
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
    (running ??= Promise.all(cases.map((one) => ward.check(one)))
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
