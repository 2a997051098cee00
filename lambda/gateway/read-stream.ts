// Reads a streamed reply: holds it back until the first content, then passes complete frames on byte for byte, and sees to a proper end.
import type { ProviderFailure } from '#shared/failures.ts';
import type { Usage } from '#shared/usage.ts';
import type { ReplyBody } from '../ports.ts';
import { brokenCall, createGrowingCalls, finishAfter, type GrowingCalls } from '../wire/facts.ts';
import { createSse, endSse, feedSse, type SseState } from '../wire/sse.ts';
import type { Finish, FrameFacts, ReplyHead, SseFrame, StreamReader } from '../wire/types.ts';
import type { BodyReader, ChatReading, Reading } from './read-chat.ts';
import { noteShown } from './shown.ts';

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** Index behind the last complete frame in `bytes`: after a blank line. 0 when there is none. */
export function frameBoundary(bytes: Uint8Array): number {
  for (let i = bytes.length - 1; i > 0; i--) {
    if (bytes[i] !== LINE_FEED) continue;
    const before = bytes[i - 1] === CARRIAGE_RETURN ? i - 2 : i - 1;
    if (bytes[before] === LINE_FEED) return i + 1;
  }
  return 0;
}

interface State {
  readonly stream: StreamReader;
  sse: SseState;
  /** Pieces of a frame that is not complete yet, and their bytes together. */
  pending: Uint8Array[];
  pendingBytes: number;
  /** The last of them, where the end of the frame may have begun. */
  tail: Uint8Array;
  /** Complete frames from before the first content. */
  held: (Uint8Array | string)[];
  heldBytes: number;
  /** Frames from the first call on, where nobody sees calls before the end. */
  behind: string;
  /** Frames that the writer has not been told of; it hears only of what really went out. */
  kept: SseFrame[];
  body: ReplyBody | null;
  usage: Usage | null;
  head: ReplyHead | null;
  finish: Finish | null;
  finished: boolean;
  /** The closing mark was seen. */
  done: boolean;
  /** The closing mark, which is held back. */
  doneFrame: SseFrame | null;
  /** Chunks with content; providers send about one token in each. */
  seenTokens: number;
  readonly calls: GrowingCalls;
  failure: ProviderFailure | null;
  /** Set once the end has been told. */
  reading: Reading | null;
}

/** A body reader for streams in the caller's own format. */
export function createStreamReader(reading: ChatReading): BodyReader {
  const state: State = {
    stream: reading.wire.openReader(),
    sse: createSse(),
    pending: [],
    pendingBytes: 0,
    tail: new Uint8Array(0),
    held: [],
    heldBytes: 0,
    behind: '',
    kept: [],
    body: null,
    usage: null,
    head: null,
    finish: null,
    finished: false,
    done: false,
    doneFrame: null,
    seenTokens: 0,
    calls: createGrowingCalls(),
    failure: null,
    reading: null,
  };
  return {
    data: (chunk) => {
      if (state.failure || state.done) return;
      const bytes = takeComplete(state, chunk);
      if (bytes !== null) takeFrames(state, reading, bytes);
      if (state.pendingBytes <= LONGEST_FRAME_BYTES) return;
      state.failure ??= { kind: 'bad_reply', message: `a stream event of more than ${LONGEST_FRAME_BYTES} bytes` };
      state.pending = [];
      reading.over();
    },
    end: (failure) => {
      if (state.pending.length > 0 && !state.failure && !state.done && !failure) takeRest(state, reading);
      return conclude(state, reading, failure);
    },
  };
}

/** The end of a frame is at most so long; it may come in two pieces. */
const MARK_BYTES = 3;
/** Pictures come in one event. */
const LONGEST_FRAME_BYTES = 64 * 1024 * 1024;
/** So much may come before the first content. */
const MOST_HELD_BYTES = 1024 * 1024;

/** The frames that a piece completes; null when it completes none. However long a frame is, each byte is looked at once. */
function takeComplete(state: State, chunk: Uint8Array): Uint8Array | null {
  const { pending, tail } = state;
  const isFirst = pending.length === 0;
  const seen = isFirst ? chunk : Buffer.concat([tail, chunk]);
  const end = Math.max(0, frameBoundary(seen) - (seen.length - chunk.length));
  if (isFirst && end === chunk.length) return chunk;
  const ended = chunk.subarray(0, end);
  if (end > 0) Object.assign(state, { pending: [], pendingBytes: 0 });
  if (end < chunk.length) {
    const left = end === 0 ? seen : chunk.subarray(end);
    // The provider's buffer may be reused once we return.
    state.pending.push(new Uint8Array(chunk.subarray(end)));
    state.pendingBytes += chunk.length - end;
    state.tail = new Uint8Array(left.subarray(Math.max(0, left.length - MARK_BYTES)));
  }
  if (end === 0) return null;
  return isFirst ? ended : Buffer.concat([...pending, ended]);
}

/** Complete frames have arrived: understands them, and passes on all that the caller should see. */
function takeFrames(state: State, reading: ChatReading, bytes: Uint8Array): void {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const step = feedSse(state.sse, text);
  state.sse = step.state;
  const shown = showFrames(state, reading, step.frames);
  if (step.failure) state.failure ??= step.failure;
  // Nothing withheld and nothing rewritten: the provider's own bytes go out.
  pass(state, reading, shown === null ? bytes : shown);
  if (state.failure) reading.over();
  // The caller need not wait for the connection to end.
  else if (state.done && conclude(state, reading, null).failure) reading.over();
}

/** A last frame without its closing blank line. */
function takeRest(state: State, reading: ChatReading): void {
  const step = feedSse(state.sse, Buffer.concat(state.pending).toString('utf8'));
  const frames = [...step.frames, ...endSse(step.state)].filter(({ data }) => data !== null);
  pass(state, reading, showFrames(state, reading, frames) ?? frames.map(({ raw }) => raw).join(''));
}

/** The text to pass on, or null when it is all frames as they are. Updates what is known of the stream. */
function showFrames(state: State, reading: ChatReading, frames: readonly SseFrame[]): string | null {
  const { writer, dialect, context, rescue } = reading;
  let kept = '';
  let altered = false;
  for (const frame of frames) {
    const facts = state.stream.read(frame, { dialect, nowMs: context.nowMs() });
    learn(state, facts);
    if (facts.failure === null && state.failure !== null) spoil(reading);
    // Clients fail on events without data as they do on broken ones.
    const isVoid = frame.data === '' || (frame.data === null && frame.event !== null);
    const broken = facts.malformed || facts.failure !== null || isVoid;
    const drop = state.failure !== null || facts.usageOnly || facts.done || broken;
    altered ||= drop || facts.normalise !== null;
    if (state.failure !== null) break;
    const isHeld = writer.holdsCalls === true && (facts.toolCall || state.behind !== '');
    if (facts.content) {
      context.progress();
      if (!isHeld && rescue.possible()) noteShown(rescue.shown, facts);
    }
    if (facts.done) state.doneFrame = frame;
    if (drop) continue;
    if (writer.passed !== null) state.kept.push(frame);
    const told = facts.normalise?.() ?? frame.raw;
    if (isHeld) {
      state.behind += told;
      altered = true;
    } else kept += told;
  }
  return altered ? kept : null;
}

function learn(state: State, facts: FrameFacts): void {
  // Once it has said why it ends, an answer is whole, whatever comes behind.
  if (state.finish === null) state.failure ??= facts.failure;
  if (facts.usage) state.usage = facts.usage;
  if (facts.head) state.head = facts.head;
  if (facts.finish !== null) state.finish = facts.finish;
  if (facts.finish !== null || facts.done) state.finished = true;
  if (facts.done) state.done = true;
  if (facts.content || facts.toolCall) state.seenTokens++;
  state.calls.add(facts.calls);
  // Whoever sees a good end carries the calls out.
  if ((facts.finish !== null || facts.done) && state.calls.areBroken(state.finish)) state.failure ??= brokenCall;
}

/** Where frames build on each other, the provider has told the end of its call, behind which nothing more can be told of it. */
function spoil({ writer, rescue }: ChatReading): void {
  if (writer.passed !== null) rescue.shown.opaque = true;
}

const nothingYet: ProviderFailure = {
  kind: 'bad_reply',
  message: `more than ${MOST_HELD_BYTES} bytes without any content`,
};

function pass(state: State, reading: ChatReading, shown: Uint8Array | string): void {
  if (shown.length === 0) return;
  if (state.body === null && state.seenTokens === 0) {
    // The provider's buffer may be reused once we return.
    state.held.push(typeof shown === 'string' ? shown : Uint8Array.from(shown));
    state.heldBytes += shown.length;
    if (state.heldBytes > MOST_HELD_BYTES) state.failure ??= nothingYet;
    return;
  }
  const body = (state.body ??= open(state, reading));
  tellWriter(state, reading);
  if (body.write(shown)) return;
  reading.context.pause();
  void body.drained().then(reading.context.resume);
}

function tellWriter(state: State, { writer }: ChatReading): void {
  if (state.kept.length === 0) return;
  for (const frame of state.kept) writer.passed?.(frame);
  state.kept = [];
}

function open(state: State, { context, rescue }: ChatReading): ReplyBody {
  const body = context.commit('text/event-stream; charset=utf-8', null);
  rescue.shown.body = body;
  rescue.shown.head = state.head;
  for (const part of state.held) body.write(part);
  state.held = [];
  return body;
}

/** The stream is over. A clean end gets its usage chunk and closing mark; one that broke off is left open: it goes on elsewhere, or ends with an error. */
function conclude(state: State, reading: ChatReading, broke: ProviderFailure | null): Reading {
  if (state.reading !== null) return state.reading;
  const { question, writer, context } = reading;
  const { usage, seenTokens } = state;
  const failure = state.failure ?? (state.finished ? null : broke) ?? unfinished(state, reading);
  if (failure === null) {
    const body = (state.body ??= open(state, reading));
    tellWriter(state, reading);
    if (state.behind !== '') body.write(state.behind);
    const head = state.head ?? { id: '', model: question.model, created: Math.floor(context.nowMs() / 1000) };
    const closing = context.closing(usage, seenTokens);
    const finish = finishAfter('stop', state.calls.count());
    // Some end without a word why, and clients don't take such an answer for whole.
    body.end(
      state.finish === null && finish !== null
        ? writer.finish(head, finish, closing)
        : writer.closeAfter(state.doneFrame, head, closing),
    );
  }
  return (state.reading = { failure, committed: state.body !== null, usage, seenTokens, finish: state.finish });
}

/** Why a stream that has ended holds no whole answer; null when it does. */
export function unfinished(
  { finished, finish, seenTokens }: Pick<State, 'finished' | 'finish' | 'seenTokens'>,
  { tellsRefusals }: Pick<ChatReading, 'tellsRefusals'>,
): ProviderFailure | null {
  if (!finished) return { kind: 'network', message: 'the stream ended before the answer did' };
  // An answer without a word is one only where the caller's bound left no room for any.
  if (seenTokens > 0 || finish === 'length') return null;
  if (finish === 'content_filter' && tellsRefusals) return null;
  return finish === 'content_filter'
    ? { kind: 'content_filtered', message: 'The content filter of the provider held the whole answer back.' }
    : { kind: 'bad_reply', message: 'the stream holds no answer' };
}
