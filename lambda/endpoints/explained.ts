// A caller who wants to know why: each decision of the request is kept for a while, as it was taken, beside its receipt.
import type { Caller } from '../gateway/answer.ts';
import type { DecisionStore } from '../ports.ts';
import { tellDecision, type DecisionView } from './decision-view.ts';
import { principalOf, type Services, type Visit } from './endpoint.ts';

/** Decisions of one request that are kept: the first, and those after a failure or a wait. */
const MAX_DECISIONS = 5;
/** Candidates told of each; the rest are counted by the reason against them. */
const MAX_CANDIDATES = 60;

/** Candidates that were never meant say nothing of a decision. */
const isMeant = ({ rejected }: Readonly<Record<string, unknown>>): boolean =>
  rejected !== 'other_model' && rejected !== 'other_kind';

/** The view without what would make it large. */
function shorten(view: DecisionView): DecisionView {
  const meant = view.candidates.filter(isMeant);
  const more: Record<string, number> = {};
  for (const { rejected } of meant.slice(MAX_CANDIDATES)) {
    const name = typeof rejected === 'string' ? rejected : 'eligible';
    more[name] = (more[name] ?? 0) + 1;
  }
  const candidates = meant.slice(0, MAX_CANDIDATES);
  return { ...view, candidates, ...(Object.keys(more).length === 0 ? {} : { more }) };
}

export interface Explained<C extends Caller> {
  readonly caller: C;
  /** Keeps what was told. Never rejects: an answer is not lost because its reasons are. */
  readonly keep: () => Promise<void>;
}

/** Wraps a caller so that every decision made for it is noted. */
export function explainTo<C extends Caller>(
  caller: C,
  { visit, services, decisions }: { visit: Visit; services: Services; decisions: DecisionStore },
): Explained<C> {
  const told: DecisionView[] = [];
  const { watch } = caller;
  const watching: Caller['watch'] = (step) => {
    if (step.kind === 'deciding' && told.length < MAX_DECISIONS)
      told.push(shorten(tellDecision(visit.requestId, step.input, services)));
    watch?.(step);
  };
  const { requestId } = visit;
  return {
    // A getter of the caller's own must go on being one.
    caller: Object.defineProperty(Object.create(caller) as C, 'watch', { value: watching }),
    keep: () => decisions.keep({ requestId, personId: principalOf(visit).id, views: told }),
  };
}
