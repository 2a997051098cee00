// The log of a server, when whoever reads it is slow, or stops.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createLineWriter } from '../../scripts/line-writer.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A pipe that takes what it is given, but hands on nothing unless it is read. */
function createPipe() {
  const pipe = {
    texts: [] as string[],
    writableLength: 0,
    write: (chunk: Uint8Array | string): boolean => {
      pipe.texts.push(Buffer.from(chunk as Uint8Array).toString());
      pipe.writableLength += Buffer.byteLength(chunk);
      return true;
    },
  };
  return pipe;
}

it('writes lines together, in their order, the longest among them', () => {
  const pipe = createPipe();
  const { write, flush } = createLineWriter(pipe);
  const long = `${'x'.repeat(300_000)}\n`;
  for (const line of ['one\n', 'zwölf €\n', long, 'last\n']) write(line);
  flush();
  expect(pipe.texts).toEqual(['one\nzwölf €\n', long, 'last\n']);
});

it('keeps no more than some megabytes for a reader who has stopped, and says how many lines are missing when he goes on', () => {
  const pipe = createPipe();
  const { write } = createLineWriter(pipe);
  const line = `${'y'.repeat(999)}\n`;
  for (let i = 0; i < 50_000; i++) write(line);
  vi.advanceTimersByTime(1_000);
  expect(pipe.writableLength).toBeLessThan(10_000_000);
  const kept = pipe.writableLength / line.length;
  pipe.texts.length = pipe.writableLength = 0;
  write('again\n');
  vi.advanceTimersByTime(1_000);
  expect(JSON.parse(pipe.texts[0] ?? '')).toMatchObject({
    level: 'warn',
    event: 'log.lost',
    what: `${50_000 - kept} lines are missing here: nobody was reading the log.`,
  });
  expect(pipe.texts.slice(1)).toEqual(['again\n']);
});
