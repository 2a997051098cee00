// Reads and writes whole streams through one codec, for tests.
import { createGathering, toFacts } from '#lambda/wire/facts.ts';
import { dialects } from '#lambda/wire/index.ts';
import { openaiChat } from '#lambda/wire/openai-chat/index.ts';
import { createSse, endSse, feedSse } from '#lambda/wire/sse.ts';
import type {
  Answer,
  ChatQuestion,
  ChatWire,
  FrameFacts,
  ReplyContext,
  SseFrame,
  UpstreamWire,
} from '#lambda/wire/types.ts';
import type { Closing } from '#lambda/wire/writer.ts';

export const context: ReplyContext = { dialect: dialects.generic, nowMs: 0 };

/** A question of which nothing matters but that it is one. */
export const anyQuestion: ChatQuestion = openaiChat.parseQuestion({
  model: 'm',
  stream: true,
  stream_options: { include_usage: true },
  messages: [{ role: 'user', content: 'hi' }],
});

/** The pieces of a stream as frames. */
export function framesOf(pieces: Iterable<string>): SseFrame[] {
  let state = createSse();
  const frames: SseFrame[] = [];
  for (const piece of pieces) {
    const step = feedSse(state, piece);
    frames.push(...step.frames);
    state = step.state;
  }
  return [...frames, ...endSse(state)];
}

/** What each frame means. */
export function factsOf(wire: UpstreamWire, frames: readonly SseFrame[], given: ReplyContext = context): FrameFacts[] {
  const reader = wire.openReader();
  return frames.map((frame) => reader.read(frame, given));
}

/** All frames, whole or cut, as one answer. */
export function collect(wire: UpstreamWire, frames: readonly SseFrame[], given: ReplyContext = context): Answer {
  const gathering = createGathering();
  for (const facts of factsOf(wire, frames, given)) gathering.add(facts);
  return gathering.answer();
}

/** What must survive being told in another format. */
export const coreOf = ({ content, reasoning, refusal, toolCalls, finish }: Answer): unknown => ({
  said: content + refusal,
  reasoning,
  calls: toolCalls.map(({ name, arguments: given }) => ({ name, given: JSON.parse(given || '{}') as unknown })),
  finish,
});

/** The stream a codec writes for these facts, of an answer that ended as told. */
export function writeFacts(
  wire: ChatWire,
  facts: readonly FrameFacts[],
  {
    question = anyQuestion,
    closing = { usage: null, freeway: {} },
  }: { question?: ChatQuestion; closing?: Closing } = {},
): string {
  const head = facts.find((one) => one.head !== null)?.head ?? { id: 'r1', model: 'm', created: 1 };
  const writer = wire.openWriter(question);
  const begun = new Set<number>();
  let text = writer.start(head);
  for (const { text: added, calls } of facts) {
    for (const kind of ['reasoning', 'content', 'refusal'] as const) {
      const piece = added?.[kind] ?? '';
      if (piece !== '') text += writer.text(head, { kind, text: piece });
    }
    for (const { index, id, name, arguments: given } of calls) {
      const names = begun.has(index) ? {} : { id: id ?? `call_${index}`, name: name ?? '' };
      begun.add(index);
      text += writer.tool(head, { index, ...names, arguments: given });
    }
  }
  const gathering = createGathering();
  for (const one of facts) gathering.add(one);
  return text + writer.finish(head, gathering.answer().finish ?? 'stop', closing);
}

/** A whole answer as the stream a codec writes. */
export function writeAnswer(wire: ChatWire, answer: Answer, question: ChatQuestion = anyQuestion): string {
  const facts = [{ ...toFacts(answer), finish: answer.finish }];
  return writeFacts(wire, facts, { question, closing: { usage: answer.usage, freeway: {} } });
}
