// Reads a streamed reply for a caller who asked for a whole one: collects it and writes it as one answer.
import type { ProviderFailure } from '#shared/failures.ts';
import { createSse, endSse, feedSse } from '../wire/sse.ts';
import type { SseFrame } from '../wire/types.ts';
import type { BodyReader, ChatReading, Reading } from './read-chat.ts';

const failed = (failure: ProviderFailure): Reading => ({ failure, committed: false, usage: null, seenTokens: 0 });

/** A body reader that turns a stream into a whole reply. */
export function createCollectReader({ wire, dialect, context }: ChatReading): BodyReader {
  const decoder = new TextDecoder();
  const frames: SseFrame[] = [];
  let sse = createSse();
  let fault: ProviderFailure | null = null;
  const feed = (text: string): void => {
    const step = feedSse(sse, text);
    sse = step.state;
    fault ??= step.failure;
    for (const frame of step.frames) take(frame);
  };
  const take = (frame: SseFrame): void => {
    frames.push(frame);
    const facts = wire.inspectFrame(frame, { dialect, nowMs: context.nowMs() });
    fault ??= facts.failure;
    if (facts.content) context.progress();
  };
  return {
    data: (chunk) => feed(decoder.decode(chunk, { stream: true })),
    end: (broke) => {
      feed(decoder.decode());
      for (const frame of endSse(sse)) take(frame);
      const answer = wire.collectStream(frames);
      if (fault) return failed(fault);
      if (answer.finish === null)
        return failed(broke ?? { kind: 'network', message: 'the stream ended before the answer did' });
      const text = wire.renderReply(answer);
      const parsed = wire.parseReply(text, { dialect, nowMs: context.nowMs() });
      if (parsed.failure) return failed(parsed.failure);
      context.commit('application/json', answer.usage).end(text);
      return { failure: null, committed: true, usage: answer.usage, seenTokens: frames.length };
    },
  };
}
