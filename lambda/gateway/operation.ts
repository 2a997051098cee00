// One operation for one request (a chat, later an embedding or a transcription), as the loop needs it: what to ask, what to send, how to read.
import type { Auth, ModelKind } from '#shared/catalog.ts';
import type { ProviderFailure } from '#shared/failures.ts';
import type { Usage } from '#shared/usage.ts';
import type { Headers, ReplyBody, UpstreamCall, UpstreamListener } from '../ports.ts';
import type { Policy } from '../routing/policy.ts';
import type { RequestProfile } from '../routing/profile.ts';
import type { Selector } from '../routing/selector.ts';
import type { Finish, ObservedLimit } from '../wire/types.ts';
import type { Closing } from '../wire/writer.ts';
import type { Admission } from './quotas.ts';
import type { Rescue } from './rescue.ts';

/** A call to one candidate, ready but for the credential. */
export interface OutgoingCall {
  /** Absent: POST. */
  readonly method?: string;
  /** Path behind the credential's base URL. */
  readonly path: string;
  readonly headers: Headers;
  /** How the key is carried, where that departs from the provider's way. */
  readonly auth?: Auth;
  readonly body: UpstreamCall['body'];
  /** From sending to the first content; a reply later than that has failed. */
  readonly firstContentTimeoutMs: number;
  /** When the first content is called late as long as nothing has been learned of this candidate. */
  readonly usualContentMs: number;
  /** The longest silence between two pieces of content. */
  readonly idleTimeoutMs: number;
}

/** How an attempt ended. */
export interface AttemptOutcome {
  /** null: the caller has the whole answer. */
  readonly failure: ProviderFailure | null;
  /** Whether the caller has received anything of it. */
  readonly committed: boolean;
  /** null when the provider did not say. */
  readonly usage: Usage | null;
  /** Tokens of answer seen, roughly; for the books when usage is unknown. */
  readonly seenTokens: number;
  readonly limits: readonly ObservedLimit[];
  /** What of the answer was put right; absent: nothing. */
  readonly mended?: readonly string[];
  /** Why the answer ended; absent or null when that was not told. */
  readonly finish?: Finish | null;
  /** From sending to the first content; null when there was none. */
  readonly firstContentMs: number | null;
  readonly ms: number;
}

/** A further call of an attempt that takes several, such as looking at a job until it is done. */
export interface FurtherCall {
  /** Its deadlines are those of the attempt, not its own. */
  readonly call: OutgoingCall;
  /** Pause before it, ms. */
  readonly afterMs: number;
  /** Hears the reply to this call and those after it; absent: whoever heard the one before. */
  readonly reader?: ReplyReader;
  /** Sent when the attempt fails or is given up: what frees the provider from work nobody waits for. null: nothing does. */
  readonly undo: OutgoingCall | null;
}

/** What a reader may do while it reads. */
export interface ReaderContext {
  readonly nowMs: () => number;
  /** Content is here: the provider is alive and at work. */
  readonly progress: () => void;
  /** The answer begins: sends the head to the caller, once. `usage` when it is already known. */
  readonly commit: (contentType: string, usage: Usage | null) => ReplyBody;
  /** Stops and resumes the provider's stream while the caller is slow. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** Asks the same candidate further. A reply that has not ended yet is given up, of which its reader is told. */
  readonly ask: (further: FurtherCall) => void;
  /** The attempt is over. Further events are ignored. */
  readonly finish: (outcome: Omit<AttemptOutcome, 'ms' | 'firstContentMs'>) => void;
  /** What closes the stream, when this attempt ends it having used so much. */
  readonly closing: (usage: Usage | null, seenTokens: number) => Closing;
}

export type ReplyReader = UpstreamListener;

export interface Operation {
  readonly name: ModelKind;
  readonly requestId: string;
  /** The person on whose behalf it is; absent: nobody shares with others. */
  readonly askerId?: string;
  /** Index of the candidate that answered the turn before; absent: none is known. */
  readonly incumbent?: number | undefined;
  /** Content comes piece by piece; else all at once, when the answer is complete. */
  readonly streamed: boolean;
  readonly selector: Selector;
  readonly profile: RequestProfile;
  readonly policy: Policy;
  /** What bounds whoever asks; absent or null when nothing but the installation's budget does. */
  readonly admission?: Admission | null;
  /** How an answer that breaks off goes on elsewhere. */
  readonly rescue: Rescue;
  /** When everything must be over, ms since the epoch. */
  readonly deadlineAtMs: number;
  /** The call to candidate `index`. `stripped` names optional fields that this provider and model refuse. */
  prepare(index: number, stripped: readonly string[]): OutgoingCall;
  /** Fields of the caller's request that candidate `index` was not told; absent: none ever are. */
  readonly dropped?: (index: number) => readonly string[];
  /** What was put right of the call to candidate `index`, and of its answer so far; absent: nothing ever is. */
  readonly mended?: (index: number) => readonly string[];
  /** A reader for one reply of candidate `index`. */
  read(index: number, context: ReaderContext): ReplyReader;
}
