// POST /v1/explain: the decision for a request, with every candidate's score parts or the reason against it. Calls nobody.
import { CallerError } from '#shared/failures.ts';
import type { Fleet } from '../gateway/fleet.ts';
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
import { toNeed } from '../routing/profile.ts';
import { errands } from '../gateway/errands.ts';
import type { Ledger } from '../gateway/ledger.ts';
import type { Operation } from '../gateway/operation.ts';
import { toRecord } from '../wire/json.ts';
import { toChatAsked } from './ask.ts';
import { replyError, replyJson, type Endpoint, type EndpointDeps, type Services, type Visit } from './endpoint.ts';
import { toPlainAsked } from './plain.ts';
import { tellPool, toTime } from './limits.ts';
import { readJsonBody } from './read-body.ts';

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
  const need = toNeed(input.profile, { candidate, ratio: standing.ratio });
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

/** The operation of the body's `kind`; what it would say or show need not be given. */
function toAsked(
  deps: EndpointDeps,
  visit: Visit,
  body: { readonly json: unknown; readonly text: string },
): Promise<{ readonly operation: Operation; readonly services: Services }> {
  const { kind = 'chat', ...rest } = toRecord(body.json);
  if (kind === 'chat') return toChatAsked(deps, visit, { ...body, wire: deps.chatWire, hypothetical: true });
  if (kind !== 'embedding' && kind !== 'image' && kind !== 'speech' && kind !== 'moderation')
    throw new CallerError('invalid_request', 'kind must be one of chat, embedding, image, speech, moderation.', {
      param: 'kind',
    });
  const errand = errands[kind]({ input: 'text', prompt: 'text', ...rest });
  return toPlainAsked(deps, visit, { errand, hypothetical: true });
}

/** The endpoint over its services. */
export function createExplainEndpoint(deps: EndpointDeps): Endpoint {
  return async (visit) => {
    try {
      const body = await readJsonBody(visit.exchange);
      const { operation, services } = await toAsked(deps, visit, body);
      const { fleet, ledger } = services;
      await ledger.refresh(operation.selector.among);
      const nowMs = deps.clock.now();
      const { selector, profile, policy } = operation;
      const jitter = deps.clock.random();
      const input: DecideInput = {
        candidates: fleet.candidates,
        standings: [...ledger.standings(nowMs)],
        selector,
        profile,
        policy,
        tried: new Set(),
        refused: new Map(),
        lastResort: false,
        nowMs,
        jitter,
      };
      const decision = decide(input);
      const plan = planOf(decision, input);
      const order = [...plan, ...fleet.candidates.keys().filter((index) => !plan.includes(index))];
      const soonest = ledger.soonest(decision, input);
      replyJson(visit, 200, {
        object: 'freeway.decision',
        request_id: visit.requestId,
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
        policy,
        plan: plan.map((index) => ({
          route: fleet.candidates[index]?.route,
          credential: fleet.candidates[index]?.credential,
          tier: fleet.candidates[index]?.tier,
        })),
        soonest:
          plan.length > 0 || soonest === null
            ? null
            : { route: fleet.candidates[soonest.index]?.route, wait_ms: soonest.waitMs },
        free_until: tellFreeUntil(decision, input, ledger),
        candidates: order.map((index) => tellCandidate(index, decision, { fleet, ledger, input, plan })),
      });
    } catch (error) {
      if (!(error instanceof CallerError)) throw error;
      replyError(visit, error, { renderer: deps.chatWire, nowMs: deps.clock.now() });
    }
  };
}
