// Records from the microphone, with a level to see that it hears something; every second is laid down at once, so that a crash loses no more.
import { useEffect, useRef, useState } from 'react';
import { toRecording, type Shelf } from './shelf.ts';

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
const SLICE_MS = 1_000;
const formats = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus'] as const;

interface Listening {
  readonly stream: MediaStream;
  readonly recorder: MediaRecorder;
  /** Loudness now, 0 to 1. */
  readonly level: () => number;
  readonly close: () => void;
}

/** The screen stays on as long as it is recorded, where the browser can do that. */
async function keepAwake(): Promise<() => void> {
  const lock = await navigator.wakeLock?.request('screen').catch(() => null);
  return () => void lock?.release();
}

async function listen(): Promise<Listening> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const mimeType = formats.find((format) => MediaRecorder.isTypeSupported(format));
  const recorder = new MediaRecorder(stream, mimeType === undefined ? {} : { mimeType });
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Uint8Array(analyser.fftSize);
  const sleep = await keepAwake();
  return {
    stream,
    recorder,
    level: () => {
      analyser.getByteTimeDomainData(samples);
      return Math.min(1, Math.max(...samples.map((sample) => Math.abs(sample - 128))) / 100);
    },
    close: () => {
      for (const track of stream.getTracks()) track.stop();
      void context.close();
      sleep();
    },
  };
}

/** Calls `onFile` with the recording when it is stopped. */
export function useRecorder(shelf: Shelf, onFile: (file: File) => void): Recorder {
  const [seconds, setSeconds] = useState<number | null>(null);
  const [level, setLevel] = useState(0);
  const stopping = useRef<(() => void) | null>(null);
  useEffect(() => () => stopping.current?.(), []);
  const start = async (): Promise<void> => {
    const { recorder, level: read, close } = await listen();
    await shelf.forget();
    const parts: Blob[] = [];
    const startedAtMs = performance.now();
    const timer = setInterval(() => {
      setLevel(read());
      setSeconds((performance.now() - startedAtMs) / 1_000);
    }, TICK_MS);
    recorder.addEventListener('dataavailable', ({ data }) => {
      parts.push(data);
      // A full disk must not end the recording: it goes on in memory.
      shelf.hear(data).catch(() => undefined);
    });
    recorder.addEventListener('stop', () => {
      clearInterval(timer);
      close();
      setSeconds(null);
      onFile(toRecording(parts, recorder.mimeType));
    });
    stopping.current = () => {
      if (recorder.state !== 'inactive') recorder.stop();
    };
    recorder.start(SLICE_MS);
    setSeconds(0);
  };
  return { seconds, level, start, stop: () => stopping.current?.() };
}
