// Reads a reply that comes in one piece, and passes it on as it stands once it is known to be an answer.
import type { ProviderFailure } from '#shared/failures.ts';
import type { BodyReader, ChatReading, Reading } from './read-chat.ts';

/** The largest reply that is kept in memory. */
const MAX_REPLY_BYTES = 64 * 1024 * 1024;

const failed = (failure: ProviderFailure): Reading => ({ failure, committed: false, usage: null, seenTokens: 0 });

/** A body reader for whole replies. A caller who asked for a stream gets the answer as one. */
export function createWholeReader({ question, wire, dialect, context }: ChatReading): BodyReader {
  const chunks: Uint8Array[] = [];
  let size = 0;
  return {
    data: (chunk) => {
      size += chunk.length;
      if (size <= MAX_REPLY_BYTES) chunks.push(chunk);
    },
    end: (failure) => {
      if (failure) return failed(failure);
      if (size > MAX_REPLY_BYTES)
        return failed({ kind: 'bad_reply', message: `the reply is larger than ${MAX_REPLY_BYTES} bytes` });
      const bytes = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
      const parsed = wire.parseReply(text, { dialect, nowMs: context.nowMs() });
      if (parsed.failure) return failed(parsed.failure);
      const { facts } = parsed;
      if (question.stream) {
        const answer = wire.toAnswer(text);
        if (answer === null) return failed({ kind: 'bad_reply', message: 'the reply holds no answer' });
        const body = context.commit('text/event-stream; charset=utf-8', facts.usage);
        const frames = wire.splitReply({ ...answer, usage: facts.usage }, question.includeUsage);
        const field = context.closing(facts.usage, 0).freeway;
        body.end(
          frames
            .map((frame, index) =>
              isUsageFrame(index, frames, question.includeUsage) ? withReceipt(frame, wire, field) : frame,
            )
            .join(''),
        );
      } else {
        context.commit('application/json', facts.usage).end(facts.irregular ? wire.normaliseReply(text) : bytes);
      }
      return { failure: null, committed: true, usage: facts.usage, seenTokens: Math.ceil(facts.contentLength / 4) };
    },
  };
}

/** The usage chunk is the last before the closing mark. */
const isUsageFrame = (index: number, frames: readonly string[], asked: boolean): boolean =>
  asked && index === frames.length - 2;

function withReceipt(frame: string, wire: ChatReading['wire'], field: unknown): string {
  const data = frame.slice('data: '.length).trimEnd();
  return `data: ${wire.addFreewayField(data, field)}\n\n`;
}
