// Says honestly why nobody can be asked any more: what was tried, what stands in the way, and when trying again makes sense.
// Loaded by the first request that ends so.
import type { Reason } from '#shared/api/reason.ts';
import { CallerError, type Attempt, type ProviderFailureKind } from '#shared/failures.ts';
import { findStrangers } from '../routing/strangers.ts';
import { explainMissing } from '../routing/capabilities.ts';
import {
  decide,
  passingVerdicts,
  verdictOf,
  type Decision,
  type DecideInput,
  type Verdict,
} from '../routing/decide.ts';
import { toSeconds, type Ended } from './ended.ts';
import { toOtherKind } from './other-kind.ts';

/** What stands in a candidate's way, behind a count. */
const reasons: Readonly<Record<Exclude<Verdict, 'eligible'>, string>> = {
  other_kind: 'for another kind of request',
  other_model: 'for other models',
  provider_excluded: 'excluded by the request',
  already_tried: 'failed for this request',
  paid_not_allowed: 'not free, and paying is not allowed here',
  may_train_on_prompts: 'not known to keep prompts out of training',
  region_not_allowed: 'not known to stay within the regions allowed',
  may_keep_prompts: 'not known to forget prompts soon enough',
  lacks_capability: 'without a capability that the request needs',
  context_too_small: 'with too small a context',
  output_too_small: 'unable to write that much',
  below_quality_floor: 'below the size asked for',
  request_exceeds_limit: 'with limits smaller than this request',
  resting: 'resting after a limit or fault',
  breaker_open: 'out of service',
  quota_used_up: 'with their quota used up',
  kept_for_later: 'kept for later',
  over_budget: 'too dear for the budget',
  kept_for_people: 'kept for people at a screen',
  retired: 'retired',
  over_price: 'above the price that the request allows',
  locked: "with a key that can't be opened",
};

/** What is missing to those who lack a capability, each named once. */
function toMissing(decision: Decision, { candidates, profile }: DecideInput): readonly string[] {
  const missing = candidates.map(({ capabilities }, index) =>
    verdictOf(decision, index) === 'lacks_capability' ? profile.needs & ~capabilities : 0,
  );
  return explainMissing(missing.reduce((mask, one) => mask | one, 0));
}

/** Why nobody can be asked. */
interface Standstill {
  readonly text: string;
  readonly reason: Reason;
  /** Something of it passes by itself. */
  readonly passing: boolean;
  readonly tooLong: boolean;
  readonly tooDear: boolean;
  /** Somebody could serve, were their key not past opening: for good, or for now. null: nobody. */
  readonly locked: 'lost' | 'away' | null;
  /** Credentials whose keys their providers refuse. */
  readonly refused: readonly string[];
  /** There is nobody but those who have failed. */
  readonly allTried: boolean;
}

/** Reasons against candidates that neither time nor a shorter answer changes: with them, a shorter prompt is what helps. */
const unmoved: ReadonlySet<Verdict> = new Set<Verdict>([
  'context_too_small',
  'paid_not_allowed',
  'over_price',
  'provider_excluded',
  'may_train_on_prompts',
  'region_not_allowed',
  'may_keep_prompts',
  'lacks_capability',
  'below_quality_floor',
  'request_exceeds_limit',
  'retired',
]);

/** So many names are told at most. */
const MOST_NAMED = 5;

/** Names of the credentials whose keys their providers refuse, just now or when they were asked last. */
function listRefused({ input, attempts, restsFor }: Ended, decision: Decision): readonly string[] {
  const now = attempts.filter(({ failure }) => failure === 'bad_credential').map(({ credential }) => credential);
  const before = input.candidates.filter(
    (_, index) => verdictOf(decision, index) === 'resting' && restsFor(index) === 'bad_credential',
  );
  return [...new Set([...now, ...before.map(({ credential }) => credential)])].slice(0, MOST_NAMED);
}

/** Counts candidates per reason, most frequent first, leaving out those that were never meant. */
function tellReasons(ended: Ended): Standstill {
  const { input } = ended;
  const decision = decide(input);
  const refused = listRefused(ended, decision);
  const counts = new Map<Verdict, number>();
  decision.codes.forEach((_, index) => {
    const verdict = verdictOf(decision, index);
    if (verdict !== 'other_model' && verdict !== 'other_kind') counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  });
  const missing = counts.has('lacks_capability') ? toMissing(decision, input) : [];
  const tell = (verdict: Verdict): string => {
    if (verdict === 'eligible') return 'could serve';
    return verdict === 'lacks_capability' ? `${reasons[verdict]} (${missing.join(', ')})` : reasons[verdict];
  };
  const most = [...counts].sort((a, b) => b[1] - a[1]);
  const parts = most.map(([verdict, count]) => `${count} ${tell(verdict)}`);
  const { maxCostUsd } = input.policy;
  const kinds = [...counts.keys()];
  const locks = input.candidates.filter((_, index) => verdictOf(decision, index) === 'locked');
  return {
    text: parts.join(', '),
    reason: {
      code: 'nobody',
      against: Object.fromEntries(most),
      missing: [...missing],
      ...(maxCostUsd !== undefined && { max_cost_usd: maxCostUsd }),
      ...(refused.length > 0 && { refused_keys: [...refused] }),
    },
    refused,
    passing: kinds.some((verdict) => passingVerdicts.has(verdict)),
    locked: locks.length === 0 ? null : locks.some(({ locked }) => locked === 'away') ? 'away' : 'lost',
    tooDear: counts.has('over_budget'),
    allTried: kinds.every((verdict) => verdict === 'already_tried'),
    tooLong: counts.has('context_too_small') && kinds.every((verdict) => unmoved.has(verdict)),
  };
}

/** Counts attempts by how they ended, most frequent first. */
function tellFailures(attempts: readonly Attempt[]): string {
  const counts = new Map<string, number>();
  for (const { failure, status } of attempts) {
    const how = `${(failure ?? 'unexplained').replaceAll('_', ' ')}${status === null ? '' : ` (${status})`}`;
    counts.set(how, (counts.get(how) ?? 0) + 1);
  }
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([how, count]) => `${count} ${how}`)
    .join(', ');
}

const quotaFailures: ReadonlySet<string> = new Set<ProviderFailureKind>(['rate_limited', 'quota_exhausted']);

/** Nobody is left but those whose keys can't be opened: that is ours to mend, not the caller's. */
function toLocked({ text, reason, locked }: Standstill): CallerError {
  const nothing = `Nothing could be asked: ${text}.`;
  if (locked === 'away')
    return new CallerError(
      'exhausted',
      `${nothing} What opens it can't be reached; that is tried again every few seconds, and the log says why (credentials.unreachable).`,
      { reason },
    );
  return new CallerError(
    'internal',
    `${nothing} Enter it again under Providers. If that is refused, the operator finds what to do in docs/operate.md, "Saved credentials can't be opened".`,
    { retryable: false, reason },
  );
}

const quote = (names: readonly string[]): string =>
  names
    .slice(0, MOST_NAMED)
    .map((name) => `"${name}"`)
    .join(', ');

/** Who sees that a key is refused can do something about it. */
function toKeyAdvice(names: readonly string[]): string {
  const quoted = quote(names);
  return names.length === 1
    ? `The provider refuses the key of ${quoted}: check it, and replace it under Providers or where it is configured.`
    : `Providers refuse the keys of ${quoted}: check them, and replace them under Providers or where they are configured.`;
}

/** All who were asked have failed, or all who were meant are to be left alone for now. */
function toUnserved(
  { attempts, soonest, waitedMs }: Ended,
  { text, reason, refused, passing, allTried }: Standstill,
): CallerError {
  const retryAfterMs = soonest?.waitMs ?? null;
  const waited = waitedMs > 0 ? ` after waiting ${toSeconds(waitedMs)} s` : '';
  const tried = `${attempts.length} ${attempts.length === 1 ? 'attempt' : 'attempts'} failed`;
  const story =
    attempts.length === 0
      ? `Nothing could be asked${waited}: ${text}.`
      : `${tried}${waited}: ${tellFailures(attempts)}.${allTried ? '' : ` Of those that were meant: ${text}.`}`;
  const keys = refused.length === 0 ? '' : ` ${toKeyAdvice(refused)}`;
  const when =
    retryAfterMs === null
      ? keys === ''
        ? ' Try again, or add another provider key.'
        : ''
      : ` The earliest is free again in ${toSeconds(retryAfterMs)} s.`;
  const faults = attempts.length > 0 && !passing && attempts.every(({ failure }) => !quotaFailures.has(failure ?? ''));
  return new CallerError(faults ? 'upstream_failed' : 'exhausted', `${story}${keys}${when}`, {
    retryable: true,
    retryAfterMs,
    attempts,
    waitedMs,
    reason,
  });
}

/** Names that a request asks for and nobody bears, beside those that there are. */
function tellStrangers({ policy: { only }, candidates, profile }: DecideInput): string {
  const able = candidates.filter(({ kind }) => kind === profile.kind);
  const borne = new Set(able.flatMap(({ providerId, credential }) => [providerId, credential]));
  const strangers = findStrangers(only ?? [], able);
  if (strangers.length === 0) return '';
  return ` No provider or credential here is called ${quote(strangers)}; there are ${quote([...borne])}${borne.size > MOST_NAMED ? ' and others' : ''}.`;
}

/** The error for a request that found no answer. */
export function toExhausted(ended: Ended): CallerError {
  const { input, attempts, waitedMs } = ended;
  const standstill = tellReasons(ended);
  const { text, reason, passing, tooLong, tooDear, locked } = standstill;
  const allTooLong =
    attempts.length > 0 && attempts.every(({ failure }) => failure === 'context_exceeded' || failure === 'too_large');
  if (tooLong || allTooLong) {
    return new CallerError(
      'context_length_exceeded',
      `The request is too long for every model that could be asked (${text}). Shorten it.`,
      { param: 'messages', attempts, waitedMs, reason },
    );
  }
  if (attempts.length > 0 && !passing && attempts.every(({ failure }) => failure === 'content_filtered')) {
    return new CallerError(
      'content_filter',
      `Every model that was asked refused by its content filter (${text}). Change the prompt.`,
      { param: 'messages', attempts, waitedMs, reason },
    );
  }
  if (tooDear && !passing) {
    // An answer without a bound is reckoned long.
    const bound = input.profile.kind === 'chat' && input.profile.maxOutputTokens === null;
    const shorter = bound ? ' Give max_tokens for an answer that costs less.' : '';
    return new CallerError(
      'budget_exceeded',
      input.policy.maxCostUsd === undefined
        ? `Only the budget stands in the way (${text}).${shorter} It begins anew at midnight UTC, a month's with the next one; the operator can raise FREEWAY_BUDGET_USD_PER_DAY and FREEWAY_BUDGET_USD_PER_MONTH.`
        : `Only the bound on cost stands in the way (${text}).${shorter} Raise max_cost_usd (now ${input.policy.maxCostUsd}), or wait for free quota.`,
      { attempts, waitedMs, reason },
    );
  }
  if (locked !== null && !passing && attempts.length === 0) return toLocked(standstill);
  if (!passing && attempts.length === 0) {
    if (text === '') return toOtherKind(input, input.profile.kind);
    return new CallerError(
      'no_candidate',
      `No model can serve this request. Of those that were meant: ${text}.${tellStrangers(input)} Change the request or its limits, or add a provider key.`,
      { attempts, reason },
    );
  }
  return toUnserved(ended, standstill);
}
