// The bench's gates: noise does not fail them, what is really past a bound does, and what was not measured never passes.
import { describe, expect, it } from 'vitest';
import type { Board, PairedRow } from '../../scripts/bench/board.ts';
import type { Estimates } from '../../scripts/bench/estimates.ts';
import { judge } from '../../scripts/bench/gates.ts';
import type { Inits } from '../../scripts/bench/inits.ts';

function toRow(more: Partial<PairedRow>): PairedRow {
  const exact = { value: 0, low: 0, high: 0 };
  return {
    scenario: 'small JSON',
    target: 'freeway',
    rounds: 100,
    waitedP50Us: 300,
    addedP50Us: exact,
    addedP99Us: 900,
    ratio: { value: 1, low: 0.95, high: 1.05 },
    transitP50Us: null,
    transitP99Us: null,
    failed: 0,
    ...more,
  };
}

const toInits = (nothingMs: number, addedMs: number): Inits => ({
  runs: 7,
  nothing: { ms: nothingMs, cpuMs: null, rssMb: null },
  freeway: { ms: nothingMs + addedMs, cpuMs: null, rssMb: null },
  addedMs,
});

const toEstimates = (p50Us: number, corrected: number): Estimates => ({
  times: [
    { characters: 1_000, p50Us: 12, p99Us: 20 },
    { characters: 10_000_000, p50Us, p99Us: p50Us },
  ],
  errors: [
    { vocabulary: 'o200k_base', raw: 0.03, corrected: 0.03, requests: 350 },
    { vocabulary: 'p50k_base', raw: 0.3, corrected, requests: 350 },
  ],
});

function toBoard(more: Partial<Board>): Board {
  return {
    startedAt: '2026-11-21T00:00:00.000Z',
    machine: { cpu: 'any', cores: 2, system: 'any', node: 'v24.0.0' },
    pinned: true,
    stolenShare: null,
    paired: [toRow({})],
    throughput: [],
    memory: [],
    growth: null,
    invocations: null,
    decisions: [{ body: 'small', bytes: 134, p50Us: 80, p99Us: 120, runs: 100 }],
    choices: [],
    estimates: toEstimates(33, 0.05),
    storeCalls: {
      requests: 10,
      readsBefore: 1,
      writesBefore: 1,
      readsAfter: 0,
      writesAfter: 1,
      perThousand: { reads: 10, writes: 50 },
    },
    starts: null,
    inits: toInits(50, 55),
    notRun: [],
    ...more,
  };
}

const failedOf = (board: Board): string[] =>
  judge(board)
    .filter(({ passed }) => !passed)
    .map(({ name }) => name.split(':')[0] ?? name);

const ratio = (value: number, low: number, high: number): Partial<PairedRow> => ({ ratio: { value, low, high } });
const calls = {
  requests: 10,
  readsBefore: 1,
  writesBefore: 1,
  readsAfter: 0,
  writesAfter: 1,
  perThousand: { reads: 10, writes: 50 },
};
const busy = (target: string, cpuUs: number | null): Board['throughput'][number] => ({
  target,
  connections: 32,
  perSecond: 10_000,
  p50Us: 900,
  p99Us: 5_000,
  failed: 0,
  cpuUs,
  busyShare: 1,
  rigShare: 0.4,
  limitedBy: null,
});
const growth = { target: 'freeway', requests: 1_000, warmMb: 100, afterMb: 100, failed: 0 };
const decision = { body: 'large', bytes: 100_000, p50Us: 100, p99Us: 100, runs: 10 };

describe('judge', () => {
  it.each<[string, Partial<Board>, string[]]>([
    ['all within bounds', {}, []],
    ['a ratio whose interval reaches down to the gate', { paired: [toRow(ratio(1.35, 1.29, 1.4))] }, []],
    ['a server twice as busy as the reference', { throughput: [busy('reference', 90), busy('freeway', 180)] }, []],
    ['a busier one', { throughput: [busy('reference', 90), busy('freeway', 181)] }, ['saturation']],
    ['processor times that nobody tells', { throughput: [busy('reference', null), busy('freeway', null)] }, []],
    ['memory that stays', { growth: { ...growth, afterMb: 109 } }, []],
    ['memory that grows', { growth: { ...growth, afterMb: 111 } }, ['memory']],
    ['memory that stays while answers fail', { growth: { ...growth, failed: 1 } }, ['memory']],
    ['a ratio surely past the gate', { paired: [toRow(ratio(1.35, 1.31, 1.4))] }, ['small JSON']],
    ['a good ratio of answers that were not whole', { paired: [toRow({ failed: 1 })] }, ['small JSON']],
    [
      'a refusal that reached the caller',
      { paired: [toRow({}), toRow({ scenario: 'small, 30 % refused', failed: 1 })] },
      ['small, 30 % refused'],
    ],
    [
      'a dead provider that a caller noticed',
      { paired: [toRow({}), toRow({ scenario: 'small, a fifth dead', failed: 1 })] },
      ['small, a fifth dead'],
    ],
    ['a row without a ratio', { paired: [toRow({ ratio: null })] }, ['small JSON']],
    ['nothing but the reference', { paired: [toRow({ target: 'reference' })] }, ['Freeway was measured']],
    ['a slow decision', { decisions: [{ ...decision, p99Us: 5_000 }] }, ['decision, large body']],
    ['a decision just fast enough', { decisions: [{ ...decision, p99Us: 4_999 }] }, []],
    ['estimates just exact enough', { estimates: toEstimates(999, 0.08) }, []],
    ['estimates that take longer for long texts', { estimates: toEstimates(1_000, 0.08) }, ['estimate of tokens']],
    ['estimates far off', { estimates: toEstimates(33, 0.081) }, ['estimate of tokens']],
    ['two writes before the first byte', { storeCalls: { ...calls, writesBefore: 2 } }, ['store']],
    ['a read after it', { storeCalls: { ...calls, readsAfter: 1 } }, ['store']],
    ['a slow cold start', { inits: toInits(50, 61) }, ['Lambda']],
    ['a slow cold start where all are', { inits: toInits(100, 119) }, []],
    ['a cold start that was not measured', { inits: null }, ['Lambda']],
    ['uncounted store calls', { storeCalls: null }, ['store']],
  ])('%s', (_, more, expected) => {
    expect(failedOf(toBoard(more))).toEqual(expected);
  });
});
