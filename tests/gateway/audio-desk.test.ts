// Recordings are read in threads: what one of them does there, it does to nobody else.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createAudioDesk, type AudioDesk } from '#lambda/gateway/audio-desk.ts';
import { createPatience } from '#lambda/gateway/audio-patience.ts';
import { toMemorySource } from '#lambda/gateway/audio-source.ts';
import { startAudioThread } from '#lambda/gateway/audio-thread.ts';
import { hearSpeech, synthesise } from '../fakes/speech.ts';

const mp3 = readFileSync(new URL('../fixtures/audio/ruby.mp3', import.meta.url));
const m4a = readFileSync(new URL('../fixtures/audio/dd-transcription.m4a', import.meta.url));

/** A thread that does this with its first task. */
const doing = (work: string, limits = {}): Worker =>
  new Worker(`require('node:worker_threads').parentPort.once('message', () => { ${work} });`, {
    eval: true,
    ...limits,
  });
const HANGING = 'for (;;);';
const EATING = 'const eaten = []; for (;;) eaten.push({ more: eaten.length });';

let started: Worker[] = [];

/** A desk whose first threads are those given; true ones follow. */
function deskOver(first: readonly (() => Worker)[], stillMs?: number): AudioDesk {
  started = [];
  return createAudioDesk({
    ...(stillMs === undefined ? {} : { stillMs }),
    startThread: () => {
      const worker = (first[started.length] ?? startAudioThread)();
      started.push(worker);
      return worker;
    },
  });
}

afterEach(async () => {
  await Promise.all(started.map((worker) => worker.terminate()));
});

describe('a recording', () => {
  it('is taken apart while everything else goes on', async () => {
    const desk = deskOver([]);
    const speech = synthesise(300);
    const source = toMemorySource(speech.wav);
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    count();
    const audio = desk.open(source, await desk.readHeader(source, 'a.wav'));
    const heard = [];
    for (const span of await audio.split({ seconds: 100, bytes: Infinity }))
      heard.push(...hearSpeech((await audio.cut(span)).bytes));
    isOver = true;
    audio.close();
    expect(heard.map(({ word }) => word)).toEqual(speech.words.map(({ word }) => word));
    expect(turns).toBeGreaterThan(100);
    // It is its owner's as before.
    expect(speech.wav.length).toBe(source.size);
    expect(speech.wav.toString('latin1', 0, 4)).toBe('RIFF');
  });

  it('that comes to no end is refused, and its thread ended; the others are served beside it', async () => {
    const desk = deskOver([() => doing(HANGING)], 300);
    const refused = expect(desk.readHeader(toMemorySource(mp3), 'a.mp3')).rejects.toMatchObject({
      code: 'invalid_request',
      param: 'file',
      message: expect.stringMatching(/comes to no end.*Save it anew/),
    });
    const [ended] = started;
    const gone = ended && once(ended, 'exit');
    const beside = createAudioDesk();
    expect(await beside.readHeader(toMemorySource(mp3), 'b.mp3')).toMatchObject({ container: 'mp3' });
    await refused;
    await gone;
    expect(ended?.threadId).toBe(-1);
  });

  it('that eats memory is refused, and the next one is read', async () => {
    const desk = deskOver([() => doing(EATING, { resourceLimits: { maxOldGenerationSizeMb: 16 } })]);
    await expect(desk.readHeader(toMemorySource(mp3), 'a.mp3')).rejects.toMatchObject({
      code: 'invalid_request',
      param: 'file',
      message: expect.stringMatching(/too much memory/),
    });
    expect(await desk.readHeader(toMemorySource(mp3), 'b.mp3')).toMatchObject({ container: 'mp3' });
    expect(started.at(-1)?.resourceLimits?.maxOldGenerationSizeMb).toBeLessThan(1_000);
  });

  it('whose thread dies of our fault is no fault of its sender', async () => {
    const desk = deskOver([() => doing(`throw new TypeError('ours');`)]);
    await expect(desk.readHeader(toMemorySource(mp3), 'a.mp3')).rejects.toThrow(TypeError);
    expect(await desk.readHeader(toMemorySource(mp3), 'a.mp3')).toMatchObject({ container: 'mp3' });
  });

  it('that is no sound is refused in the words of whoever read it', async () => {
    const desk = deskOver([]);
    const text = toMemorySource(Buffer.from('just some words'));
    await expect(desk.readHeader(text, 'a.mp3')).rejects.toMatchObject({
      name: 'CallerError',
      code: 'invalid_request',
      param: 'file',
      message: expect.stringMatching(/"a.mp3" is no audio we know/),
    });
  });

  it('whose place fails is told what that failed at, and is read when it is there again', async () => {
    const desk = deskOver([]);
    const gone = new Error('the bucket is away');
    let isAway = true;
    const { size, read } = toMemorySource(m4a);
    const source = { size, read: (from: number, to: number) => (isAway ? Promise.reject(gone) : read(from, to)) };
    await expect(desk.readHeader(source, 'a.m4a')).rejects.toBe(gone);
    const audio = desk.open(source, { container: 'm4a', type: 'audio/mp4', seconds: 2, asIs: true });
    await expect(audio.split({ seconds: 1, bytes: Infinity })).rejects.toBe(gone);
    isAway = false;
    expect((await audio.split({ seconds: 1, bytes: Infinity })).length).toBeGreaterThan(1);
  });

  it('of many at once waits for one of few threads', async () => {
    const desk = deskOver([]);
    const facts = await Promise.all(
      Array.from({ length: 12 }, (_, index) => desk.readHeader(toMemorySource(index % 2 === 0 ? mp3 : m4a), 'a')),
    );
    expect(facts.map(({ container }) => container)).toEqual(
      Array.from({ length: 12 }, (_, index) => (index % 2 === 0 ? 'mp3' : 'm4a')),
    );
    expect(started.length).toBeLessThanOrEqual(3);
  });
});

describe('patience', () => {
  it('is lost by whoever works without getting on, and not while it waits', () => {
    vi.useFakeTimers();
    try {
      const lost = vi.fn<() => void>();
      const patience = createPatience(100, lost);
      vi.advanceTimersByTime(60);
      patience.wait();
      patience.wait();
      vi.advanceTimersByTime(10_000);
      patience.goOn();
      vi.advanceTimersByTime(10_000);
      patience.goOn();
      vi.advanceTimersByTime(39);
      expect(lost).not.toHaveBeenCalled();
      patience.renew();
      vi.advanceTimersByTime(99);
      expect(lost).not.toHaveBeenCalled();
      vi.advanceTimersByTime(1);
      expect(lost).toHaveBeenCalledTimes(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is kept by whoever has come to the end', () => {
    vi.useFakeTimers();
    try {
      const lost = vi.fn<() => void>();
      const patience = createPatience(100, lost);
      patience.wait();
      patience.end();
      patience.goOn();
      vi.advanceTimersByTime(1_000);
      expect(lost).not.toHaveBeenCalled();
    } finally {
      vi.useRealTimers();
    }
  });
});
