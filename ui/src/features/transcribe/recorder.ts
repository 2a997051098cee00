// Records from the microphone, with a level to see that it hears something.
import { useEffect, useRef, useState } from 'react';

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

/** Calls `onFile` with the recording when it is stopped. */
export function useRecorder(onFile: (file: File) => void): Recorder {
  const [seconds, setSeconds] = useState<number | null>(null);
  const [level, setLevel] = useState(0);
  const stopping = useRef<(() => void) | null>(null);
  useEffect(() => () => stopping.current?.(), []);
  const start = async (): Promise<void> => {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const recorder = new MediaRecorder(stream);
    const parts: Blob[] = [];
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Uint8Array(analyser.fftSize);
    const startedAtMs = performance.now();
    const timer = setInterval(() => {
      analyser.getByteTimeDomainData(samples);
      setLevel(Math.min(1, Math.max(...samples.map((sample) => Math.abs(sample - 128))) / 100));
      setSeconds((performance.now() - startedAtMs) / 1_000);
    }, TICK_MS);
    recorder.addEventListener('dataavailable', ({ data }) => parts.push(data));
    recorder.addEventListener('stop', () => {
      clearInterval(timer);
      for (const track of stream.getTracks()) track.stop();
      void context.close();
      setSeconds(null);
      const type = recorder.mimeType.split(';')[0] ?? 'audio/webm';
      onFile(new File(parts, `recording.${type.includes('mp4') ? 'm4a' : 'webm'}`, { type }));
    });
    stopping.current = () => {
      if (recorder.state !== 'inactive') recorder.stop();
    };
    // In pieces, so that little is lost should the page break.
    recorder.start(1_000);
    setSeconds(0);
  };
  return { seconds, level, start, stop: () => stopping.current?.() };
}
