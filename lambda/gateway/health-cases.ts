// Checks candidates that have failed, for free and for all instances: brings the recovered back early, and finds out which models are gone.
import type { Item } from '#shared/items.ts';
import { afterHealthy, afterRest, liftRest } from '../routing/breaker.ts';
import { isEmpty, mergeOps, noOps, numberIn, type Ops } from '../routing/pools-ops.ts';
import type { Candidate } from '../routing/types.ts';
import type { Credential } from './credentials.ts';
import { isLasting } from './desk.ts';
import { healthAttrs as at, knownAttr, type Case, type HealthDeps } from './health.ts';
import { checkCredential, type Finding } from './health-check.ts';

/** From one check of a credential to the next, give or take a quarter: doubled after each that did not find it well. */
const CHECK_EVERY_MS = 10_000;
const LONGEST_EVERY_MS = 60_000;
/** A model that two witnesses call gone rests for so long. */
const GONE_MS = 24 * 3_600_000;
/** A model that was refused as unknown, but is listed, is believed for so long: then one more refusal would be looked into again. */
const LISTED_MS = 3_600_000;

class Checks {
  readonly #deps: HealthDeps;

  constructor(deps: HealthDeps) {
    this.#deps = deps;
  }

  #book(id: string): Item {
    return this.#deps.ledger.books.copy(id).item ?? {};
  }

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
    if ((numberIn(this.#book(id), at.next) ?? 0) > nowMs) return null;
    const vain = numberIn(this.#book(id), at.vain) ?? 0;
    const everyMs = Math.min(LONGEST_EVERY_MS, CHECK_EVERY_MS * 2 ** vain) * (0.75 + 0.5 * clock.random());
    const lease = { attr: at.next, is: 'atMost', value: nowMs, orAbsent: true } as const;
    const set = { [at.next]: Math.round(nowMs + everyMs) };
    if (!(await books.update(id, { ...noOps, guards: [lease], set, lasting: false })).applied) return null;
    const found = await checkCredential(credential, this.#deps);
    const { outcome } = found;
    metrics.count('freeway_health_checks_total', { provider: credential.provider.id, result: outcome });
    await this.#write(id, {
      ...noOps,
      set: { [at.lastAt]: books.now(), [at.last]: outcome, [at.vain]: outcome === 'healthy' ? 0 : vain + 1 },
    });
    return found;
  }

  async #write(id: string, ops: Ops, lasting = false): Promise<void> {
    if (!isEmpty(ops)) await this.#deps.ledger.books.update(id, { ...ops, guards: [], lasting });
  }

  /** Into the book of a candidate, where a balance may stand that must never be forgotten. */
  async #note(candidate: Candidate, ops: Ops): Promise<void> {
    await this.#write(candidate.book, ops, isLasting(candidate));
  }

  async #vouch(candidate: Candidate): Promise<void> {
    const { book, mark } = candidate;
    await this.#note(candidate, afterHealthy(this.#book(book), mark, this.#deps.ledger.books.now()));
  }

  /** The provider has refused a model as unknown: its list agrees, or it does not. */
  async #verify(candidate: Candidate, found: Finding & { outcome: 'healthy' }): Promise<void> {
    const { mark, modelId, route } = candidate;
    const { books } = this.#deps.ledger;
    if (found.models.has(modelId)) {
      const known: Ops = { ...noOps, set: { [knownAttr(mark)]: books.now() + LISTED_MS } };
      return this.#note(candidate, mergeOps(liftRest(mark), known));
    }
    if (!found.whole) return;
    await this.#retire(candidate);
    this.#deps.log.warn('model.gone', { route, what: 'refused as unknown, and not in the list of models' });
    await this.#askOthers(candidate);
  }

  async #retire(candidate: Candidate): Promise<void> {
    const { book, mark } = candidate;
    const untilMs = this.#deps.ledger.books.now() + GONE_MS;
    const rest = afterRest(this.#book(book), mark, { untilMs, reason: 'model_missing' });
    await this.#note(candidate, mergeOps(rest, { ...noOps, set: { [knownAttr(mark)]: untilMs } }));
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

/** Checks a case if it is due, and no other instance is at it. */
export const checkCase = (deps: HealthDeps, one: Case): Promise<void> => new Checks(deps).check(one);
