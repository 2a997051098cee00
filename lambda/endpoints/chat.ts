// A chat in any wire, whole or streamed: POST /v1/chat/completions, /v1/messages, /v1/responses.
import { CallerError } from '#shared/failures.ts';
import { loadOnce } from '#shared/load-once.ts';
import type { Clock } from '../ports.ts';
import type { ChatWire } from '../wire/types.ts';
import { toChatAsked, type Asked, type AskedBody } from './ask.ts';
import { createCaller, markLeft, type ExchangeCaller } from './caller.ts';
import type { EventCaller } from './event-caller.ts';
import { replyError, type Endpoint, type EndpointDeps, type JsonBody, type Visit } from './endpoint.ts';
import { toFailureHeaders } from './receipt-headers.ts';
import { readJsonBody } from './read-body.ts';
import type { Explained } from './explained.ts';
import type { Shadows } from './shadow.ts';
import { createTeller } from './tell.ts';

/** What a surface does in its own way: how a question is read from a visit, and how an answer is sent. */
export interface Surface {
  readonly wire: ChatWire;
  readonly read: (visit: Visit) => JsonBody | Promise<JsonBody>;
  readonly createCaller: (visit: Visit, idHeader?: string) => ExchangeCaller;
}

/** Whether the caller asked for events beside the answer's text. */
const wantsEvents = ({ exchange }: Visit): boolean => exchange.headers['x-freeway-events'] === '1';

/** Whether the caller asked for its decisions to be kept. */
const wantsReasons = ({ exchange }: Visit): boolean => exchange.headers['x-freeway-explain'] === '1';

/** Loaded when somebody watches: a start does not wait for it. */
async function watch(visit: Visit, caller: ExchangeCaller, clock: Clock): Promise<EventCaller> {
  const { createEventCaller } = await import('./event-caller.ts');
  return createEventCaller(visit, caller, clock);
}

/** Shadows, loaded with the first of them. */
function createLateShadows(deps: EndpointDeps): Shadows {
  const load = loadOnce(async () => (await import('./shadow.ts')).createShadows(deps));
  return async (visit, assignment, body) => {
    if (assignment.experiment.kind !== 'shadow') return;
    await (
      await load()
    )(visit, assignment, body);
  };
}

/** A surface whose body is the question, and whose answer goes out as it is written. */
const toSurface = (wire: ChatWire): Surface => ({ wire, read: readJsonBody, createCaller });

/** The endpoint over its services, for callers who speak this wire, or use this surface of it. */
export function createChatEndpoint(deps: EndpointDeps, over: ChatWire | Surface): Endpoint {
  const { wire, read, createCaller } = 'wire' in over ? over : toSurface(over);
  const shadows = createLateShadows(deps);
  return async (visit) => {
    const teller = createTeller(deps, visit, 'chat');
    let caller: ExchangeCaller = createCaller(visit, wire.idHeader);
    let asked: Asked | null = null;
    let explained: Explained<ExchangeCaller> | null = null;
    try {
      const reading = read(visit);
      const { json, bytes, fields } = reading instanceof Promise ? await reading : reading;
      const body: AskedBody = { json, bytes, fields, wire, traceparent: teller.traceparent, teller };
      asked = await toChatAsked(deps, visit, body);
      const { operation, question, services, assignment } = asked;
      const watching = question.stream && wantsEvents(visit) ? await watch(visit, caller, deps.clock) : null;
      if (wire.idHeader !== undefined) watching?.mark(wire.idHeader, visit.requestId);
      caller = watching ?? caller;
      caller = asked.dress?.(caller) ?? caller;
      markLeft(caller, operation.admission);
      if (assignment !== null) {
        teller.assigned(assignment);
        caller.mark('x-freeway-experiment', `${assignment.experiment.name}=${assignment.arm}`);
      }
      if (deps.decisions !== undefined && wantsReasons(visit)) {
        const { explainTo } = await import('./explained.ts');
        explained = explainTo(caller, { visit, services, decisions: deps.decisions });
      }
      const result = await services.gateway.run({ operation, caller: explained?.caller ?? caller });
      watching?.close(result);
      if (result.brokeOff) caller.body()?.end(asked.breakOff(caller.explain(result.brokeOff)));
      else asked.answered?.(result);
      teller.answered(result);
      await result.settled;
      if (assignment !== null) await shadows(visit, assignment, body);
    } catch (thrown) {
      if (!(thrown instanceof CallerError)) throw thrown;
      const error = caller.explain(thrown);
      teller.failed(error);
      const open = caller.body();
      if (open && asked) return open.end(asked.breakOff(error));
      replyError(visit, error, { renderer: wire, nowMs: deps.clock.now(), headers: toFailureHeaders(error) });
    } finally {
      if (explained !== null) await explained.keep();
    }
  };
}
