// Candidates and standings for tests of routing, with sensible values for all that a test does not care about.
import type { Standing } from '#lambda/routing/decide.ts';
import type { RequestProfile } from '#lambda/routing/profile.ts';
import type { Policy } from '#lambda/routing/policy.ts';
import type { Candidate } from '#lambda/routing/types.ts';

/** A free large chat model without limits, changed by `more`. */
export function toCandidate(more: Partial<Candidate> = {}): Candidate {
  const providerId = more.providerId ?? 'acme';
  const modelId = more.modelId ?? 'model';
  const credential = more.credential ?? providerId;
  return {
    route: `${providerId}/${modelId}`,
    providerId,
    modelId,
    credentialId: `id-${credential}`,
    credential,
    kind: 'chat',
    family: modelId,
    tier: 'free',
    capabilities: 0,
    sizeRank: 1,
    roleRank: more.sizeRank ?? 1,
    context: null,
    maxOutput: null,
    price: null,
    priority: 100,
    weight: 1,
    trainsOnPrompts: 'unknown',
    pools: [],
    book: `book-${credential}-${modelId}`,
    mark: `mark-${credential}-${modelId}`,
    ...more,
  };
}

/** An idle candidate, changed by `more`. */
export const toStanding = (more: Partial<Standing> = {}): Standing => ({
  pressure: 0,
  limits: [],
  restUntilMs: 0,
  breaker: 'closed',
  recoveredAtMs: 0,
  lastUsed: 0,
  inFlight: 0,
  latencyMs: null,
  availability: 1,
  ratio: 1,
  caution: 1,
  overdraft: null,
  shared: false,
  ...more,
});

/** A small chat request, changed by `more`. */
export const toProfile = (more: Partial<RequestProfile> = {}): RequestProfile => ({
  kind: 'chat',
  needs: 0,
  classification: null,
  inputTokens: 100,
  outputTokens: 200,
  maxOutputTokens: null,
  audioSeconds: null,
  ...more,
});

/** The default policy, changed by `more`. */
export const toPolicyOf = (more: Partial<Policy> = {}): Policy => ({
  paid: 'fallback',
  strategy: 'free-first',
  noTraining: false,
  only: null,
  ignore: [],
  failover: true,
  rescue: true,
  maxWaitMs: 15_000,
  ...more,
});
