// Where an answer goes: the caller's side of one exchange, as the gateway sees it.
import type { Attempt } from '#shared/failures.ts';
import type { ReplyBody } from '../ports.ts';
import type { DecideInput } from '../routing/decide.ts';
import type { Candidate } from '../routing/types.ts';

/** What is known of an answer when its head must go out. */
export interface Receipt {
  readonly candidate: Candidate;
  /** Failed attempts before this one. */
  readonly attempts: readonly Attempt[];
  /** Time spent waiting for quota, ms. */
  readonly waitedMs: number;
  /** null when it is not known before the body (streams). */
  readonly costUsd: number | null;
  /** Some of the cost is guessed, since a provider did not say what it used; absent: none is. */
  readonly isCostGuessed?: boolean;
  /** Fields of the request that the provider's format can't carry; absent: none. */
  readonly dropped?: readonly string[];
  /** What of the request or of the answer was put right; absent: nothing. */
  readonly mended?: readonly string[];
}

/** One step on the way to an answer, for callers who want to watch. */
export type Step =
  /** About to be decided; told at once, since what it stands on changes with the next request. */
  | { readonly kind: 'deciding'; readonly input: DecideInput }
  | { readonly kind: 'asking'; readonly candidate: Candidate }
  | { readonly kind: 'waiting'; readonly waitMs: number }
  | { readonly kind: 'failed'; readonly attempt: Attempt };

/** The caller's side. `commit` sends status 200 and the head; after it, failover is no longer invisible. */
export interface Caller {
  commit(receipt: Receipt, contentType: string): ReplyBody;
  /** Told every step on the way, where the caller wants to watch. */
  readonly watch?: (step: Step) => void;
  /** True once the caller has hung up. */
  readonly gone: boolean;
  /** Calls the listener when the caller hangs up. Answers what takes it off again. */
  onGone(listener: () => void): () => void;
}
