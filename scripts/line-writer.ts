// Writes lines to a stream some at a time: a write for each would hold up the requests.
import type { Writable } from 'node:stream';
import { createLog } from '#lambda/telemetry/log.ts';

const EVERY_MS = 50;
/** Lines of so many bytes wait together; and so many bytes has a UTF-16 unit at most. */
const TOGETHER_BYTES = 256 * 1024;
const LONGEST_CHARACTER = 3;
/** So many bytes wait for a reader who has stopped reading; lines beyond are counted and let go, so that they don't fill the memory. */
const WAITING_BYTES = 8 * 1024 * 1024;

export interface LineWriter {
  readonly write: (line: string) => void;
  /** Hands the last ones over, on the way out. */
  readonly flush: () => void;
}

/** A writer. Lines wait as bytes: as text, a line is a tree of a hundred pieces, and so many would live for long enough to be kept as old. */
export function createLineWriter(stream: Pick<Writable, 'write' | 'writableLength'>): LineWriter {
  const bytes = Buffer.allocUnsafeSlow(TOGETHER_BYTES);
  const told = createLog({ level: 'warn', write: (line) => void stream.write(line), now: Date.now });
  let length = 0;
  let lines = 0;
  let lost = 0;
  let timer: NodeJS.Timeout | null = null;
  /** Whether the reader keeps up; whoever did not is told what is missing. */
  const isRead = (): boolean => {
    if (stream.writableLength > WAITING_BYTES) return false;
    if (lost > 0) told.warn('log.lost', { what: `${lost} lines are missing here: nobody was reading the log.` });
    lost = 0;
    return true;
  };
  const flush = (): void => {
    if (timer) clearTimeout(timer);
    timer = null;
    if (length === 0) return;
    // A copy: whoever reads slowly may still be waited for when the next lines come.
    if (isRead()) stream.write(Buffer.from(bytes.subarray(0, length)));
    else lost += lines;
    length = 0;
    lines = 0;
  };
  return {
    write: (line) => {
      const most = line.length * LONGEST_CHARACTER;
      if (most > TOGETHER_BYTES - length) flush();
      if (most > TOGETHER_BYTES) {
        if (isRead()) stream.write(line);
        else lost++;
        return;
      }
      length += bytes.write(line, length);
      lines++;
      timer ??= setTimeout(flush, EVERY_MS);
    },
    flush,
  };
}
