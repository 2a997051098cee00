// A decision in words and numbers: every candidate with its score parts, or the reason against it.
import type { Fleet } from '../gateway/fleet.ts';
import type { Ledger } from '../gateway/ledger.ts';
import { findStrangers } from '../routing/strangers.ts';
import { explainMissing } from '../routing/capabilities.ts';
import {
  decide,
  passingVerdicts,
  planOf,
  scoreOf,
  verdictOf,
  type Decision,
  type DecideInput,
} from '../routing/decide.ts';
import { forecastAll } from '../routing/forecast.ts';
import type { Policy } from '../routing/policy.ts';
import { pricedAt } from '../routing/price-at.ts';
import { toNeed } from '../routing/profile.ts';
import type { Services } from './endpoint.ts';
import { tellPool, toTime } from './limits.ts';

function tellCandidate(
  index: number,
  decision: Decision,
  around: { fleet: Fleet; ledger: Ledger; input: DecideInput; plan: readonly number[] },
): Record<string, unknown> {
  const { fleet, ledger, input, plan } = around;
  const candidate = fleet.candidates[index];
  const standing = input.standings[index];
  if (!candidate || !standing) return {};
  const verdict = verdictOf(decision, index);
  const need = toNeed(input.profile, { candidate: pricedAt(candidate, input.nowMs), ratio: standing.ratio });
  const position = plan.indexOf(index);
  return {
    route: candidate.route,
    credential: candidate.credential,
    tier: candidate.tier,
    eligible: verdict === 'eligible',
    position: position < 0 ? null : position + 1,
    rejected: verdict === 'eligible' ? null : verdict,
    ...(verdict === 'lacks_capability'
      ? { missing: explainMissing(input.profile.needs & ~candidate.capabilities) }
      : {}),
    score: scoreOf(index, input),
    need,
    resting_until: standing.restUntilMs > input.nowMs ? toTime(standing.restUntilMs) : null,
    breaker: standing.breaker,
    shares_limits_with: ledger.twins(index),
    pools: ledger.views(index, need).map((view) => ({
      ...tellPool(view, input.nowMs),
      wait_ms: Number.isFinite(view.waitMs) ? view.waitMs : null,
    })),
  };
}

/** When the free candidates that could ever serve this request have nothing left; null when some last, or nobody knows. */
function tellFreeUntil(decision: Decision, input: DecideInput, ledger: Ledger): string | null {
  const free = input.candidates.flatMap((candidate, index) => {
    const verdict = verdictOf(decision, index);
    const standing = input.standings[index];
    if (candidate.tier === 'paid' || !standing || (verdict !== 'eligible' && !passingVerdicts.has(verdict))) return [];
    const need = toNeed(input.profile, { candidate, ratio: standing.ratio });
    return [{ views: ledger.views(index, need), need }];
  });
  return toTime(forecastAll(free, input.nowMs));
}

/** In the words in which requests ask. */
function tellPolicy({
  noTraining,
  maxRetentionDays,
  contentFilter,
  maxCostUsd,
  leavePart,
  maxWaitMs,
  ...same
}: Policy): Readonly<Record<string, unknown>> {
  return {
    ...same,
    no_training: noTraining,
    max_retention_days: maxRetentionDays,
    content_filter: contentFilter,
    max_cost_usd: maxCostUsd,
    leave_part: leavePart,
    max_wait_ms: maxWaitMs,
  };
}

/** Names of providers that nobody here bears, in a request or in settings: one that is misspelt leaves nobody out. */
function tellStrangers({ policy: { only, ignore }, candidates }: DecideInput): {
  readonly unknown_names?: readonly string[];
} {
  const strangers = findStrangers([...(only ?? []), ...ignore], candidates);
  return strangers.length === 0 ? {} : { unknown_names: strangers };
}

/** What is told of a decision. */
export interface DecisionView {
  readonly request_id: string;
  /** Routes in the order in which they would be asked. */
  readonly plan: readonly { readonly route: string | undefined }[];
  /** Those of the plan first. */
  readonly candidates: readonly Readonly<Record<string, unknown>>[];
}

/** Tells the decision on this question as things stand at this moment. The same input, jitter included, is decided the same way again. */
export function tellDecision(requestId: string, input: DecideInput, { fleet, ledger }: Services): DecisionView {
  const { selector, profile, policy, nowMs, jitter } = input;
  const decision = decide(input);
  const plan = planOf(decision, input);
  const order = [...plan, ...fleet.candidates.keys().filter((index) => !plan.includes(index))];
  const soonest = ledger.soonest(decision, input);
  const view = {
    object: 'freeway.decision',
    request_id: requestId,
    at: toTime(nowMs),
    jitter,
    model: selector.name,
    classification: profile.classification,
    estimate: {
      input_tokens: profile.inputTokens,
      output_tokens: profile.outputTokens,
      max_output_tokens: profile.maxOutputTokens,
    },
    needs: explainMissing(profile.needs),
    policy: tellPolicy(policy),
    ...tellStrangers(input),
    plan: plan.map((index) => ({
      route: fleet.candidates[index]?.route,
      credential: fleet.candidates[index]?.credential,
      tier: fleet.candidates[index]?.tier,
    })),
    soonest:
      plan.length > 0 || soonest === null
        ? null
        : { route: fleet.candidates[soonest.index]?.route, wait_ms: soonest.waitMs },
    scarcity: input.scarcity ?? null,
    free_until: tellFreeUntil(decision, input, ledger),
    candidates: order.map((index) => tellCandidate(index, decision, { fleet, ledger, input, plan })),
  };
  return view;
}
