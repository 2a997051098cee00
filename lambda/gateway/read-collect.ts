// Reads a streamed reply for a caller who asked for a whole one: collects it and writes it as one answer.
import type { ProviderFailure } from '#shared/failures.ts';
import { createGathering, findFault, finishAfter } from '../wire/facts.ts';
import type { CutFrames } from '../wire/frames.ts';
import type { Answer, SseFrame } from '../wire/types.ts';
import { openCutter } from './cut.ts';
import type { BodyReader, ChatReading, Reading } from './read-chat.ts';
import { MAX_REPLY_BYTES, toNamed, tooLarge, toNote } from './read-whole.ts';

/** What came of it was written all the same, and may have been charged. */
const failed = (failure: ProviderFailure, answer: Answer): Reading => ({
  failure,
  committed: false,
  usage: answer.usage,
  seenTokens: toTokens(answer),
});

/** Tokens of an answer, roughly. */
function toTokens({ content, reasoning, refusal, toolCalls }: Answer): number {
  const length = toolCalls.reduce((sum, call) => sum + call.arguments.length, 0);
  return Math.ceil((length + content.length + reasoning.length + refusal.length) / 4);
}

/** Some end without a word why. */
const toEnded = (answer: Answer): Answer =>
  answer.finish === null ? { ...answer, finish: finishAfter('stop', answer.toolCalls.length) } : answer;

/** The answer goes out as one, if it is whole. */
function answerWhole(reading: ChatReading, answer: Answer, broke: ProviderFailure | null): Reading {
  const { question, callerWire, context } = reading;
  if (answer.finish === null)
    return failed(broke ?? { kind: 'network', message: 'the stream ended before the answer did' }, answer);
  const fault = findFault(answer);
  if (fault !== null && !(reading.tellsRefusals && fault.kind === 'content_filtered')) return failed(fault, answer);
  const text = callerWire.renderReply(toNamed(answer, reading), question, toNote(reading));
  context.commit('application/json', answer.usage).end(text);
  const { usage, finish } = answer;
  return { failure: null, committed: true, usage, seenTokens: toTokens(answer), finish };
}

/** A body reader that turns a stream into a whole reply. */
export function createCollectReader(reading: ChatReading): BodyReader {
  const { wire, dialect, context } = reading;
  const cutter = openCutter(wire);
  const stream = wire.openReader();
  const gathering = createGathering();
  let fault: ProviderFailure | null = null;
  let ended: Reading | null = null;
  let size = 0;
  const take = (frame: SseFrame): void => {
    if (ended !== null || fault !== null) return;
    const facts = stream.read(frame, { dialect, nowMs: context.nowMs() });
    if (facts.failure !== null && gathering.answer().finish === null) fault = facts.failure;
    gathering.add(facts);
    if (facts.content) context.progress();
    // The caller need not wait for the connection to end.
    if (facts.done && fault === null) ended = answerWhole(reading, toEnded(gathering.answer()), null);
  };
  const takeAll = ({ frames, failure }: CutFrames): void => {
    for (const frame of frames) take(frame);
    fault ??= failure;
  };
  return {
    data: (chunk) => {
      size += chunk.length;
      takeAll(cutter.feed(chunk));
      if (size > MAX_REPLY_BYTES) fault ??= tooLarge;
      if (fault !== null) reading.over();
    },
    end: (broke) => {
      if (ended === null) for (const frame of cutter.end()) take(frame);
      return (ended ??=
        fault === null ? answerWhole(reading, gathering.answer(), broke) : failed(fault, gathering.answer()));
    },
  };
}
