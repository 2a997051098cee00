// Reads the reply of a candidate that goes on with an answer which broke off elsewhere: passes on what the caller has not seen, as one stream.
import type { ProviderFailure } from '#shared/failures.ts';
import type { Usage } from '#shared/usage.ts';
import { createSse, endSse, feedSse, type SseState } from '../wire/sse.ts';
import type { Finish, FrameCall, FrameFacts, ReplyHead, SseFrame, StreamDelta } from '../wire/types.ts';
import { createRepeatAligner, type Aligner } from './align.ts';
import { createCallAligner, type CallAligner } from './align-calls.ts';
import type { BodyReader, ChatReading, Reading } from './read-chat.ts';
import type { Resumption } from './rescue.ts';
import { noteShown } from './shown.ts';

interface State {
  sse: SseState;
  head: ReplyHead;
  finish: Finish | null;
  finished: boolean;
  done: boolean;
  usage: Usage | null;
  seenTokens: number;
  failure: ProviderFailure | null;
  /** Set once the end has been told. */
  reading: Reading | null;
  readonly content: Aligner;
  readonly refusal: Aligner;
  /** null once the new thoughts have departed from those shown: then they are kept back. */
  reasoning: Aligner | null;
  readonly calls: CallAligner;
}

const none = { content: '', reasoning: '', refusal: '' };
/** Given up by us, not failed by the provider. */
const departed: ProviderFailure = {
  kind: 'cancelled',
  message: 'its answer departed from what the caller had seen already',
};

function createState({ rescue, question, context }: ChatReading, { content }: Resumption): State {
  const { shown } = rescue;
  const isThinking = shown.content === '' && shown.calls.size === 0 && shown.refusal === '';
  return {
    sse: createSse(),
    head: shown.head ?? { id: '', model: question.model, created: Math.floor(context.nowMs() / 1000) },
    finish: null,
    finished: false,
    done: false,
    usage: null,
    seenTokens: 0,
    failure: null,
    reading: null,
    content,
    refusal: createRepeatAligner(shown.refusal),
    reasoning: isThinking ? createRepeatAligner(shown.reasoning) : null,
    calls: createCallAligner(shown.calls),
  };
}

/** A body reader that goes on with what was shown. */
export function createResumeReader(reading: ChatReading, resumption: Resumption): BodyReader {
  const decoder = new TextDecoder();
  const state = createState(reading, resumption);
  const feed = (text: string): void => {
    const step = feedSse(state.sse, text);
    state.sse = step.state;
    for (const frame of step.frames) take(state, reading, frame);
    state.failure ??= step.failure;
    if (state.failure !== null) reading.over();
    else if (state.done && conclude(state, reading, null).failure) reading.over();
  };
  return {
    data: (chunk) => {
      if (state.failure === null && !state.done) feed(decoder.decode(chunk, { stream: true }));
    },
    end: (broke) => {
      if (broke === null && state.failure === null) for (const frame of endSse(state.sse)) take(state, reading, frame);
      return conclude(state, reading, broke);
    },
  };
}

/** The same for a reply that comes in one piece although a stream was asked for. */
export function createResumeWholeReader(reading: ChatReading, resumption: Resumption): BodyReader {
  const { wire, dialect, context } = reading;
  const stream = createResumeReader(reading, resumption);
  const chunks: Uint8Array[] = [];
  return {
    data: (chunk) => void chunks.push(chunk),
    end: (broke) => {
      if (broke !== null) return stream.end(broke);
      const text = Buffer.concat(chunks).toString('utf8');
      const parsed = wire.parseReply(text, { dialect, nowMs: context.nowMs() });
      const answer = wire.toAnswer(text);
      if (parsed.failure !== null) return stream.end(parsed.failure);
      if (answer === null) return stream.end({ kind: 'bad_reply', message: 'the reply holds no answer' });
      stream.data(Buffer.from(wire.splitReply(answer, true).join('')));
      return stream.end(null);
    },
  };
}

function take(state: State, reading: ChatReading, frame: SseFrame): void {
  if (state.failure !== null || state.done) return;
  const { wire, dialect, context } = reading;
  const facts = wire.inspectFrame(frame, { dialect, nowMs: context.nowMs() });
  if (facts.failure !== null) {
    state.failure = facts.failure;
    return;
  }
  if (facts.usage !== null) state.usage = facts.usage;
  // The answer keeps its id; the model is the one that writes now.
  if (facts.head !== null) state.head = { ...state.head, model: facts.head.model };
  if (facts.finish !== null && (state.finish === null || state.finish === 'stop')) state.finish = facts.finish;
  if (facts.finish !== null || facts.done) state.finished = true;
  if (facts.done) state.done = true;
  if (!facts.content) return;
  state.seenTokens++;
  context.progress();
  if (facts.opaque || !tell(state, reading, facts)) state.failure = departed;
}

/** Passes on what a frame adds. False when it does not fit what was shown. */
function tell(state: State, reading: ChatReading, { text, calls }: FrameFacts): boolean {
  const { content, reasoning, refusal } = text ?? none;
  if (reasoning !== '' && state.reasoning !== null) {
    const fresh = state.reasoning.feed(reasoning);
    if (fresh === null) state.reasoning = null;
    else show(state, reading, { kind: 'reasoning', text: fresh });
  }
  const freshContent = content === '' ? '' : state.content.feed(content);
  const freshRefusal = refusal === '' ? '' : state.refusal.feed(refusal);
  if (freshContent === null || freshRefusal === null) return false;
  show(state, reading, { kind: 'content', text: freshContent });
  show(state, reading, { kind: 'refusal', text: freshRefusal });
  return calls.length === 0 || (flush(state, reading) && calls.every((call) => tellCall(state, reading, call)));
}

/** Text that was held back goes out before what follows it. */
function flush(state: State, reading: ChatReading): boolean {
  const content = state.content.end();
  const refusal = state.refusal.end();
  if (content === null || refusal === null) return false;
  show(state, reading, { kind: 'content', text: content });
  show(state, reading, { kind: 'refusal', text: refusal });
  return true;
}

function tellCall(state: State, reading: ChatReading, call: FrameCall): boolean {
  const { fits, tool } = state.calls.feed(call);
  if (tool === null) return fits;
  const { index, id = null, name = null, arguments: text } = tool;
  noteShown(reading.rescue.shown, { text: null, calls: [{ index, id, name, arguments: text }], opaque: false });
  write(reading, reading.wire.renderStreamTool(state.head, tool));
  return true;
}

function show(state: State, reading: ChatReading, delta: StreamDelta): void {
  if (delta.text === '') return;
  noteShown(reading.rescue.shown, { text: { ...none, [delta.kind]: delta.text }, calls: [], opaque: false });
  write(reading, reading.wire.renderStreamDelta(state.head, delta));
}

function write({ rescue, context }: ChatReading, frame: string): void {
  const { body } = rescue.shown;
  if (body === null || body.write(frame)) return;
  context.pause();
  void body.drained().then(context.resume);
}

/** The new reply is over. If it completes the answer, the caller gets its end, with the use of all attempts together. */
function conclude(state: State, reading: ChatReading, broke: ProviderFailure | null): Reading {
  if (state.reading !== null) return state.reading;
  const { question, wire, context, rescue } = reading;
  const unfinished: ProviderFailure = { kind: 'network', message: 'the stream ended before the answer did' };
  let failure = state.failure ?? (state.finished ? null : (broke ?? unfinished));
  if (failure === null && !(flush(state, reading) && state.calls.complete())) failure = departed;
  const { usage, seenTokens } = state;
  if (failure === null) {
    const total = context.closing(usage, seenTokens);
    const last = question.includeUsage ? wire.renderUsageFrame(state.head, total.usage, total.freeway) : '';
    const finish = finishOf(state, rescue.shown.calls.size);
    rescue.shown.body?.end(wire.renderStreamFinish(state.head, finish) + last + wire.renderStreamDone());
  }
  return (state.reading = { failure, committed: seenTokens > 0, usage, seenTokens });
}

function finishOf({ finish }: State, calls: number): Finish {
  return calls > 0 && (finish === null || finish === 'stop') ? 'tool_calls' : (finish ?? 'stop');
}
