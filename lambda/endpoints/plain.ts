// Operations of one body and one reply: embeddings, images, speech, moderation.
import { CallerError } from '#shared/failures.ts';
import { toPolicy } from '../gateway/controls.ts';
import { errands } from '../gateway/errands.ts';
import type { Operation } from '../gateway/operation.ts';
import { createPlainOperation, type Errand } from '../gateway/plain.ts';
import { toDeadline, toSelector } from './ask.ts';
import { createCaller, markLeft } from './caller.ts';
import { admit, readSettings, toDefaults } from './defaults.ts';
import { principalOf, replyError, type Endpoint, type EndpointDeps, type Services, type Visit } from './endpoint.ts';
import { guardBody } from './guard.ts';
import type { ErrorRenderer } from '../wire/types.ts';
import { toPermitted, toPermittedPolicy } from './permitted.ts';
import { readJsonBody } from './read-body.ts';
import { toFailureHeaders } from './receipt-headers.ts';
import { createTeller, type Spent } from './tell.ts';

export interface PlainBody {
  readonly errand: Errand;
  readonly traceparent?: string | null;
  /** Only asked about, not to be carried out: it counts against no limit of the key. */
  readonly hypothetical?: boolean;
}

/** A request that may be carried out. */
export interface PlainAsked {
  readonly operation: Operation;
  readonly services: Services;
  /** When it was understood, ms since the epoch. */
  readonly nowMs: number;
  /** The operation for a part of it, by some of the candidates that it may be asked of. */
  readonly toPart: (part: Errand, among: readonly number[]) => Operation;
}

/** The operation for one errand, and what carries it out. Throws CallerError for anything wrong with it. */
export async function toPlainAsked(
  deps: EndpointDeps,
  visit: Visit,
  { errand, traceparent = null, hypothetical = false }: PlainBody,
): Promise<PlainAsked> {
  const principal = principalOf(visit);
  const services = await deps.current(principal);
  const { fleet } = services;
  const { exchange, requestId } = visit;
  const { question } = errand;
  const inForce = await readSettings(deps, principal);
  const policy = await toPolicy(question.controls, exchange.headers, toDefaults(deps, inForce, principal.key));
  const named = await toSelector({ model: question.model, models: [] }, fleet, deps.modelAliases);
  const meant = errand.narrow(toPermitted(named, fleet.candidates, principal), fleet, deps.clock.now());
  const common = {
    requestId,
    traceparent,
    policy: toPermittedPolicy(policy, principal, inForce),
    deadlineAtMs: toDeadline(visit, policy),
    fleet,
    dialectOf: (index: number) => deps.dialectOf(fleet, index),
  };
  const whole = createPlainOperation({ ...common, errand, selector: meant });
  const admission = hypothetical ? null : await admit(deps, principal, { inForce, need: whole.profile });
  const askerId = principal.id;
  return {
    operation: { ...whole, admission, askerId },
    services,
    nowMs: deps.clock.now(),
    toPart: (part, among) => ({
      ...createPlainOperation({ ...common, errand: part, selector: { ...meant, among } }),
      // The whole has been counted; parts only pay.
      admission: admission === null ? null : { ...admission, quota: null },
      askerId,
    }),
  };
}

/** The kind of model that carries the operation out. */
export type PlainKind = Errand['name'];

/** The format in which callers ask. */
export interface PlainFormat {
  /** Reads a body. Throws CallerError `invalid_request` naming the field at fault. */
  readonly toErrand: (json: unknown) => Errand;
  readonly renderer: ErrorRenderer;
}

/** The endpoint over its services, in OpenAI's format where no other is given. */
export function createPlainEndpoint(deps: EndpointDeps, kind: PlainKind, format?: PlainFormat): Endpoint {
  const { toErrand, renderer } = format ?? { toErrand: errands[kind], renderer: deps.chatWire };
  return async (visit) => {
    const teller = createTeller(deps, visit, kind);
    const caller = createCaller(visit, renderer.idHeader);
    let spent: Spent | null = null;
    const onSpent = (given: Spent): void => void (spent = given);
    try {
      const given = (await readJsonBody(visit)).json;
      const read = (json: unknown): Errand['question'] => toErrand(json).question;
      const json = await guardBody(deps, visit, { json: given, operation: kind, read });
      const body = { errand: toErrand(json), traceparent: teller.traceparent };
      teller.asks(body.errand.question);
      const asked = await toPlainAsked(deps, visit, body);
      markLeft(caller, asked.operation.admission);
      const { divisible } = body.errand;
      const result =
        divisible === undefined
          ? await asked.services.gateway.run({ operation: asked.operation, caller })
          : await (await import('./embed-batches.ts')).embedInBatches({ asked, ...divisible, caller, onSpent });
      teller.answered(result);
      await result.settled;
    } catch (thrown) {
      if (!(thrown instanceof CallerError)) throw thrown;
      const error = caller.explain(thrown);
      teller.failed(error, spent);
      // Sound that broke off has no room for a last word: it stays open, and so is cut by the entry.
      if (caller.body() !== null) return;
      replyError(visit, error, { renderer, nowMs: deps.clock.now(), headers: toFailureHeaders(error) });
    }
  };
}
