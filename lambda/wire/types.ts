// What a wire codec is: pure conversions between bytes of one format and our words, in both directions.
import type { DialectId, Quirk } from '#shared/catalog.ts';
import type { CallerError, ProviderFailure } from '#shared/failures.ts';
import type { Usage } from '#shared/usage.ts';

/** A chat request as far as routing must understand it. `body` is the caller's own JSON, unknown fields and all. */
export interface ChatQuestion {
  /** The model the caller asked for. */
  readonly model: string;
  /** Fallback models in the caller's order (OpenRouter's `models`). */
  readonly models: readonly string[];
  readonly stream: boolean;
  /** Whether the caller wants a usage chunk at the end of the stream. */
  readonly includeUsage: boolean;
  readonly needs: {
    readonly tools: boolean;
    readonly vision: boolean;
    readonly json: boolean;
    readonly reasoning: boolean;
    readonly audio: boolean;
    readonly documents: boolean;
  };
  /** Bound on the reply given by the caller, tokens. */
  readonly maxOutputTokens: number | null;
  /** Pieces of text that will be tokenised, in order, by reference (no copies). */
  readonly texts: readonly TextPiece[];
  /** Images with their detail, for the token estimate. */
  readonly images: readonly { readonly detail: 'low' | 'high' | 'auto' }[];
  /** Number of tools offered. */
  readonly toolCount: number;
  /** The `freeway` body field, unchecked; null when absent. */
  readonly controls: unknown;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface TextPiece {
  readonly role: 'system' | 'user' | 'assistant' | 'tool' | 'tools';
  readonly text: string;
}

/** Where a request goes: what the codec needs to know of provider and model to write it. */
export interface RequestTarget {
  readonly model: string;
  readonly quirks: readonly Quirk[];
  /** Fields learned to be refused by this provider and model. */
  readonly stripped: readonly string[];
  /** Ask for a usage chunk even if the caller did not. */
  readonly wantUsage: boolean;
}

/** Why a reply ended, in one vocabulary; `raw` is the provider's own word. */
export type Finish = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'error' | 'other';

/** A whole reply as far as the gateway must understand it. */
export interface ReplyFacts {
  readonly usage: Usage | null;
  readonly finish: Finish | null;
  /** The model the provider says it used. */
  readonly model: string | null;
  /** Characters of visible content, refusal, reasoning and tool arguments; 0 means an empty answer. */
  readonly contentLength: number;
  readonly toolCalls: number;
}

/** What one SSE frame of a stream means. Several may be true at once. */
export interface FrameFacts {
  /** First visible content, reasoning, refusal or tool call seen in this frame. */
  readonly content: boolean;
  readonly toolCall: boolean;
  readonly finish: Finish | null;
  readonly usage: Usage | null;
  /** Frame carries nothing but usage (no choices). */
  readonly usageOnly: boolean;
  /** The stream's closing mark. */
  readonly done: boolean;
  readonly failure: ProviderFailure | null;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Body as text, bounded. */
  readonly body: string;
}

/** Reads limits and faults the way one provider family reports them. Pure. */
export interface Dialect {
  readonly id: DialectId;
  /** Limits told by headers of any reply; absent is unknown, never 0. */
  parseLimits(reply: HttpReply, nowMs: number): readonly ObservedLimit[];
  parseFailure(reply: HttpReply, nowMs: number): ProviderFailure;
}

/** One limit as a provider reported it. `periodSeconds` null means not a fixed length (month). */
export interface ObservedLimit {
  readonly unit: 'requests' | 'tokens' | 'input_tokens' | 'output_tokens' | 'audio_seconds';
  readonly period: 'second' | 'minute' | 'hour' | 'day' | 'month' | 'unknown';
  readonly limit: number | null;
  readonly remaining: number | null;
  /** When it is full again, ms since the epoch. */
  readonly resetAtMs: number | null;
  readonly from: 'header' | 'body';
}

/** Renders an error in the caller's format: JSON body for a reply, or one SSE frame inside a stream. */
export interface ErrorRenderer {
  renderError(error: CallerError, requestId: string): string;
  renderStreamError(error: CallerError, requestId: string): string;
}
