// Reads an answer that takes several calls: asks on until it is there, and tells all their replies to one reader as if they were a single one.
import type { Headers } from '../ports.ts';
import type { ChatCall, ChatStep, ChatSteps } from '../wire/steps.ts';
import type { SseFrame, UpstreamWire } from '../wire/types.ts';
import { isStreamOf, openCutter } from './cut.ts';
import type { OutgoingCall, ReaderContext, ReplyReader } from './operation.ts';
import { createWholeBody } from './read-whole.ts';

export interface StepsReading {
  readonly wire: UpstreamWire;
  readonly steps: ChatSteps;
  readonly context: Pick<ReaderContext, 'ask'>;
  /** Hears one reply: that which holds the answer, or the fault that ends the way to it. */
  readonly reader: ReplyReader;
}

/** The attempt's own deadlines hold for all of its calls. */
const noTimes = { firstContentTimeoutMs: 0, usualContentMs: 0, idleTimeoutMs: 0 };
const toOutgoing = (call: ChatCall): OutgoingCall => ({ ...call, ...noTimes, body: null });

const encoder = new TextEncoder();

/** Hears as long as it is its turn. */
const toTurn = (reader: ReplyReader, isTurn: () => boolean): ReplyReader => ({
  onHead: (status, headers) => void (isTurn() && reader.onHead(status, headers)),
  onData: (chunk) => void (isTurn() && reader.onData(chunk)),
  onEnd: () => void (isTurn() && reader.onEnd()),
  onError: (error) => void (isTurn() && reader.onError(error)),
});

class StepsReader implements ReplyReader {
  readonly #reading: StepsReading;
  readonly #cutter: ReturnType<typeof openCutter>;
  #head: { readonly status: number; readonly headers: Headers } = { status: 0, headers: {} };
  #body = createWholeBody();
  /** The reply under way is a stream whose frames are passed on. */
  #isStream = false;
  /** Counts the calls. */
  #turn = 0;
  /** The end of the stream, kept back until its last word is there. */
  #end: SseFrame | null = null;

  constructor(reading: StepsReading) {
    this.#reading = reading;
    this.#cutter = openCutter(reading.wire);
  }

  onHead(status: number, headers: Headers): void {
    const { wire, reader } = this.#reading;
    this.#head = { status, headers };
    this.#body = createWholeBody();
    this.#isStream = this.#end === null && this.#isGood() && isStreamOf(wire, headers['content-type'] ?? '', null);
    if (this.#isStream) reader.onHead(status, headers);
  }

  onData(chunk: Uint8Array): void {
    if (!this.#isStream) {
      if (!this.#body.add(Uint8Array.from(chunk))) this.onEnd();
      return;
    }
    const { frames, failure } = this.#cutter.feed(chunk);
    this.#pass(frames);
    // Whoever listens finds a stream without an end.
    if (failure !== null) this.#reading.reader.onEnd();
  }

  onEnd(): void {
    const { steps, reader } = this.#reading;
    if (this.#isStream) {
      this.#pass(this.#cutter.end());
      if (this.#end === null) reader.onEnd();
      return;
    }
    const bytes = this.#body.bytes() ?? Buffer.alloc(0);
    if (this.#end !== null)
      return this.#close(this.#end, this.#isGood() ? steps.toFrame(bytes.toString('utf8')) : null);
    const step = this.#isGood() ? steps.afterReply(bytes.toString('utf8')) : steps.afterFault();
    if (step !== null) return this.#ask(step);
    reader.onHead(this.#head.status, this.#head.headers);
    reader.onData(bytes);
    reader.onEnd();
  }

  onError(error: Parameters<ReplyReader['onError']>[0]): void {
    // The answer is whole without its last word.
    if (this.#end !== null && error.kind !== 'cancelled') this.#close(this.#end, null);
    else this.#reading.reader.onError(error);
  }

  #isGood(): boolean {
    return this.#head.status >= 200 && this.#head.status <= 299;
  }

  #pass(frames: readonly SseFrame[]): void {
    const { steps, reader } = this.#reading;
    for (const frame of frames) {
      if (this.#end !== null) return;
      const step = steps.atFrame(frame);
      if (step === null) {
        reader.onData(encoder.encode(frame.raw));
        continue;
      }
      this.#end = frame;
      this.#isStream = false;
      this.#ask(step);
    }
  }

  #close(end: SseFrame, last: string | null): void {
    const { reader } = this.#reading;
    reader.onData(encoder.encode(last ?? end.raw));
    reader.onEnd();
  }

  /** What is still told of the call before is not heard: that it was given up, at the least. */
  #ask({ call, afterMs, undo }: ChatStep): void {
    const turn = ++this.#turn;
    const reader = toTurn(this, () => turn === this.#turn);
    const { ask } = this.#reading.context;
    ask({ call: toOutgoing(call), afterMs, reader, undo: undo === null ? null : toOutgoing(undo) });
  }
}

/** A reader for all replies of one attempt. */
export const createStepsReader = (reading: StepsReading): ReplyReader => new StepsReader(reading);
