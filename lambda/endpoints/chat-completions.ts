// POST /v1/chat/completions: the OpenAI chat format, whole or streamed.
import { CallerError } from '#shared/failures.ts';
import type { RunResult } from '../gateway/run.ts';
import { toChatAsked } from './ask.ts';
import { createCaller, type ExchangeCaller } from './caller.ts';
import { replyError, type Endpoint, type EndpointDeps, type Visit } from './endpoint.ts';
import { createEventCaller, wantsEvents } from './event-caller.ts';
import { toFailureHeaders } from './receipt-headers.ts';
import { readJsonBody } from './read-body.ts';

function tell(deps: EndpointDeps, visit: Visit, { receipt, usage, costUsd, rescues, brokeOff }: RunResult): void {
  const { candidate, attempts, waitedMs } = receipt;
  deps.metrics.count('freeway_requests_total', {
    operation: 'chat',
    tier: candidate.tier,
    result: brokeOff ? 'broke_off' : 'ok',
  });
  deps.metrics.count('freeway_tokens_total', { direction: 'input', tier: candidate.tier }, usage?.inputTokens ?? 0);
  deps.metrics.count('freeway_tokens_total', { direction: 'output', tier: candidate.tier }, usage?.outputTokens ?? 0);
  deps.log.info('request', {
    request_id: visit.requestId,
    operation: 'chat',
    route: candidate.route,
    credential: candidate.credential,
    tier: candidate.tier,
    attempts: attempts.length + 1,
    rescues,
    wait_ms: Math.round(waitedMs),
    duration_ms: Math.round(deps.clock.now() - visit.startedAtMs),
    input_tokens: usage?.inputTokens ?? null,
    output_tokens: usage?.outputTokens ?? null,
    cost_usd: costUsd,
    outcome: brokeOff ? 'broke_off' : 'ok',
  });
}

function tellError(deps: EndpointDeps, visit: Visit, error: CallerError): void {
  deps.metrics.count('freeway_requests_total', { operation: 'chat', tier: 'none', result: error.code });
  deps.log.info('request', {
    request_id: visit.requestId,
    operation: 'chat',
    attempts: error.attempts.length,
    duration_ms: Math.round(deps.clock.now() - visit.startedAtMs),
    status: error.status,
    outcome: error.code,
  });
}

/** The endpoint over its services. */
export function createChatEndpoint(deps: EndpointDeps): Endpoint {
  return async (visit) => {
    let caller: ExchangeCaller = createCaller(visit);
    try {
      const { operation, question } = await toChatAsked(deps, visit, await readJsonBody(visit.exchange));
      const watching = question.stream && wantsEvents(visit) ? createEventCaller(visit, caller, deps.clock) : null;
      caller = watching ?? caller;
      const result = await deps.current().gateway.run({ operation, caller });
      watching?.close(result);
      if (result.brokeOff) {
        const error = caller.explain(result.brokeOff);
        caller.body()?.end(deps.chatWire.renderStreamError(error, visit.requestId, deps.clock.now()));
      }
      tell(deps, visit, result);
    } catch (thrown) {
      if (!(thrown instanceof CallerError)) throw thrown;
      const error = caller.explain(thrown);
      tellError(deps, visit, error);
      const open = caller.body();
      if (open) return open.end(deps.chatWire.renderStreamError(error, visit.requestId, deps.clock.now()));
      replyError(visit, error, {
        renderer: deps.chatWire,
        nowMs: deps.clock.now(),
        headers: toFailureHeaders(error),
      });
    }
  };
}
