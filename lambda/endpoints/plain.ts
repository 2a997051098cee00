// Operations of one body and one reply, in the OpenAI formats: embeddings, images, speech, moderation.
import { CallerError } from '#shared/failures.ts';
import { toPolicy } from '../gateway/controls.ts';
import { errands } from '../gateway/errands.ts';
import type { Operation } from '../gateway/operation.ts';
import { createPlainOperation, type Errand } from '../gateway/plain.ts';
import { LONGEST_MS, RESERVE_MS, toSelector } from './ask.ts';
import { createCaller, markLeft } from './caller.ts';
import { admit, readSettings, toDefaults } from './defaults.ts';
import { principalOf, replyError, type Endpoint, type EndpointDeps, type Services, type Visit } from './endpoint.ts';
import { guardBody } from './guard.ts';
import { toPermitted, toPermittedPolicy } from './permitted.ts';
import { readJsonBody } from './read-body.ts';
import { toFailureHeaders } from './receipt-headers.ts';
import { createTeller } from './tell.ts';

export interface PlainBody {
  readonly errand: Errand;
  readonly traceparent?: string | null;
  /** Only asked about, not to be carried out: it counts against no limit of the key. */
  readonly hypothetical?: boolean;
}

/** The operation for one errand, and what carries it out. Throws CallerError for anything wrong with it. */
export async function toPlainAsked(
  deps: EndpointDeps,
  visit: Visit,
  { errand, traceparent = null, hypothetical = false }: PlainBody,
): Promise<{ readonly operation: Operation; readonly services: Services }> {
  const principal = principalOf(visit);
  const services = await deps.current(principal);
  const { fleet } = services;
  const { exchange, requestId, startedAtMs } = visit;
  const { question } = errand;
  const inForce = await readSettings(deps, principal);
  const policy = toPolicy(question.controls, exchange.headers, toDefaults(deps, inForce, principal.key));
  const named = toSelector({ model: question.model, models: [] }, fleet, deps.modelAliases);
  const meant = errand.narrow(toPermitted(named, fleet.candidates, principal), fleet);
  const operation = createPlainOperation({
    requestId,
    errand,
    traceparent,
    selector: meant,
    policy: toPermittedPolicy(policy, principal, inForce),
    deadlineAtMs: Math.min(startedAtMs + LONGEST_MS, (exchange.deadlineAtMs ?? Infinity) - RESERVE_MS),
    fleet,
    dialectOf: (index) => deps.dialectOf(fleet, index),
  });
  const admission = hypothetical ? null : await admit(deps, principal, { inForce, need: operation.profile });
  return { operation: { ...operation, admission, askerId: principal.id }, services };
}

/** The kind of model that carries the operation out. */
export type PlainKind = Errand['name'];

/** The endpoint over its services. */
export function createPlainEndpoint(deps: EndpointDeps, kind: PlainKind): Endpoint {
  return async (visit) => {
    const teller = createTeller(deps, visit, kind);
    const caller = createCaller(visit, deps.chatWire.idHeader);
    try {
      const given = (await readJsonBody(visit)).json;
      const read = (json: unknown): Errand['question'] => errands[kind](json).question;
      const json = await guardBody(deps, visit, { json: given, operation: kind, read });
      const body = { errand: errands[kind](json), traceparent: teller.traceparent };
      const { operation, services } = await toPlainAsked(deps, visit, body);
      markLeft(caller, operation.admission);
      const result = await services.gateway.run({ operation, caller });
      teller.answered(result);
      await result.settled;
    } catch (thrown) {
      if (!(thrown instanceof CallerError)) throw thrown;
      const error = caller.explain(thrown);
      teller.failed(error);
      // Sound that broke off has no room for a last word: it stays open, and so is cut by the entry.
      if (caller.body() !== null) return;
      replyError(visit, error, { renderer: deps.chatWire, nowMs: deps.clock.now(), headers: toFailureHeaders(error) });
    }
  };
}
