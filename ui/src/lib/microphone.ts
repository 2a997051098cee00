// Records from the microphone: chooses a format the browser writes, collects the sound, and lets go of the microphone when it is done.
import { useEffect, useRef } from 'react';

const formats = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus'] as const;

/** Whether this browser can record at all. */
export const canRecord = (): boolean => typeof MediaRecorder !== 'undefined' && 'mediaDevices' in navigator;

/** A recording as a file, by what the browser's recorder calls its type. */
export function toRecording(parts: readonly Blob[], mimeType: string): File {
  const type = mimeType.split(';')[0] || 'audio/webm';
  const ending = type.includes('mp4') ? 'm4a' : type.includes('ogg') ? 'ogg' : 'webm';
  return new File([...parts], `recording.${ending}`, { type });
}

/** Pieces of a recording while it goes on. */
export interface Pieces {
  readonly everyMs: number;
  readonly onPiece: (sound: Blob) => void;
}

export interface Recording {
  readonly startedAtMs: number;
  /** Ends it; again does nothing. */
  readonly stop: () => void;
  /** Resolves with what was recorded, once it has ended; by then the microphone is off. */
  readonly done: Promise<File>;
}

export interface Microphone {
  readonly stream: MediaStream;
  /** Starts. Without pieces it is written in one, and then the browser writes its length into the header, by which quota is reserved. */
  readonly record: (pieces?: Pieces) => Recording;
}

function release(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

interface Wanted {
  readonly stream: MediaStream;
  readonly signal: AbortSignal;
  readonly pieces: Pieces | undefined;
}

function record({ stream, signal, pieces }: Wanted): Recording {
  const mimeType = formats.find((format) => MediaRecorder.isTypeSupported(format));
  const recorder = new MediaRecorder(stream, mimeType === undefined ? {} : { mimeType });
  const parts: Blob[] = [];
  recorder.addEventListener('dataavailable', ({ data }) => {
    parts.push(data);
    pieces?.onPiece(data);
  });
  const done = new Promise<File>((resolve) => {
    recorder.addEventListener('stop', () => {
      release(stream);
      resolve(toRecording(parts, recorder.mimeType));
    });
  });
  const stop = (): void => {
    if (recorder.state !== 'inactive') recorder.stop();
  };
  recorder.start(pieces?.everyMs);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  return { startedAtMs: Date.now(), stop, done };
}

/**
 * Asks for the microphone, until the signal says that nobody wants it any more: then a recording ends, and one that was
 * not begun resolves with null. Rejects when the microphone can't be used.
 */
export async function openMicrophone(signal: AbortSignal): Promise<Microphone | null> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  if (!signal.aborted) return { stream, record: (pieces) => record({ stream, signal, pieces }) };
  release(stream);
  return null;
}

/** The microphone for as long as what uses it is on the page. */
export function useMicrophone(): () => Promise<Microphone | null> {
  const page = useRef<AbortController | null>(null);
  useEffect(() => {
    const here = new AbortController();
    page.current = here;
    return () => here.abort();
  }, []);
  return () => openMicrophone(page.current?.signal ?? AbortSignal.abort());
}
