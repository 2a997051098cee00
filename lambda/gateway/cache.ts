// Keeps whole replies for callers who ask for it: each for its own asker, for a while, and no more than fits.
import { createHash } from 'node:crypto';
import type { UsageRecord } from '#shared/api/usage.ts';
import type { Headers } from '../ports.ts';

/** A reply as it went out, and what was written down of it. */
export interface KeptReply {
  readonly status: number;
  readonly headers: Headers;
  readonly chunks: readonly Uint8Array[];
  readonly record: UsageRecord;
}

export interface ReplyCache {
  /** null when there is none, or it is too old. */
  get(key: string, nowMs: number): KeptReply | null;
  /** Kept until `untilMs`, unless it is too large, or others need the room. */
  put(key: string, reply: KeptReply, untilMs: number): void;
}

/** All replies together. */
const MAX_BYTES = 32 * 1024 * 1024;
/** The largest reply that is kept. */
export const MAX_REPLY_BYTES = 1024 * 1024;
/** What an entry takes beside its bytes. */
const ENTRY_BYTES = 2_048;

interface Entry {
  readonly reply: KeptReply;
  readonly bytes: number;
  readonly untilMs: number;
}

const sizeOf = ({ chunks }: KeptReply): number => chunks.reduce((sum, { length }) => sum + length, ENTRY_BYTES);

/** An empty cache; what was used longest ago makes room first. */
export function createReplyCache(maxBytes = MAX_BYTES): ReplyCache {
  const entries = new Map<string, Entry>();
  let total = 0;
  const drop = (key: string): void => {
    total -= entries.get(key)?.bytes ?? 0;
    entries.delete(key);
  };
  return {
    get: (key, nowMs) => {
      const entry = entries.get(key);
      if (entry === undefined) return null;
      drop(key);
      if (entry.untilMs <= nowMs) return null;
      entries.set(key, entry);
      total += entry.bytes;
      return entry.reply;
    },
    put: (key, reply, untilMs) => {
      const bytes = sizeOf(reply);
      if (bytes > Math.min(maxBytes, MAX_REPLY_BYTES + ENTRY_BYTES)) return;
      drop(key);
      entries.set(key, { reply, bytes, untilMs });
      total += bytes;
      for (const oldest of entries.keys()) {
        if (total <= maxBytes) break;
        drop(oldest);
      }
    },
  };
}

/** Headers that change what is answered. */
const TELLING = /^(?:x-freeway-|anthropic-|openai-|accept$|content-type$)/;

export interface CachedRequest {
  /** Who asks: the person and, if with one, the API key. */
  readonly asker: readonly string[];
  /** Path and query. */
  readonly target: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** Equal for equal requests of one asker, and for nothing else. */
export function toCacheKey({ asker, target, headers, body }: CachedRequest): string {
  const telling = Object.entries(headers)
    .filter(([name]) => TELLING.test(name))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([asker, target, telling]))
    .update(body)
    .digest('base64url');
}
