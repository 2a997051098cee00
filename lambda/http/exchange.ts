// One request and its reply, as every entry (node:http, Lambda events) hands it to the app: plain strings and bytes.
import type { Headers, ReplyBody } from '../ports.ts';

export type { ReplyBody } from '../ports.ts';

export interface Exchange {
  readonly method: string;
  /** Path without the query, percent-decoding left to the route. */
  readonly path: string;
  /** Query string without `?`; empty when there is none. */
  readonly query: string;
  readonly headers: Headers;
  readonly remoteAddress: string | null;
  /** When the runtime will stop us, ms since the epoch; null when it never does. */
  readonly deadlineAtMs: number | null;
  /** Reads the whole body. Rejects with CallerError `too_large` past `limitBytes`, before more than that was kept. */
  body(limitBytes: number): Promise<Uint8Array>;
  /** Called at most once, when the caller hangs up before the reply has ended (where the runtime shows it). */
  onGone(listener: () => void): void;
  /** Sends status and headers. Once. */
  reply(status: number, headers: Headers): ReplyBody;
}

/** What every entry calls. Resolves when the reply has ended and everything that must follow it (settlement) is done; never rejects. */
export type Handler = (exchange: Exchange) => Promise<void>;
