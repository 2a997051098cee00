// What a wire whose answers take several calls must say: what is asked next, and which reply holds the answer.
import type { Auth } from '#shared/catalog.ts';
import type { SseFrame } from './types.ts';

/** A call without a body, but for the credential. */
export interface ChatCall {
  readonly method: 'GET' | 'POST';
  /** Behind the base URL, or a whole address. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** How the key is carried, where that departs from the provider's way. */
  readonly auth?: Auth;
}

/** What is asked next on the way to an answer that takes several calls. */
export interface ChatStep {
  readonly call: ChatCall;
  /** Pause before it, ms. */
  readonly afterMs: number;
  /** What frees the provider from work nobody waits for any more; null: nothing does. */
  readonly undo: ChatCall | null;
}

/** A fold over the replies of one attempt, where an answer takes several calls. null of each: what is there is the answer, or all there is. */
export interface ChatSteps {
  /** After a good reply that came whole. */
  afterReply(text: string): ChatStep | null;
  /** After a further call that failed. */
  afterFault(): ChatStep | null;
  /** At a frame of a stream that is its end: what its last word is asked by. */
  atFrame(frame: SseFrame): ChatStep | null;
  /** That last word as a frame, which stands for the end. */
  toFrame(text: string): string | null;
}
