// Counts a prompt exactly when a limit is so near that the estimate's error would decide who may serve it.
import type { ModelKind } from '#shared/catalog.ts';
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

/** Sizes at which candidates stop being able to serve, each once: contexts, and the token limits that one call can't exceed. */
interface Sizes {
  readonly contexts: Set<number>;
  /** Of input and output together. */
  readonly totals: Set<number>;
  readonly inputs: Set<number>;
}

function addSizes({ contexts, totals, inputs }: Sizes, { context, pools }: Candidate): void {
  if (context !== null) contexts.add(context);
  for (const { unit, max, clock } of pools) {
    // A day's pool is hardly ever filled by one call.
    if (clock.kind !== 'rolling' && clock.kind !== 'refill') continue;
    if (unit === 'tokens') totals.add(max);
    if (unit === 'input_tokens') inputs.add(max);
  }
}

function toSizes(candidates: Iterable<Candidate | undefined>, kind: ModelKind): Sizes {
  const sizes: Sizes = { contexts: new Set(), totals: new Set(), inputs: new Set() };
  for (const candidate of candidates) if (candidate?.kind === kind) addSizes(sizes, candidate);
  return sizes;
}

/** Of whole fleets, in which hundreds of candidates share few sizes. */
const known = new WeakMap<readonly Candidate[], Map<ModelKind, Sizes>>();

function sizesOf(candidates: readonly Candidate[], kind: ModelKind): Sizes {
  const kinds = known.get(candidates) ?? new Map<ModelKind, Sizes>();
  known.set(candidates, kinds);
  const sizes = kinds.get(kind) ?? toSizes(candidates, kind);
  kinds.set(kind, sizes);
  return sizes;
}

const isNear = (tokens: number, limit: number): boolean =>
  limit > 0 && tokens > limit * (1 - MARGIN) && tokens < limit * (1 + MARGIN);

/** Whether some candidate's limit lies within the error of the estimate. */
export function needsExactCount({ profile, candidates, among }: Omit<RefineInput, 'texts'>): boolean {
  const { inputTokens, outputTokens, kind } = profile;
  if (inputTokens < SHORTEST) return false;
  const { contexts, totals, inputs } =
    among === null
      ? sizesOf(candidates, kind)
      : toSizes(
          among.map((index) => candidates[index]),
          kind,
        );
  for (const size of contexts) if (isNear(inputTokens, size)) return true;
  for (const size of inputs) if (isNear(inputTokens, size)) return true;
  for (const size of totals) if (isNear(inputTokens, size - outputTokens)) return true;
  return false;
}

/** The profile with the exact count where it matters; the same profile, at once, otherwise. */
export function refineProfile(input: RefineInput, counter: ExactCounter): RequestProfile | Promise<RequestProfile> {
  return needsExactCount(input) ? countExactly(input, counter) : input.profile;
}

async function countExactly({ profile, texts }: RefineInput, counter: ExactCounter): Promise<RequestProfile> {
  const counted = await counter.count(texts);
  return counted === null ? profile : { ...profile, inputTokens: counted + texts.length * 4 + 3 };
}
