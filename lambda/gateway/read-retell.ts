// Reads a streamed reply and tells it anew in the caller's wire; when it goes on with an answer that broke off elsewhere, only what is unseen of it.
import type { ProviderFailure } from '#shared/failures.ts';
import type { Usage } from '#shared/usage.ts';
import type { ReplyBody } from '../ports.ts';
import { openCutter } from './cut.ts';
import { brokenCall, createGrowingCalls, finishAfter, toFacts, type GrowingCalls } from '../wire/facts.ts';
import type { Finish, FrameCall, FrameFacts, ReplyHead, SseFrame, StreamReader } from '../wire/types.ts';
import type { StreamDelta, StreamTool } from '../wire/writer.ts';
import { createRepeatAligner, type Aligner } from './align.ts';
import { createCallAligner, type CallAligner } from './align-calls.ts';
import type { BodyReader, ChatReading, Reading } from './read-chat.ts';
import type { Resumption } from './rescue.ts';
import { unfinished } from './read-stream.ts';
import { createWholeBody, isTold, noAnswer, toNamed, tooLarge } from './read-whole.ts';
import { noteShown } from './shown.ts';

export { toResumption } from './resumption.ts';

interface State {
  readonly stream: StreamReader;
  /** True when it goes on with what another attempt has shown. */
  readonly isResumed: boolean;
  body: ReplyBody | null;
  head: ReplyHead;
  finish: Finish | null;
  finished: boolean;
  done: boolean;
  usage: Usage | null;
  /** All of the use is known, since the reply came whole. */
  isWhole: boolean;
  seenTokens: number;
  toolCalls: number;
  /** Pieces of calls that the caller is told when the answer has come to a good end. */
  readonly held: StreamTool[];
  readonly written: GrowingCalls;
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

function createState({ wire, rescue, question, context }: ChatReading, resumption: Resumption | null): State {
  const { shown } = rescue;
  const isThinking = shown.content === '' && shown.calls.size === 0 && shown.refusal === '';
  return {
    stream: wire.openReader(),
    isResumed: resumption !== null,
    body: shown.body,
    head: shown.head ?? { id: '', model: question.model, created: Math.floor(context.nowMs() / 1000) },
    finish: null,
    finished: false,
    done: false,
    usage: null,
    isWhole: false,
    seenTokens: 0,
    toolCalls: 0,
    held: [],
    written: createGrowingCalls(),
    failure: null,
    reading: null,
    content: resumption?.content ?? createRepeatAligner(''),
    refusal: createRepeatAligner(shown.refusal),
    reasoning: isThinking ? createRepeatAligner(shown.reasoning) : null,
    calls: createCallAligner(shown.calls),
  };
}

/** A body reader that tells a stream anew. */
export function createRetellReader(reading: ChatReading, resumption: Resumption | null): BodyReader {
  const cutter = openCutter(reading.wire);
  const state = createState(reading, resumption);
  const feed = (bytes: Uint8Array): void => {
    const { frames, failure } = cutter.feed(bytes);
    for (const frame of frames) takeFrame(state, reading, frame);
    state.failure ??= failure;
    if (state.failure !== null) reading.over();
    else if (state.done && conclude(state, reading, null).failure) reading.over();
  };
  return {
    data: (chunk) => {
      if (state.failure === null && !state.done) feed(chunk);
    },
    end: (broke) => {
      if (broke === null && state.failure === null) for (const frame of cutter.end()) takeFrame(state, reading, frame);
      return conclude(state, reading, broke);
    },
  };
}

/** The same for a reply that comes in one piece although a stream was asked for. */
export function createRetellWholeReader(reading: ChatReading, resumption: Resumption | null): BodyReader {
  const { wire, dialect, context } = reading;
  const state = createState(reading, resumption);
  const body = createWholeBody();
  return {
    data: (chunk) => {
      if (!body.add(chunk)) reading.over();
    },
    end: (broke) => {
      if (broke !== null) return conclude(state, reading, broke);
      const bytes = body.bytes();
      if (bytes === null) return conclude(state, reading, tooLarge);
      const text = bytes.toString('utf8');
      const parsed = wire.parseReply(text, { dialect, nowMs: context.nowMs() });
      const answer = wire.toAnswer(text);
      const failure = isTold(parsed, reading) && answer !== null ? null : (parsed.failure ?? noAnswer);
      // Nonsense may have been charged like an answer.
      state.usage = answer?.usage ?? null;
      if (failure !== null || answer === null) return conclude(state, reading, failure);
      state.isWhole = true;
      takeFacts(state, reading, {
        ...toFacts(toNamed(answer, reading)),
        finish: answer.finish ?? 'stop',
        done: true,
      });
      return conclude(state, reading, null);
    },
  };
}

function takeFrame(state: State, reading: ChatReading, frame: SseFrame): void {
  if (state.failure !== null || state.done) return;
  const { dialect, context } = reading;
  takeFacts(state, reading, state.stream.read(frame, { dialect, nowMs: context.nowMs() }));
}

function takeFacts(state: State, reading: ChatReading, facts: FrameFacts): void {
  if (facts.failure !== null) {
    if (state.finish === null) state.failure = facts.failure;
    return;
  }
  if (facts.usage !== null) state.usage = facts.usage;
  // An answer that goes on keeps its id; the model is the one that writes now.
  if (facts.head !== null) {
    const head = toNamed(facts.head, reading);
    state.head = state.isResumed ? { ...state.head, model: head.model } : head;
  }
  if (facts.finish !== null && (state.finish === null || state.finish === 'stop')) state.finish = facts.finish;
  if (facts.finish !== null || facts.done) state.finished = true;
  if (facts.done) state.done = true;
  if (!facts.content) return;
  state.seenTokens++;
  state.written.add(facts.calls);
  reading.context.progress();
  // What can't be told in words can't be gone on with either.
  if ((facts.opaque && state.isResumed) || !tell(state, reading, facts)) state.failure = departed;
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
  if (tool.name !== undefined) state.toolCalls++;
  if (reading.writer.holdsCalls) return state.held.push(tool) > 0;
  note(reading, { text: null, calls: [{ index, id, name, arguments: text }], opaque: false });
  write(state, reading, () => reading.writer.tool(state.head, tool));
  return true;
}

function show(state: State, reading: ChatReading, delta: StreamDelta): void {
  if (delta.text === '') return;
  note(reading, { text: { ...none, [delta.kind]: delta.text }, calls: [], opaque: false });
  write(state, reading, () => reading.writer.text(state.head, delta));
}

function note({ rescue }: ChatReading, adds: Parameters<typeof noteShown>[1]): void {
  if (rescue.possible()) noteShown(rescue.shown, adds);
}

/** Writes frames, behind the head of the reply and the start of the stream. */
function write(state: State, reading: ChatReading, render: () => string): void {
  const body = (state.body ??= open(state, reading));
  const frames = render();
  if (frames === '' || body.write(frames)) return;
  reading.context.pause();
  void body.drained().then(reading.context.resume);
}

function open(state: State, { context, rescue, writer }: ChatReading): ReplyBody {
  const body = context.commit('text/event-stream; charset=utf-8', state.isWhole ? state.usage : null);
  rescue.shown.body = body;
  rescue.shown.head = state.head;
  body.write(writer.start(state.head));
  return body;
}

/** The reply is over. If it completes the answer, the caller gets its end, with the use of all attempts together. */
function conclude(state: State, reading: ChatReading, broke: ProviderFailure | null): Reading {
  if (state.reading !== null) return state.reading;
  const { writer, context, rescue } = reading;
  let failure = state.failure ?? (state.finished ? null : broke) ?? lacking(state, reading);
  if (failure === null && state.written.areBroken(state.finish)) failure = brokenCall;
  if (failure === null && !(flush(state, reading) && state.calls.complete())) failure = departed;
  const { usage, seenTokens } = state;
  if (failure === null) {
    const body = (state.body ??= open(state, reading));
    for (const tool of state.held) writer.tool(state.head, tool);
    const finish = finishAfter(state.finish ?? 'stop', rescue.shown.calls.size + state.toolCalls) ?? 'stop';
    body.end(writer.finish(state.head, finish, context.closing(usage, seenTokens)));
  }
  const committed = state.isResumed ? seenTokens > 0 : state.body !== null;
  return (state.reading = { failure, committed, usage, seenTokens, finish: state.finish });
}

/** What was shown before counts as an answer, too. */
function lacking(state: State, reading: ChatReading): ProviderFailure | null {
  return unfinished(state.isResumed && state.finished ? { ...state, seenTokens: 1 } : state, reading);
}
