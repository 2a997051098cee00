// Records with a level to see that it hears something; every second is laid down at once, so that a crash loses no more.
import { useRef, useState } from 'react';
import { useMicrophone, type Recording } from '../../lib/microphone.ts';
import type { Shelf } from './shelf.ts';

export interface Recorder {
  /** Seconds so far; null when it does not record. */
  readonly seconds: number | null;
  /** Loudness now, 0 to 1. */
  readonly level: number;
  /** Rejects when the microphone can't be used. */
  readonly start: () => Promise<void>;
  readonly stop: () => void;
}

const TICK_MS = 200;
const PIECE_MS = 1_000;

/** The screen stays on as long as it is recorded, where the browser can do that. */
async function keepAwake(): Promise<() => void> {
  const lock = await navigator.wakeLock?.request('screen').catch(() => null);
  return () => void lock?.release();
}

interface Meter {
  /** Loudness now, 0 to 1. */
  readonly read: () => number;
  readonly close: () => void;
}

function createMeter(stream: MediaStream): Meter {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Uint8Array(analyser.fftSize);
  return {
    read: () => {
      analyser.getByteTimeDomainData(samples);
      return Math.min(1, Math.max(...samples.map((sample) => Math.abs(sample - 128))) / 100);
    },
    close: () => void context.close(),
  };
}

/** Calls `onFile` with the recording when it is stopped. */
export function useRecorder(shelf: Shelf, onFile: (file: File) => void): Recorder {
  const [seconds, setSeconds] = useState<number | null>(null);
  const [level, setLevel] = useState(0);
  const latest = useRef<Recording | null>(null);
  const openMicrophone = useMicrophone();
  const start = async (): Promise<void> => {
    const microphone = await openMicrophone();
    if (microphone === null) return;
    const meter = createMeter(microphone.stream);
    const sleep = await keepAwake();
    // A full disk, or none, must not prevent it: it goes on in memory.
    await shelf.forget().catch(() => undefined);
    const onPiece = (sound: Blob): void => void shelf.hear(sound).catch(() => undefined);
    const recording = microphone.record({ everyMs: PIECE_MS, onPiece });
    const timer = setInterval(() => {
      setLevel(meter.read());
      setSeconds((Date.now() - recording.startedAtMs) / 1_000);
    }, TICK_MS);
    latest.current = recording;
    setSeconds(0);
    const finish = (file: File): void => {
      clearInterval(timer);
      meter.close();
      sleep();
      setSeconds(null);
      onFile(file);
    };
    void recording.done.then(finish);
  };
  return { seconds, level, start, stop: () => latest.current?.stop() };
}
