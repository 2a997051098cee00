// What a wire codec is: pure conversions between bytes of one format and our words, in both directions.
import type { DialectId, WireId } from '#shared/catalog.ts';
import type { Quirk } from '#shared/quirks.ts';
import type { CallerError, ProviderFailure } from '#shared/failures.ts';
import type { Usage } from '#shared/usage.ts';
import type { Framing } from './frames.ts';
import type { bendSchemas } from './mend/schemas.ts';
import type { Field, Part } from './splice.ts';
import type { ChatSteps } from './steps.ts';
import type { StreamWriter } from './writer.ts';

/** A format in which a question is asked: that of a wire, or one that only callers speak. */
export type FormatId = WireId | 'openai-completions';

/**
 * A chat request as far as routing must understand it. `body` is the caller's own JSON, unknown fields and all: providers of the
 * same wire get it as it stands. For all others a request is written from `pivot`.
 */
export interface ChatQuestion {
  /** The format the caller speaks. */
  readonly wire: FormatId;
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
  /** The question as a body of the OpenAI chat format; of callers who speak it, `body` itself. */
  readonly pivot: Readonly<Record<string, unknown>>;
  /** The pivot with the caller's marks of what is worth keeping in a prompt cache (`cache_control`), for those who take them; absent: it has none. */
  readonly marked?: () => Readonly<Record<string, unknown>>;
  /** Absent: it said nothing in words of other routers. */
  readonly foreign?: ForeignFields;
  /** Fields of `body` that the pivot can't carry and an answer can do without, in dotted form. */
  readonly dropped: readonly string[];
  /** Fields of `body` that only providers of the same wire can take and no answer makes sense without; others are not asked. */
  readonly bound: readonly string[];
}

/** What the body said in words of other routers, whose fields are gone from it. */
export interface ForeignFields {
  /** The body as providers who are routers themselves are told it: with the fields that they take. */
  readonly toRouted: (body: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
  /** What only they heed, and what nobody does, as fields of the body in dotted form. */
  readonly routers: readonly string[];
  readonly nobody: readonly string[];
  /** What the caller's own format has no words for; others are told of it. */
  readonly unsaid: readonly string[];
}

export interface TextPiece {
  readonly role: 'system' | 'user' | 'assistant' | 'tool' | 'tools';
  readonly text: string;
}

/** Where a request goes: what the codec needs to know of provider and model to write it. */
export interface RequestTarget {
  readonly model: string;
  readonly quirks: readonly Quirk[];
  /** Fields learned to be refused by this provider and model, as `ProviderFailure.field` names them. */
  readonly stripped: readonly string[];
  /** Ask for a usage chunk even if the caller did not. */
  readonly wantUsage: boolean;
  /** The most the model writes, tokens; for wires that demand a bound. null when unknown. */
  readonly maxOutputTokens: number | null;
  /** Puts schemas of a body in other words, for targets whose quirks (`schemas`) ask for that; absent: none does. */
  readonly bendSchemas?: typeof bendSchemas;
}

/** A request as it is sent, and what of the caller's it leaves out. */
export interface RenderedRequest {
  readonly text: string;
  /** The same request as edits of the caller's own text, whose fields were given; absent: it is all new. */
  readonly parts?: readonly Part[];
  /** Fields that this wire can't carry, in dotted form of the pivot; empty for questions of the same wire. */
  readonly dropped: readonly string[];
  /** What of the question's own `dropped` it tells all the same; absent: nothing. */
  readonly told?: readonly string[];
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
  /** The text in the shape official clients read; null when it has it already. */
  readonly normalise: (() => string) | null;
}

/** What a codec needs to judge a fault found inside a reply. */
export interface ReplyContext {
  readonly dialect: Dialect;
  readonly nowMs: number;
}

/** A whole reply: either understood, or a fault (an error object under status 200 is one, an empty answer too). */
export type ParsedReply =
  | { readonly facts: ReplyFacts; readonly failure: null }
  | { readonly facts: null; readonly failure: ProviderFailure };

/** One server-sent event. `raw` is its exact text, `data` the joined data lines; null when there are none (comments). */
export interface SseFrame {
  readonly raw: string;
  readonly event: string | null;
  readonly data: string | null;
}

/** What names a reply; the same in every chunk of a stream. `created` in seconds since the epoch. */
export interface ReplyHead {
  readonly id: string;
  readonly model: string;
  readonly created: number;
}

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON text, as the model wrote it. */
  readonly arguments: string;
  /** What the provider signed it with, and wants to see again beside it. */
  readonly signature?: string;
}

/** An answer in our own words: what streams are collected into and replies are written from. */
export interface Answer extends ReplyHead {
  readonly content: string;
  readonly reasoning: string;
  readonly refusal: string;
  readonly toolCalls: readonly ToolCall[];
  /** Null when the answer was cut before it ended. */
  readonly finish: Finish | null;
  readonly usage: Usage | null;
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
  /** The data is not JSON: leave the frame out and read on. */
  readonly malformed: boolean;
  /** The frame in the shape official clients read; null when it has it already. */
  readonly normalise: (() => string) | null;
  /** The names every chunk repeats; null when the frame does not carry them. */
  readonly head: ReplyHead | null;
  /** The text the frame adds; null when it adds none. */
  readonly text: FrameText | null;
  readonly calls: readonly FrameCall[];
  /** The frame adds content that can't be told as text or tool calls (audio). */
  readonly opaque: boolean;
  readonly failure: ProviderFailure | null;
}

/** The text one frame adds to an answer; empty where it adds none. */
export interface FrameText {
  readonly content: string;
  readonly reasoning: string;
  readonly refusal: string;
}

/** What one frame adds to a tool call. Absent members are null. */
export interface FrameCall {
  readonly index: number;
  readonly id: string | null;
  readonly name: string | null;
  readonly arguments: string;
  /** As of a whole call; comes with its first piece. */
  readonly signature?: string;
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

/** Renders an error in the caller's format. `nowMs` dates `earliest_reset`. */
export interface ErrorRenderer {
  /** The header in which official clients of this format look for a request's id; absent: they look in none. */
  readonly idHeader?: string;
  renderError(error: CallerError, requestId: string, nowMs: number): string;
}

/** Reads one format as an upstream provider sends it. */
export interface ReplyReader {
  parseReply(text: string, context: ReplyContext): ParsedReply;
  /** A whole reply as an answer; null when it is none. */
  toAnswer(text: string): Answer | null;
  /** Begins to read one stream. */
  openReader(): StreamReader;
}

/**
 * A fold over the frames of one stream, which it must be given in order and without gaps. Usage is told as far as it is known by then
 * (later facts replace earlier ones), and tool calls are numbered from 0 without holes.
 */
export interface StreamReader {
  read(frame: SseFrame, context: ReplyContext): FrameFacts;
}

/** Writes one format as a caller expects it. */
export interface ReplyWriter {
  /** A whole reply. `freeway` is added under that name when it is given. */
  renderReply(answer: Answer, question: ChatQuestion, freeway?: Readonly<Record<string, unknown>>): string;
  /** Begins to write one stream. */
  openWriter(question: ChatQuestion): StreamWriter;
}

/** How a question is put again so that an answer which broke off goes on. */
export interface Continuation {
  /** Added behind the caller's messages. An assistant message behind one of the caller's own goes on with it. */
  readonly messages: readonly { readonly role: 'assistant' | 'user'; readonly content: string }[];
  /** Tokens already written, which are taken off the caller's bound. */
  readonly writtenTokens: number;
}

/** A chat format as providers are asked in it. Pure; every method may be passed around alone. */
export interface UpstreamWire extends ReplyReader {
  readonly id: WireId;
  /** Headers of the caller that belong to its request, and go to providers of the same wire. Lower case. */
  readonly callerHeaders?: readonly string[];
  /** How its streams are cut; absent: they are server-sent events. */
  readonly framing?: Framing;
  /** Begins the way to one answer, where that takes several calls; absent: it takes one. */
  readonly openSteps?: () => ChatSteps;
  /** What of a question in another format this one has no place for, although no answer makes sense without it, as a field of the pivot; null: nothing. Absent: it takes all that OpenAI's chat format has words for. */
  readonly lacks?: (question: ChatQuestion) => string | null;
  /** Path of a call behind the base URL, where the provider's data name none. */
  requestPath(question: ChatQuestion, target: RequestTarget): string;
  /** From the caller's own body where it speaks the same wire, else from the pivot. `fields` are those of the caller's own JSON text; null when it must not be used. */
  renderRequest(question: ChatQuestion, fields: readonly Field[] | null, target: RequestTarget): RenderedRequest;
  /** Constant headers the provider's quirks demand. */
  requiredHeaders(target: RequestTarget): Readonly<Record<string, string>>;
}

/** A format in which some models are asked as callers ask. */
export interface DirectWire extends UpstreamWire {
  /** Whether it is worth asking this question so. */
  readonly takes: (question: ChatQuestion) => boolean;
}

/** A chat format in both directions: callers may ask in it, too. */
export interface ChatWire extends UpstreamWire, ReplyWriter, ErrorRenderer {
  /** An answer without a word that a filter held back is an answer here, with an end of its own; absent: callers expect an error. */
  readonly tellsRefusals?: true;
  /** How models are asked that take this very format beside chats (`fim` in the catalog); absent: none do. */
  readonly direct?: DirectWire;
  /** Throws CallerError `invalid_request` naming the field at fault. */
  parseQuestion(json: unknown): ChatQuestion;
}
