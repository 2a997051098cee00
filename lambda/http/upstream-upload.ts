// Sends a body while it is read. Loaded with the first one.
import type { Writable } from 'node:stream';
import type { BodySource } from '../ports.ts';

/** Where a body goes. */
interface Sink {
  /** Answers whether more may come before it has drained. */
  write(chunk: Uint8Array): boolean;
  /** Tells when that is. */
  readonly stream: Writable;
  /** Whether the call still goes on. */
  isWanted(): boolean;
}

function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      stream.off('drain', go).off('close', go);
      resolve();
    };
    stream.on('drain', go).on('close', go);
    if (stream.destroyed) go();
  });
}

/** Answers whether all of it was sent. Rejects with what the source rejects with, and where it is not as long as it says. */
export async function upload(source: BodySource, sink: Sink): Promise<boolean> {
  let left = source.length;
  for await (const chunk of source.open()) {
    if (!sink.isWanted()) return false;
    left -= chunk.length;
    if (left < 0) break;
    if (!sink.write(chunk)) await drained(sink.stream);
  }
  if (left !== 0) throw Object.assign(new Error('the body is not as long as it says'), { code: 'BODY_LENGTH' });
  return sink.isWanted();
}
