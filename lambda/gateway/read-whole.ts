// Reads a reply that comes in one piece, for a caller who asked for one: passes it on as it stands, or told in the caller's wire.
import type { ProviderFailure } from '#shared/failures.ts';
import type { ReplyHead } from '../wire/types.ts';
import type { BodyReader, ChatReading, Reading } from './read-chat.ts';

/** The largest reply that is kept in memory. */
const MAX_REPLY_BYTES = 64 * 1024 * 1024;

const failed = (failure: ProviderFailure): Reading => ({ failure, committed: false, usage: null, seenTokens: 0 });

/** Gathers a body, up to a bound. */
export interface WholeBody {
  add(chunk: Uint8Array): void;
  /** All of it; null when it was more than is kept. */
  bytes(): Buffer | null;
}

/** An empty body. */
export function createWholeBody(): WholeBody {
  const chunks: Uint8Array[] = [];
  let size = 0;
  return {
    add: (chunk) => {
      size += chunk.length;
      if (size <= MAX_REPLY_BYTES) chunks.push(chunk);
    },
    bytes: () => {
      if (size > MAX_REPLY_BYTES) return null;
      const [only] = chunks;
      return chunks.length === 1 && only
        ? Buffer.from(only.buffer, only.byteOffset, only.byteLength)
        : Buffer.concat(chunks);
    },
  };
}

/** What is said of a reply that was not kept. */
export const tooLarge: ProviderFailure = {
  kind: 'bad_reply',
  message: `the reply is larger than ${MAX_REPLY_BYTES} bytes`,
};

/** What Freeway tells beside a whole answer; its receipt stands in the headers. */
export function toNote({ dropped, mended }: ChatReading): Readonly<Record<string, readonly string[]>> | undefined {
  if (dropped.length === 0 && mended.length === 0) return undefined;
  return { ...(dropped.length === 0 ? {} : { dropped }), ...(mended.length === 0 ? {} : { mended }) };
}

/** Not every format names its answers, tells who gave them, or when. */
export function toNamed<T extends ReplyHead>(head: T, { context, model }: Pick<ChatReading, 'context' | 'model'>): T {
  if (head.created > 0 && head.id !== '' && head.model !== '') return head;
  const nowMs = context.nowMs();
  return {
    ...head,
    id: head.id === '' ? `gen-${nowMs.toString(36)}` : head.id,
    model: head.model === '' ? model : head.model,
    created: head.created > 0 ? head.created : Math.floor(nowMs / 1000),
  };
}

/** A body reader for whole replies. */
export function createWholeReader(reading: ChatReading): BodyReader {
  const { question, wire, callerWire, dialect, context } = reading;
  const body = createWholeBody();
  return {
    data: body.add,
    end: (failure) => {
      if (failure) return failed(failure);
      const bytes = body.bytes();
      if (bytes === null) return failed(tooLarge);
      const text = bytes.toString('utf8');
      const parsed = wire.parseReply(text, { dialect, nowMs: context.nowMs() });
      if (parsed.failure) return failed(parsed.failure);
      const { usage, normalise, contentLength, finish } = parsed.facts;
      let out: Uint8Array | string = normalise === null ? bytes : normalise();
      if (wire !== callerWire) {
        const answer = wire.toAnswer(text);
        if (answer === null) return failed({ kind: 'bad_reply', message: 'the reply holds no answer' });
        out = callerWire.renderReply(toNamed(answer, reading), question, toNote(reading));
      }
      context.commit('application/json', usage).end(out);
      return { failure: null, committed: true, usage, seenTokens: Math.ceil(contentLength / 4), finish };
    },
  };
}
