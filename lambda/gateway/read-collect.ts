// Reads a streamed reply for a caller who asked for a whole one: collects it and writes it as one answer.
import type { ProviderFailure } from '#shared/failures.ts';
import { createSse, endSse, feedSse } from '../wire/sse.ts';
import type { SseFrame } from '../wire/types.ts';
import type { BodyReader, ChatReading, Reading } from './read-chat.ts';

const failed = (failure: ProviderFailure): Reading => ({ failure, committed: false, usage: null, seenTokens: 0 });

/** The frames as one whole answer, which goes out. */
function answerWhole(
  { wire, dialect, context }: ChatReading,
  frames: readonly SseFrame[],
  broke: ProviderFailure | null,
): Reading {
  const answer = wire.collectStream(frames);
  if (answer.finish === null)
    return failed(broke ?? { kind: 'network', message: 'the stream ended before the answer did' });
  const text = wire.renderReply(answer);
  const parsed = wire.parseReply(text, { dialect, nowMs: context.nowMs() });
  if (parsed.failure) return failed(parsed.failure);
  context.commit('application/json', answer.usage).end(text);
  return { failure: null, committed: true, usage: answer.usage, seenTokens: frames.length };
}

/** A body reader that turns a stream into a whole reply. */
export function createCollectReader(reading: ChatReading): BodyReader {
  const { wire, dialect, context } = reading;
  const decoder = new TextDecoder();
  const frames: SseFrame[] = [];
  let sse = createSse();
  let fault: ProviderFailure | null = null;
  let ended: Reading | null = null;
  const take = (frame: SseFrame): void => {
    if (ended !== null) return;
    frames.push(frame);
    const facts = wire.inspectFrame(frame, { dialect, nowMs: context.nowMs() });
    fault ??= facts.failure;
    if (facts.content) context.progress();
    // The caller need not wait for the connection to end.
    if (facts.done && fault === null) ended = answerWhole(reading, frames, null);
  };
  const feed = (text: string): void => {
    const step = feedSse(sse, text);
    sse = step.state;
    for (const frame of step.frames) take(frame);
    fault ??= step.failure;
  };
  return {
    data: (chunk) => feed(decoder.decode(chunk, { stream: true })),
    end: (broke) => {
      if (ended === null) {
        feed(decoder.decode());
        for (const frame of endSse(sse)) take(frame);
      }
      return (ended ??= fault === null ? answerWhole(reading, frames, broke) : failed(fault));
    },
  };
}
