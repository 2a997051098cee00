// Recording from the microphone over a browser that is played: formats, pieces, and that the microphone never stays on.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { canRecord, openMicrophone, toRecording, type Microphone } from '../../ui/src/lib/microphone.ts';

class Track {
  on = true;
  stop(): void {
    this.on = false;
  }
}

let track: Track;
let written: string[];
let started: { mimeType: string | undefined; everyMs: number | undefined }[];

/** What a browser's MediaRecorder does, with a word where sound would be. */
class PlayedRecorder extends EventTarget {
  static isTypeSupported = (type: string): boolean => written.includes(type);
  state: 'inactive' | 'recording' = 'inactive';
  readonly mimeType: string;
  constructor(_stream: unknown, { mimeType }: { mimeType?: string }) {
    super();
    this.mimeType = mimeType ?? 'audio/mp4';
    started.push({ mimeType, everyMs: undefined });
  }
  start(everyMs?: number): void {
    this.state = 'recording';
    started = started.map((one) => ({ ...one, everyMs }));
  }
  hear(words: string): void {
    this.dispatchEvent(Object.assign(new Event('dataavailable'), { data: new Blob([words]) }));
  }
  stop(): void {
    if (this.state === 'inactive') throw new Error('It does not record.');
    this.state = 'inactive';
    this.hear('end');
    this.dispatchEvent(new Event('stop'));
  }
}

let recorders: PlayedRecorder[];

beforeEach(() => {
  track = new Track();
  written = ['audio/webm;codecs=opus', 'audio/mp4'];
  started = [];
  recorders = [];
  const getUserMedia = (): Promise<unknown> => Promise.resolve({ getTracks: () => [track] });
  vi.stubGlobal('navigator', { mediaDevices: { getUserMedia } });
  vi.stubGlobal(
    'MediaRecorder',
    class extends PlayedRecorder {
      constructor(stream: unknown, options: { mimeType?: string }) {
        super(stream, options);
        recorders.push(this);
      }
    },
  );
});
afterEach(() => vi.unstubAllGlobals());

async function open(signal = new AbortController().signal): Promise<Microphone> {
  const microphone = await openMicrophone(signal);
  if (microphone === null) throw new Error('nobody wants it');
  return microphone;
}

it('is in one piece and of the first format that is written, unless pieces are asked for', async () => {
  const recording = (await open()).record();
  expect(started).toEqual([{ mimeType: 'audio/webm;codecs=opus', everyMs: undefined }]);
  recording.stop();
  const file = await recording.done;
  expect([file.name, file.type, await file.text()]).toEqual(['recording.webm', 'audio/webm', 'end']);
  expect(track.on).toBe(false);
});

it('hands out pieces while it goes on, and the whole at its end', async () => {
  const pieces: Promise<string>[] = [];
  const recording = (await open()).record({ everyMs: 1_000, onPiece: (sound) => pieces.push(sound.text()) });
  recorders[0]?.hear('one ');
  expect(await Promise.all(pieces)).toEqual(['one ']);
  expect([started[0]?.everyMs, track.on]).toEqual([1_000, true]);
  recording.stop();
  recording.stop();
  expect(await (await recording.done).text()).toBe('one end');
});

it('takes what the browser chooses where it knows none of the formats', async () => {
  written = [];
  const recording = (await open()).record();
  expect(started[0]?.mimeType).toBeUndefined();
  recording.stop();
  expect((await recording.done).name).toBe('recording.m4a');
});

it('ends, and the microphone is off, when whoever asked has left', async () => {
  const page = new AbortController();
  const recording = (await open(page.signal)).record();
  page.abort();
  expect(await (await recording.done).text()).toBe('end');
  expect(track.on).toBe(false);
});

it.each(['before it is given', 'before it is begun'])('is off when whoever asked has left %s', async (when) => {
  const page = new AbortController();
  const opened = openMicrophone(page.signal);
  if (when === 'before it is given') page.abort();
  const microphone = await opened;
  page.abort();
  const recording = microphone?.record();
  expect(microphone === null).toBe(when === 'before it is given');
  await recording?.done;
  expect(track.on).toBe(false);
});

it.each([
  ['audio/webm;codecs=opus', 'recording.webm', 'audio/webm'],
  ['audio/mp4', 'recording.m4a', 'audio/mp4'],
  ['audio/ogg;codecs=opus', 'recording.ogg', 'audio/ogg'],
  ['', 'recording.webm', 'audio/webm'],
])('what is recorded as %j becomes %s', (mimeType, name, type) => {
  const file = toRecording([new Blob(['x'])], mimeType);
  expect([file.name, file.type]).toEqual([name, type]);
});

it('is offered only where the browser can', () => {
  expect(canRecord()).toBe(true);
  vi.stubGlobal('navigator', {});
  expect(canRecord()).toBe(false);
});
