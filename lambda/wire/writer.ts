// How one stream is written for a caller, in any format.
import type { CallerError } from '#shared/failures.ts';
import type { Usage } from '#shared/usage.ts';
import type { Finish, ReplyHead, SseFrame } from './types.ts';

/** What closes a stream: the use of all attempts together, and the field `freeway`. */
export interface Closing {
  readonly usage: Usage | null;
  readonly freeway: Readonly<Record<string, unknown>>;
}

/**
 * A fold that writes one stream: `start` once, then pieces, then exactly one of `finish`, `closeAfter` and `fail`. Each answers complete
 * SSE frames, or nothing. `head` is that of the answer; its model changes when another candidate goes on.
 *
 * Frames of the same wire may be passed on as they stand instead, beginning with the first; `passed` is told of each, so that the writer
 * can go on behind them. It is null where frames stand alone.
 */
export interface StreamWriter {
  start(head: ReplyHead): string;
  text(head: ReplyHead, delta: StreamDelta): string;
  tool(head: ReplyHead, tool: StreamTool): string;
  /** Calls go out with the end, so that nobody has seen anything of one before; absent: they go out as they come. */
  readonly holdsCalls?: true;
  /** The end of the answer: why, the usage, the closing mark. */
  finish(head: ReplyHead, finish: Finish, closing: Closing): string;
  readonly passed: ((frame: SseFrame) => void) | null;
  /** The end of an answer whose frames were passed on. `frame` is the provider's closing mark, which was held back; null when it sent none. */
  closeAfter(frame: SseFrame | null, head: ReplyHead, closing: Closing): string;
  /** The last word of a stream that breaks off. Official clients throw on it. */
  fail(error: CallerError, requestId: string, nowMs: number): string;
}

/** One piece of text of a streamed answer. */
export interface StreamDelta {
  readonly kind: 'content' | 'reasoning' | 'refusal';
  readonly text: string;
}

/** One piece of a tool call; `id`, `name` and `signature` come with its first piece. */
export interface StreamTool {
  readonly index: number;
  readonly id?: string;
  readonly name?: string;
  readonly signature?: string;
  readonly arguments: string;
}
