// Where recordings are given to be read: a few threads do it, one task each at a time, and end when there is nothing to do.
import type { Worker } from 'node:worker_threads';
import { CallerError } from '#shared/failures.ts';
import { refused } from '#shared/refused.ts';
import type { AudioFacts } from './audio-header.ts';
import { createPatience, type Patience } from './audio-patience.ts';
import { watchSource, type AudioSource, type WatchedSource } from './audio-source.ts';
import type { SplitAudio } from './audio-split.ts';
import type { AudioAnswer, AudioAnswers, AudioTask, FromThread, ToThread } from './audio-task.ts';
import { startAudioThread } from './audio-thread.ts';

export interface AudioDesk {
  /** What the file says of itself. Rejects with CallerError when it is empty, no audio, damaged, or of a codec nobody takes. */
  readHeader(source: AudioSource, name: string): Promise<AudioFacts>;
  /** Opens a recording to be taken apart; whether it can be shows when it is. Whoever opens it closes it. */
  open(source: AudioSource, facts: AudioFacts): SplitAudio;
}

export interface AudioDeskOptions {
  /** How long a thread may work without getting on, ms. */
  readonly stillMs?: number;
  readonly startThread?: () => Worker;
}

/** One that hangs keeps a thread until it is found out: others go on beside it. */
const MOST_THREADS = 3;
const STILL_MS = 20_000;
/** A thread with nothing to do ends after so long. */
const IDLE_MS = 30_000;

const spoilt = (what: string): CallerError =>
  new CallerError(
    'invalid_request',
    `This recording can't be read: ${what}. It is damaged, or of a kind not known here. Save it anew, for example as mp3, m4a or wav.`,
    { param: 'file', reason: refused('recording_damaged') },
  );

/** A task on its way, with whoever waits for it. */
interface Errand {
  readonly key: number;
  readonly watched: WatchedSource;
  readonly task: AudioTask;
  readonly resolve: (answer: AudioAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** What a thread's end means for the task it was at. */
function toEnding(error: Error & { readonly code?: string }): Error {
  return error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? spoilt('that would take too much memory') : error;
}

/** Bytes that can be handed over: those that were read where they are our own and in a place of their own, else a copy. */
function toOwn(read: Uint8Array, { own = false }: AudioSource): Uint8Array<ArrayBuffer> {
  const isAlone = read.buffer instanceof ArrayBuffer && read.byteLength === read.buffer.byteLength;
  return own && isAlone ? (read as Uint8Array<ArrayBuffer>) : new Uint8Array(read);
}

/** What a thread tells whoever gives out tasks. */
interface Told {
  /** It can take a task. */
  readonly free: () => void;
  /** It takes no more; may be told twice. */
  readonly end: (reader: Reader) => void;
}

/** One thread, at one task at a time. */
class Reader {
  /** Recordings it has open. */
  readonly keys = new Set<number>();
  readonly #worker: Worker;
  readonly #stillMs: number;
  readonly #told: Told;
  #errand: Errand | null = null;
  #patience: Patience | null = null;
  #furthest = 0;
  #idle: NodeJS.Timeout | null = null;

  constructor({ stillMs = STILL_MS, startThread = startAudioThread }: AudioDeskOptions, told: Told) {
    this.#stillMs = stillMs;
    this.#told = told;
    this.#worker = startThread();
    this.#worker.unref();
    this.#worker.on('message', (message: FromThread) => this.#hear(message));
    this.#worker.on('error', (error: Error) => this.#end(toEnding(error)));
    this.#worker.on('exit', () => this.#end(new Error('the thread that reads recordings has ended')));
  }

  get isFree(): boolean {
    return this.#errand === null;
  }

  run(errand: Errand): void {
    if (this.#idle !== null) clearTimeout(this.#idle);
    // Whoever waits for an answer keeps the process alive; one that may come does not.
    this.#worker.ref();
    this.#errand = errand;
    this.#furthest = 0;
    this.#patience = createPatience(this.#stillMs, () => this.#end(spoilt('reading it comes to no end')));
    this.keys.add(errand.key);
    const { key, task, watched } = errand;
    this.#tell({ kind: 'do', key, size: watched.source.size, task });
  }

  close(key: number): void {
    if (this.keys.delete(key)) this.#tell({ kind: 'close', key });
  }

  #tell(message: ToThread, moved: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, [...moved]);
  }

  /** It takes no more tasks from now on, since a thread takes a while to end. */
  #end(reason: Error): void {
    this.#told.end(this);
    this.#finish((errand) => errand.reject(reason));
    if (this.#idle !== null) clearTimeout(this.#idle);
    void this.#worker.terminate();
  }

  #finish(tell: (errand: Errand) => void): void {
    const errand = this.#errand;
    if (errand === null) return;
    this.#errand = null;
    this.#patience?.end();
    this.#worker.unref();
    tell(errand);
    this.#idle = setTimeout(() => this.#end(new Error('nothing to do')), IDLE_MS).unref();
    this.#told.free();
  }

  #hear(message: FromThread): void {
    if (message.kind === 'read') return void this.#read(message);
    if (message.kind === 'alive') {
      // What was read once to find its way may be read again.
      this.#furthest = 0;
      return this.#patience?.renew();
    }
    this.#finish(({ resolve, reject, watched }) => {
      if (message.kind === 'done') resolve(message.answer);
      else if (message.kind === 'failed') reject(watched.failure() ?? new Error(message.message));
      else {
        const { code, message: text, param, reason } = message;
        const details = { ...(param !== null && { param }), ...(reason !== null && { reason }) };
        reject(new CallerError(code, text, details));
      }
    });
  }

  async #read({ id, key, start, end }: Extract<FromThread, { kind: 'read' }>): Promise<void> {
    const patience = this.#patience;
    const errand = this.#errand;
    // What was asked for ahead by a task that is over is not missed.
    if (errand?.key !== key) return this.#tell({ kind: 'bytes', id, bytes: null });
    const { source } = errand.watched;
    patience?.wait();
    try {
      const bytes = toOwn(await source.read(start, end), source);
      this.#tell({ kind: 'bytes', id, bytes }, [bytes.buffer]);
    } catch {
      this.#tell({ kind: 'bytes', id, bytes: null });
    }
    if (end > this.#furthest) patience?.renew();
    this.#furthest = Math.max(this.#furthest, end);
    patience?.goOn();
  }
}

/** The desk. Threads are started when the first recording comes. */
export function createAudioDesk(options: AudioDeskOptions = {}): AudioDesk {
  const readers = new Set<Reader>();
  const waiting: Errand[] = [];
  let keys = 0;
  const find = (key: number): Reader | null => {
    const all = [...readers];
    // Each thread costs memory: whoever has a recording open reads all of it, one piece after the other.
    const opened = all.find((reader) => reader.keys.has(key));
    if (opened !== undefined) return opened.isFree ? opened : null;
    const found = all.find(({ isFree }) => isFree);
    if (found !== undefined) return found;
    if (readers.size >= MOST_THREADS) return null;
    const reader = new Reader(options, { free: next, end: (ended) => readers.delete(ended) });
    readers.add(reader);
    return reader;
  };
  const next = (): void => {
    // In the order in which they came, but for those whose own reader is busy.
    for (const errand of waiting.slice()) {
      const reader = find(errand.key);
      if (reader === null) continue;
      waiting.splice(waiting.indexOf(errand), 1);
      reader.run(errand);
    }
  };
  const ask = <Kind extends AudioTask['kind']>(
    key: number,
    watched: WatchedSource,
    task: Extract<AudioTask, { kind: Kind }>,
  ): Promise<AudioAnswers[Kind]> =>
    new Promise((resolve, reject) => {
      waiting.push({ key, watched, task, resolve: (answer) => resolve(answer as AudioAnswers[Kind]), reject });
      next();
    });
  const close = (key: number): void => {
    for (const reader of readers) reader.close(key);
  };
  return {
    readHeader: async (source, name) => {
      const key = keys++;
      try {
        return await ask(key, watchSource(source), { kind: 'header', name });
      } finally {
        close(key);
      }
    },
    open: (source, facts) => {
      const key = keys++;
      const watched = watchSource(source);
      return {
        split: (bounds, within) =>
          ask(key, watched, { kind: 'split', facts, bounds, ...(within === undefined ? {} : { within }) }),
        cut: (span) => ask(key, watched, { kind: 'cut', facts, span }),
        close: () => close(key),
      };
    },
  };
}
