// Counts a prompt exactly when a limit is so near that the estimate's error would decide who may serve it.
import type { Candidate } from '../routing/types.ts';
import type { RequestProfile } from '../routing/profile.ts';
import type { ExactCounter } from './tokenizer.ts';

export interface RefineInput {
  readonly profile: RequestProfile;
  readonly texts: readonly { readonly text: string }[];
  readonly candidates: readonly Candidate[];
  /** Indices of the candidates in question; null means all. */
  readonly among: readonly number[] | null;
}

/** The estimate is off by less than this on nearly all texts. */
const MARGIN = 0.15;
/** Short prompts are near no limit worth counting for. */
const SHORTEST = 1_500;

/** Sizes at which a candidate stops being able to serve: its context, and the token limits that one call can't exceed. */
function limitsOf(candidate: Candidate, outputTokens: number): number[] {
  const limits = candidate.context === null ? [] : [candidate.context];
  for (const { unit, max, clock } of candidate.pools) {
    // A day's pool is hardly ever filled by one call.
    if (clock.kind !== 'rolling' && clock.kind !== 'refill') continue;
    if (unit === 'tokens') limits.push(max - outputTokens);
    if (unit === 'input_tokens') limits.push(max);
  }
  return limits;
}

const isNear = (tokens: number, limit: number): boolean =>
  limit > 0 && tokens > limit * (1 - MARGIN) && tokens < limit * (1 + MARGIN);

/** Whether some candidate's limit lies within the error of the estimate. */
export function needsExactCount({ profile, candidates, among }: Omit<RefineInput, 'texts'>): boolean {
  const { inputTokens, outputTokens, kind } = profile;
  if (inputTokens < SHORTEST) return false;
  const near = (candidate: Candidate | undefined): boolean =>
    candidate?.kind === kind && limitsOf(candidate, outputTokens).some((limit) => isNear(inputTokens, limit));
  return among === null ? candidates.some(near) : among.some((index) => near(candidates[index]));
}

/** The profile with the exact count where it matters; the same profile otherwise. */
export async function refineProfile(input: RefineInput, counter: ExactCounter): Promise<RequestProfile> {
  const { profile, texts } = input;
  if (!needsExactCount(input)) return profile;
  const counted = await counter.count(texts);
  return counted === null ? profile : { ...profile, inputTokens: counted + texts.length * 4 + 3 };
}
