// POST /v1/chat/completions: the OpenAI chat format, whole or streamed.
import { CallerError } from '#shared/failures.ts';
import type { Caller } from '../gateway/answer.ts';
import type { RunResult } from '../gateway/run.ts';
import type { ReplyBody } from '../ports.ts';
import { toChatAsked } from './ask.ts';
import { replyError, type Endpoint, type EndpointDeps, type Visit } from './endpoint.ts';
import { toFailureHeaders, toReceiptHeaders } from './receipt-headers.ts';
import { readJsonBody } from './read-body.ts';

/** The caller's side of the exchange; remembers the body so that a broken stream can be ended with a word. */
function createCaller({ exchange, requestId }: Visit): Caller & { readonly body: () => ReplyBody | null } {
  let body: ReplyBody | null = null;
  let gone = false;
  const listeners = new Set<() => void>();
  exchange.onGone(() => {
    gone = true;
    for (const listener of listeners) listener();
  });
  return {
    commit: (receipt, contentType) => {
      const cache = contentType.startsWith('text/event-stream')
        ? { 'cache-control': 'no-cache', 'x-accel-buffering': 'no' }
        : {};
      return (body = exchange.reply(200, {
        'content-type': contentType,
        ...cache,
        ...toReceiptHeaders(receipt, requestId),
      }));
    },
    get gone() {
      return gone;
    },
    onGone: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    body: () => body,
  };
}

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
    const caller = createCaller(visit);
    try {
      const { operation } = await toChatAsked(deps, visit, await readJsonBody(visit.exchange));
      const result = await deps.current().gateway.run({ operation, caller });
      if (result.brokeOff)
        caller.body()?.end(deps.chatWire.renderStreamError(result.brokeOff, visit.requestId, deps.clock.now()));
      tell(deps, visit, result);
    } catch (error) {
      if (!(error instanceof CallerError)) throw error;
      tellError(deps, visit, error);
      replyError(visit, error, {
        renderer: deps.chatWire,
        nowMs: deps.clock.now(),
        headers: toFailureHeaders(error),
      });
    }
  };
}
