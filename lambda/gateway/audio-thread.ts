// The thread in which recordings are read: what a file makes the demuxer do, it does to nobody else.
import { isMainThread, parentPort, Worker, workerData, type MessagePort } from 'node:worker_threads';
import { CallerError } from '#shared/failures.ts';
import { readAudioHeader } from './audio-header.ts';
import type { AudioSource } from './audio-source.ts';
import { openSplit, type SplitAudio } from './audio-split.ts';
import type { AudioAnswer, AudioTask, FromThread, ToThread } from './audio-task.ts';

/** By this a thread knows that it is one of ours: tests, too, run in threads. */
const ROLE = 'freeway-audio';
/** Tables of a day of sound fit. Bytes of the recording are held elsewhere, and no more than a few MB at once. */
const HEAP_MB = 256;
/** Recordings that stay open, each with what was read of it last. */
const MOST_OPEN = 4;

/** Packets live for a moment only: with more room they would be left lying. */
const YOUNG_MB = 6;

/** Starts one, from the file that this was loaded from. It knows nothing of our environment, where keys stand. */
export const startAudioThread = (): Worker =>
  new Worker(import.meta.filename, {
    workerData: ROLE,
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: YOUNG_MB },
  });

interface Recording {
  readonly source: AudioSource;
  split: Promise<SplitAudio> | null;
}

/** Recordings that lie elsewhere, and are asked for piece by piece. */
class Readings {
  readonly #tell: (message: FromThread) => void;
  readonly #asked = new Map<number, (bytes: Uint8Array | null) => void>();
  readonly #open = new Map<number, Recording>();
  #reads = 0;

  constructor(tell: (message: FromThread) => void) {
    this.#tell = tell;
  }

  answer(id: number, bytes: Uint8Array | null): void {
    this.#asked.get(id)?.(bytes);
    this.#asked.delete(id);
  }

  find(key: number, size: number): Recording {
    const found = this.#open.get(key) ?? { source: this.#toSource(key, size), split: null };
    // Whoever was asked for last stands last.
    this.#open.delete(key);
    this.#open.set(key, found);
    if (this.#open.size > MOST_OPEN)
      for (const oldest of [...this.#open.keys()].slice(0, -MOST_OPEN)) this.close(oldest);
    return found;
  }

  close(key: number): void {
    const closed = this.#open.get(key);
    this.#open.delete(key);
    closed?.split?.then((split) => split.close()).catch(() => undefined);
  }

  #toSource(key: number, size: number): AudioSource {
    return {
      size,
      read: (start, end) =>
        new Promise((resolve, reject) => {
          const id = this.#reads++;
          this.#asked.set(id, (bytes) => {
            if (bytes === null) reject(new Error('the recording could not be read'));
            else resolve(bytes);
          });
          this.#tell({ kind: 'read', id, key, start, end });
        }),
    };
  }
}

async function work(recording: Recording, task: AudioTask, alive: () => void): Promise<AudioAnswer> {
  const { source } = recording;
  if (task.kind === 'header') return readAudioHeader(source, task.name, alive);
  recording.split ??= openSplit(source, task.facts, alive);
  try {
    const split = await recording.split;
    return await (task.kind === 'split' ? split.split(task.bounds, task.within) : split.cut(task.span));
  } catch (error) {
    // What could not be read now may be read another time, from its beginning.
    const { split: failed } = recording;
    recording.split = null;
    failed.then((opened) => opened.close()).catch(() => undefined);
    throw error;
  }
}

const toFault = (error: unknown): FromThread =>
  error instanceof CallerError
    ? { kind: 'refused', code: error.code, message: error.message, param: error.param, reason: error.reason }
    : { kind: 'failed', message: error instanceof Error ? error.message : 'unknown' };

const isPiece = (answer: AudioAnswer): answer is Extract<AudioAnswer, { bytes: unknown }> => 'bytes' in answer;

function serve(port: MessagePort): void {
  const tell = (message: FromThread): void => port.postMessage(message);
  const readings = new Readings(tell);
  const alive = (): void => tell({ kind: 'alive' });
  const run = async (key: number, size: number, task: AudioTask): Promise<void> => {
    try {
      const answer = await work(readings.find(key, size), task, alive);
      const moved = isPiece(answer) ? [answer.bytes.buffer as ArrayBuffer] : [];
      port.postMessage({ kind: 'done', answer } satisfies FromThread, moved);
    } catch (error) {
      tell(toFault(error));
    }
  };
  port.on('message', (message: ToThread) => {
    if (message.kind === 'bytes') readings.answer(message.id, message.bytes);
    else if (message.kind === 'close') readings.close(message.key);
    else void run(message.key, message.size, message.task);
  });
}

if (!isMainThread && workerData === ROLE && parentPort !== null) serve(parentPort);
