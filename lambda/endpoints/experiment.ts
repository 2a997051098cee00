// Experiments on chats: which side a request is on, and what the variant asks for.
import { assign, type Assignment } from '#shared/rollout.ts';
import type { Experiment } from '#shared/rollout-schemas.ts';
import type { Policy } from '../routing/policy.ts';
import { isRecord } from '../wire/json.ts';
import type { ChatQuestion } from '../wire/types.ts';
import { principalOf, type EndpointDeps, type Visit } from './endpoint.ts';

/** The side of a request; null when it takes part in no experiment. Never waits: an instance that has just begun to run knows of none. */
export function toAssignment(deps: EndpointDeps, visit: Visit, question: ChatQuestion): Assignment | null {
  const experiments = deps.rollout?.known().experiments ?? [];
  if (experiments.length === 0) return null;
  const { id, key } = principalOf(visit);
  return assign(experiments, { model: question.model, callerId: key?.id ?? id, requestId: visit.requestId });
}

/** What the variant asks for. The caller's own controls stay in force; where the variant's model can't serve, the caller's choice still may, but not for a shadow. */
export function toVariant(question: ChatQuestion, { kind, variant: { model, freeway } }: Experiment): ChatQuestion {
  const controls = isRecord(question.controls) ? question.controls : {};
  const wanted = question.models.length > 0 ? question.models : [question.model];
  const models = model === undefined || kind === 'shadow' ? [] : [...new Set([model, ...wanted])];
  return {
    ...question,
    ...(model === undefined ? {} : { model, models }),
    ...(freeway === undefined ? {} : { controls: { ...freeway, ...controls } }),
  };
}

/** A shadow takes nothing from those who wait for an answer: it pays nothing unless the experiment says `"tier": "any"`, waits for no quota, and is tried once. */
export const toShadowPolicy = (policy: Policy, { variant: { freeway } }: Experiment): Policy => ({
  ...policy,
  paid: freeway?.['tier'] === 'any' ? policy.paid : 'never',
  failover: false,
  rescue: false,
  maxWaitMs: 0,
});
