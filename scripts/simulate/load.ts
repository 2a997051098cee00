// The requests of a simulated day: when they come, how many tokens they take, and how hard they are.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** One request to come. `atMs` counts from the start. `size` is the least that should answer it: 0 small, 1 large, 2 reasoning. */
export interface Arrival {
  readonly atMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly size: 0 | 1 | 2;
}

/** How demand is spread over the day; all have the same mean. `trace` follows a production trace, stretched to the day. */
export const shapes = ['steady', 'diurnal', 'burst', 'trace'] as const;
export type Shape = (typeof shapes)[number];

interface TraceRow {
  /** 0..1 of the trace's length. */
  readonly at: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

const tracePath = fileURLToPath(new URL('data/azure-llm-2023-code.csv', import.meta.url));

/** The trace as shares of its length. */
export function readTrace(): readonly TraceRow[] {
  let nowMs = 0;
  const rows = readFileSync(tracePath, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [gapMs = 0, inputTokens = 0, outputTokens = 0] = line.split(',').map(Number);
      nowMs += gapMs;
      return { atMs: nowMs, inputTokens, outputTokens };
    });
  return rows.map(({ atMs, ...tokens }) => ({ ...tokens, at: atMs / (nowMs + 1) }));
}

/** Mean tokens of a request, input and output together. */
export const meanTokens = (trace: readonly TraceRow[]): number =>
  trace.reduce((sum, row) => sum + row.inputTokens + row.outputTokens, 0) / trace.length;

/** Share of requests that need a reasoning model, and a large one. */
const REASONING_SHARE = 0.1;
const LARGE_SHARE = 0.25;

function toSize(draw: number): Arrival['size'] {
  if (draw < REASONING_SHARE) return 2;
  return draw < REASONING_SHARE + LARGE_SHARE ? 1 : 0;
}

/** Demand at a moment of the day (0..1) relative to the mean. */
function intensity(shape: Shape, at: number): number {
  if (shape === 'diurnal') return 1 - 0.6 * Math.cos(2 * Math.PI * at);
  // Ten minutes of four times the mean every two hours.
  if (shape === 'burst') return (at * 12) % 1 < 1 / 12 ? 4 : 8 / 11;
  return 1;
}
const HIGHEST: Readonly<Record<Exclude<Shape, 'trace'>, number>> = { steady: 1, diurnal: 1.6, burst: 4 };

export interface LoadInput {
  readonly trace: readonly TraceRow[];
  readonly shape: Shape;
  readonly count: number;
  readonly lengthMs: number;
  readonly random: () => number;
}

/** Moments of arrival, ascending: independent of each other within the shape. */
function toMoments({ shape, count, random, trace }: LoadInput): number[] {
  const moments: number[] = [];
  while (moments.length < count) {
    if (shape === 'trace') {
      const row = trace[Math.floor(random() * trace.length)];
      // A request of the trace stands for several: they come within its neighbourhood.
      if (row) moments.push(Math.min(1, Math.max(0, row.at + (random() - 0.5) / 1_000)));
      continue;
    }
    const at = random();
    if (random() * HIGHEST[shape] <= intensity(shape, at)) moments.push(at);
  }
  return moments.sort((a, b) => a - b);
}

/** All requests of one run, in order of time. */
export function toArrivals(input: LoadInput): readonly Arrival[] {
  const { trace, lengthMs, random } = input;
  return toMoments(input).map((at) => {
    const row = trace[Math.floor(random() * trace.length)] ?? { inputTokens: 1000, outputTokens: 100 };
    const { inputTokens, outputTokens } = row;
    return { atMs: Math.floor(at * lengthMs), inputTokens, outputTokens, size: toSize(random()) };
  });
}
