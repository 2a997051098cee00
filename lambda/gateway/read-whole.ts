// Reads a reply that comes in one piece, for a caller who asked for one: passes it on as it stands, or told in the caller's wire.
import type { ProviderFailure } from '#shared/failures.ts';
import type { ParsedReply, ReplyFacts, ReplyHead } from '../wire/types.ts';
import type { BodyReader, ChatReading, Reading } from './read-chat.ts';

/** The largest reply that is kept in memory. */
export const MAX_REPLY_BYTES = 64 * 1024 * 1024;

/** A fault's body is read up to here. */
export const MAX_FAULT_BYTES = 65_536;

const failed = (failure: ProviderFailure): Reading => ({ failure, committed: false, usage: null, seenTokens: 0 });

/** Gathers a body, up to a bound. */
export interface WholeBody {
  /** false: it is more than is kept by now, and the rest is of no use. */
  add(chunk: Uint8Array): boolean;
  /** All of it; null when it was more than is kept. */
  bytes(): Buffer | null;
}

/** An empty body, of which at most so many bytes are kept. */
export function createWholeBody(maxBytes = MAX_REPLY_BYTES): WholeBody {
  const chunks: Uint8Array[] = [];
  let size = 0;
  return {
    add: (chunk) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else chunks.length = 0;
      return size <= maxBytes;
    },
    bytes: () => {
      if (size > maxBytes) return null;
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

/** Whether a whole reply is told: as an answer, or as the refusal it is. */
export const isTold = ({ failure }: Pick<ParsedReply, 'failure'>, { tellsRefusals }: ChatReading): boolean =>
  failure === null || (tellsRefusals && failure.kind === 'content_filtered' && failure.status === 200);

/** What is said of a reply that can't be told. */
export const noAnswer: ProviderFailure = { kind: 'bad_reply', message: 'the reply holds no answer' };

/** A body reader for whole replies. */
export function createWholeReader(reading: ChatReading): BodyReader {
  const { question, wire, callerWire, dialect, context } = reading;
  const body = createWholeBody();
  const tell = (
    out: Uint8Array | string,
    { usage, finish }: Pick<ReplyFacts, 'usage' | 'finish'>,
    length: number,
  ): Reading => {
    context.commit('application/json', usage).end(out);
    return { failure: null, committed: true, usage, seenTokens: Math.ceil(length / 4), finish };
  };
  return {
    data: (chunk) => {
      if (!body.add(chunk)) reading.over();
    },
    end: (failure) => {
      if (failure) return failed(failure);
      const bytes = body.bytes();
      if (bytes === null) return failed(tooLarge);
      const text = bytes.toString('utf8');
      const parsed = wire.parseReply(text, { dialect, nowMs: context.nowMs() });
      const { facts } = parsed;
      const isOwn = wire === callerWire;
      if (facts !== null && isOwn) return tell(facts.normalise?.() ?? bytes, facts, facts.contentLength);
      const answer = isTold(parsed, reading) ? wire.toAnswer(text) : null;
      // Nonsense may have been charged like an answer.
      if (answer === null) return { ...failed(parsed.failure ?? noAnswer), usage: wire.toAnswer(text)?.usage ?? null };
      const out = isOwn ? bytes : callerWire.renderReply(toNamed(answer, reading), question, toNote(reading));
      return tell(out, facts ?? answer, facts?.contentLength ?? 0);
    },
  };
}
