// Seventy minutes of speech through the server as people start it: whole, in order, timed, within every limit and little memory; and what is paid for once survives a kill.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { createFakeProvider, type FakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';
import type { FakeProviderSpec } from '../fakes/provider/spec.ts';
import { hearSpeech, synthesise } from '../fakes/speech.ts';
import { createJobClient, type JobClient } from './job-client.ts';
import { OWNER_KEY, toEntry } from './local.ts';

const MODEL = { id: 'w', kind: 'transcription', formats: ['json', 'verbose_json'], features: ['words', 'segments'] };
const SECONDS = 70 * 60;
const script = fileURLToPath(new URL('../../scripts/start.mjs', import.meta.url));

interface Provided {
  readonly provider: FakeProvider;
  readonly server: FakeServer;
  readonly entry: Record<string, unknown>;
}

let folder: string;
let children: ChildProcess[] = [];
let provided: Provided[] = [];

async function provide(
  name: string,
  spec: Partial<FakeProviderSpec>,
  entry: Record<string, unknown> = {},
): Promise<Provided> {
  const models = [{ id: 'w', kind: 'transcription' as const, ttftMs: 150 }];
  const provider = createFakeProvider({ name, models, hear: hearSpeech, ...spec }, { now: Date.now });
  const server = await serveFakeProvider(provider);
  const one = { provider, server, entry: toEntry(name, server.baseUrl, { models: [MODEL], ...entry }) };
  provided.push(one);
  return one;
}

/** The server in a process of its own, over the folder of this test. */
async function startProcess(entries = provided): Promise<{ child: ChildProcess; client: JobClient }> {
  folder ??= mkdtempSync(join(tmpdir(), 'freeway-long-'));
  const child = spawn(process.execPath, [script], {
    env: {
      PATH: process.env['PATH'] ?? '',
      PORT: '0',
      FREEWAY_DATA: folder,
      FREEWAY_OWNER_KEY: OWNER_KEY,
      FREEWAY_DEMO: 'off',
      FREEWAY_PROVIDERS: JSON.stringify(entries.map(({ entry }) => entry)),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const url = await new Promise<string>((done, fail) => {
    let out = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (data: Buffer) => {
        out += data.toString();
        const found = /listening on (http:\S+)/.exec(out)?.[1];
        if (found !== undefined) done(found);
      });
    child.once('exit', () => fail(new Error(out)));
  });
  return { child, client: createJobClient(url, { authorization: `Bearer ${OWNER_KEY}` }) };
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = new Promise((done) => child.once('exit', done));
  child.kill('SIGKILL');
  await gone;
}

/** The most memory the process ever had, bytes; null where the system does not tell. */
function peakOf({ pid }: ChildProcess): number | null {
  const path = `/proc/${pid}/status`;
  const kb = existsSync(path) ? /VmHWM:\s+(\d+) kB/.exec(readFileSync(path, 'utf8'))?.[1] : undefined;
  return kb === undefined ? null : Number(kb) * 1024;
}

afterEach(async () => {
  await Promise.all(
    children.map((child) => (child.exitCode === null && child.signalCode === null ? kill(child) : null)),
  );
  await Promise.all(provided.map(({ server }) => server.close()));
  rmSync(folder, { recursive: true, force: true });
  folder = undefined as never;
  children = [];
  provided = [];
});

interface Told {
  readonly text: string;
  readonly duration: number;
  readonly words: readonly { readonly word: string; readonly start: number; readonly end: number }[];
}

describe('seventy minutes', () => {
  it('come back whole through three providers with hourly limits, one call in five of which fails', async () => {
    const MAX = 2_400;
    const faults = ['503', 'reset', '429-after-1'];
    for (const name of ['first', 'second', 'third'])
      await provide(
        name,
        {
          limits: [{ models: ['*'], unit: 'audio_seconds', max: MAX, clock: { kind: 'sliding', seconds: 3_600 } }],
        },
        { pools: [{ models: ['*'], unit: 'audio_seconds', max: MAX, clock: { kind: 'rolling', seconds: 3_600 } }] },
      );
    // Each fails once in five calls, and not at the same time as the others.
    for (const [index, { provider }] of provided.entries())
      provider.script(Array.from({ length: 50 }, (_, call) => (call % 5 === index ? (faults[index] ?? 'ok') : 'ok')));
    const speech = synthesise(SECONDS, 70);
    const { child, client } = await startProcess();
    const job = await client.send(speech.wav, { options: { timestamps: 'word' } });
    const done = await client.finish(job.id);
    expect(done.error).toBeNull();
    expect(done.pieces.length).toBeGreaterThanOrEqual(7);

    const told = JSON.parse(await client.result(job.id, 'verbose_json')) as Told;
    // No word is lost, none is told twice, and all are in order.
    expect(told.words.map(({ word }) => word)).toEqual(speech.words.map(({ word }) => word));
    expect(told.text).toBe(speech.words.map(({ word }) => word).join(' '));
    expect(told.duration).toBeCloseTo(SECONDS, 1);
    const times = told.words.flatMap(({ start, end }) => [start, end]);
    expect(times.every((time, index) => index === 0 || time >= (times[index - 1] ?? 0))).toBe(true);
    const off = told.words.map(({ start, end }, index) => {
      const truth = speech.words[index];
      return Math.max(Math.abs(start - (truth?.start ?? 0)), Math.abs(end - (truth?.end ?? 0)));
    });
    expect(Math.max(...off)).toBeLessThan(0.3);

    for (const { provider } of provided) {
      const { limited, audioSeconds } = provider.books().total();
      expect(limited).toBe(0);
      expect(audioSeconds).toBeLessThanOrEqual(MAX);
    }
    const books = provided.map(({ provider }) => provider.books().total());
    const struck = books.map(
      ({ refused, broken }) => broken + Object.values(refused).reduce((sum, count) => sum + count, 0),
    );
    expect(struck.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(2);
    expect(books.filter(({ served }) => served > 0).length).toBeGreaterThanOrEqual(2);
    expect(peakOf(child) ?? 0).toBeLessThan(300 * 1024 * 1024);
  });

  it('are not paid for twice when the server is killed in the middle', async () => {
    const first = await provide('first', {});
    // After three answers it gives none any more.
    first.provider.script(['ok', 'ok', 'ok', ...Array.from({ length: 40 }, () => 'silent')]);
    const speech = synthesise(SECONDS, 71);
    const before = await startProcess();
    const job = await before.client.send(speech.wav, { options: { timestamps: 'word' } });
    const isDone = ({ status }: { readonly status: string }): boolean => status === 'done';
    await before.client.until(
      job.id,
      ({ pieces }) =>
        pieces.filter(isDone).length === 3 && pieces.filter(({ status }) => status === 'running').length === 4,
    );
    await kill(before.child);
    const second = await provide('second', {});
    const after = await startProcess([second]);
    const resumed = await after.client.look(job.id);
    expect(resumed.pieces.filter(isDone)).toHaveLength(3);
    const done = await after.client.finish(job.id);
    expect(done.status).toBe('done');
    const told = JSON.parse(await after.client.result(job.id, 'verbose_json')) as Told;
    expect(told.words.map(({ word }) => word)).toEqual(speech.words.map(({ word }) => word));
    // Each piece was answered once, by the one or the other.
    expect(first.provider.books().total().served).toBe(3);
    expect(second.provider.books().total().served).toBe(done.pieces.length - 3);
  });
});
