// The words of the simulated provider: what it serves, what it limits, what it is asked and what it answers.
import type { Hearing } from './audio.ts';
import type { DialectId } from '#shared/catalog.ts';
import type { Fault } from './faults.ts';

/** How the text of an answer is made. `canonical` is one fixed text of 60 words; `echo` repeats the prompt; `lorem` fills the bound. */
export type AnswerMode = 'canonical' | 'echo' | 'lorem' | ((prompt: string) => string);

export interface FakeModel {
  readonly id: string;
  readonly kind?: 'chat' | 'embedding' | 'transcription';
  /** Time to the first token, ms; default 100. */
  readonly ttftMs?: number;
  /** Default 100. */
  readonly tokensPerSecond?: number;
  /** Relative spread of both, 0..1; default 0 (exact). */
  readonly jitter?: number;
  /** Tokens; default 8,192. */
  readonly maxOutput?: number;
  /** Prompt plus output, tokens; default 131,072. */
  readonly context?: number;
  /** Default: the provider's. */
  readonly answer?: AnswerMode;
  /** What it does with a last message of role assistant; default `continues`. */
  readonly prefill?: 'continues' | 'restarts' | 'rejects';
  /** Thinks before it answers when asked to (`reasoning_effort`). */
  readonly reasoning?: boolean;
  /** Request fields it answers with 400, naming them. */
  readonly rejectsFields?: readonly string[];
  /** `wanted`: signs its calls, and refuses turns that come back without. `refused`: answers whatever signs calls or thoughts with 400. Default: neither. */
  readonly signatures?: 'wanted' | 'refused';
  /** Larger or longer uploads are answered with 413. */
  readonly maxUploadBytes?: number;
  readonly maxUploadSeconds?: number;
  /** Applied to every request of this model. */
  readonly fault?: Fault | string;
}

/**
 * How the provider itself counts.
 * - `fixed`: windows of `seconds` aligned to the epoch (fixed minute). `sliding`: exact log of the last `seconds`.
 * - `refill`: token bucket of capacity `max`, refilled over `seconds`. `calendar`: day or month of `zone`.
 * - `held`: taken while a request runs (use with unit `concurrent`).
 */
export type LimitClock =
  | { readonly kind: 'fixed'; readonly seconds: number }
  | { readonly kind: 'sliding'; readonly seconds: number }
  | { readonly kind: 'refill'; readonly seconds: number }
  | { readonly kind: 'calendar'; readonly every: 'day' | 'month'; readonly zone: string }
  | { readonly kind: 'held' };

export type LimitUnit = 'requests' | 'tokens' | 'input_tokens' | 'audio_seconds' | 'concurrent';

export interface FakeLimit {
  /** Model ids, or patterns with `*`. */
  readonly models: readonly string[];
  /** True: each matching model has its own count (Groq, Gemini). Default: they share one (OpenRouter). */
  readonly perModel?: boolean;
  /** Who shares the count; default `key`. */
  readonly scope?: 'key' | 'account';
  readonly unit: LimitUnit;
  readonly max: number;
  readonly clock: LimitClock;
}

/** A fault that strikes by chance, by time of day, or both. */
export interface Chaos {
  readonly fault: Fault | string;
  /** Share of the requests it strikes; default 1. */
  readonly share?: number;
  /** Strikes only during the first `forMs` of every `everyMs`, counted from the provider's start plus `offsetMs`. */
  readonly schedule?: { readonly everyMs: number; readonly forMs: number; readonly offsetMs?: number };
  /** Models it strikes (ids or patterns); default all. */
  readonly models?: readonly string[];
}

/** Use of a key by somebody else. */
export interface ForeignUse {
  readonly key: string;
  readonly model: string;
  readonly requests: number;
  readonly tokens: number;
}

export interface FakeProviderSpec {
  readonly name: string;
  /** Which headers and error bodies it answers with; default `openai`. */
  readonly dialect?: DialectId;
  readonly models: readonly FakeModel[];
  readonly limits?: readonly FakeLimit[];
  /** Keys it accepts; absent accepts any, and none. */
  readonly keys?: readonly string[];
  /** Token limits are charged prompt plus max_tokens (or this many when the request has none) on entry, and corrected afterwards. */
  readonly countsMaxTokens?: boolean | { readonly whenAbsent: number };
  /** Calls it answers with an error of its own keep their charge; default false. */
  readonly countsFailed?: boolean;
  /** Even refused calls (429) are charged as requests; default false. */
  readonly countsRefused?: boolean;
  /** Asked before every admission for what others used between the two moments. */
  readonly foreignTraffic?: (fromMs: number, toMs: number) => readonly ForeignUse[];
  readonly chaos?: readonly Chaos[];
  readonly answer?: AnswerMode;
  /** Put before every answer, for example "(simulated) ". */
  readonly preface?: string;
  /** Words that every transcript is made of, in turn; default numbered words. */
  readonly speech?: readonly string[];
  /** What is heard in an upload, instead. */
  readonly hear?: Hearing['hear'];
  /** Words in one streamed chunk; default 1. More makes long simulations cheap. */
  readonly wordsPerChunk?: number;
  /** Seed of jitter and chaos; default 1. */
  readonly seed?: number;
  /** How many events to keep for `maxInAnyWindow`; default 0 (none). */
  readonly keepEvents?: number;
  /** How many requests to keep for `received()`; default 0. */
  readonly keepRequests?: number;
}

export interface FakeRequest {
  readonly method: string;
  /** With or without query; any prefix before the operation is ignored. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string | null;
}

/** One piece of the body, sent `delayMs` after the one before it (or after the head). */
export interface PlanChunk {
  readonly delayMs: number;
  readonly bytes: Uint8Array;
}

/** How a reply was left: played to its end, broken by the provider, or given up by the caller. */
export type PlanOutcome = 'ended' | 'broken' | 'abandoned';

/** What to play to the caller. Who plays it must call `close` exactly once, also when the caller hangs up. */
export interface ReplyPlan {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Chunks are plain; who plays them over a socket compresses them. */
  readonly encoding: 'identity' | 'gzip';
  /** From the request to the head; or, when `head` is not `sent`, to the reset. */
  readonly headDelayMs: number;
  readonly head: 'sent' | 'reset' | 'silent';
  readonly chunks: readonly PlanChunk[];
  /** After the last chunk: end properly, reset the connection, or keep it open for ever. */
  readonly end: 'end' | 'reset' | 'stall';
  readonly endDelayMs: number;
  close(outcome: PlanOutcome): void;
}
