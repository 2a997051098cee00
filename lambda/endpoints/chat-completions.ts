// POST /v1/chat/completions: the OpenAI chat format, whole or streamed.
import { CallerError } from '#shared/failures.ts';
import { toChatAsked } from './ask.ts';
import { createCaller, type ExchangeCaller } from './caller.ts';
import { replyError, type Endpoint, type EndpointDeps } from './endpoint.ts';
import { createEventCaller, wantsEvents } from './event-caller.ts';
import { toFailureHeaders } from './receipt-headers.ts';
import { readJsonBody } from './read-body.ts';
import { createTeller } from './tell.ts';

/** The endpoint over its services. */
export function createChatEndpoint(deps: EndpointDeps): Endpoint {
  return async (visit) => {
    const teller = createTeller(deps, visit, 'chat');
    let caller: ExchangeCaller = createCaller(visit);
    try {
      const { operation, question, services } = await toChatAsked(deps, visit, {
        ...(await readJsonBody(visit.exchange)),
        traceparent: teller.traceparent,
      });
      const watching = question.stream && wantsEvents(visit) ? createEventCaller(visit, caller, deps.clock) : null;
      caller = watching ?? caller;
      const result = await services.gateway.run({ operation, caller });
      watching?.close(result);
      if (result.brokeOff) {
        const error = caller.explain(result.brokeOff);
        caller.body()?.end(deps.chatWire.renderStreamError(error, visit.requestId, deps.clock.now()));
      }
      teller.answered(result);
    } catch (thrown) {
      if (!(thrown instanceof CallerError)) throw thrown;
      const error = caller.explain(thrown);
      teller.failed(error);
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
