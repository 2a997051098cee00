// The picture of a board: one bar for every measured target, in proportion, with its figure.
import { describe, expect, it } from 'vitest';
import { drawBoard } from '../../scripts/bench/chart.ts';
import type { PairedRow } from '../../scripts/bench/board.ts';

const machine = { cpu: 'a <cpu>', cores: 2, system: 'any', node: 'v24.0.0' };

const toRow = (target: string, value: number): PairedRow => ({
  scenario: 'small JSON',
  target,
  rounds: 10,
  waitedP50Us: value,
  addedP50Us: { value, low: value, high: value },
  addedP99Us: value,
  ratio: null,
  transitP50Us: null,
  transitP99Us: null,
  failed: 0,
});

describe('drawBoard', () => {
  it('draws bars in proportion, the direct call left out', () => {
    const paired = [toRow('direct', 0), toRow('reference', 100), toRow('freeway', 50), toRow('portkey', 400)];
    const svg = drawBoard({ paired, machine, startedAt: '2026-11-21T00:00:00.000Z' });
    const widths = [...svg.matchAll(/<rect x=.* width="([\d.]+)"/g)].map(([, width]) => Number(width));
    expect(widths.map((width) => Math.round((width / (widths[0] ?? 1)) * 100))).toEqual([100, 50, 400]);
    expect(svg).toContain('>400 µs<');
    expect(svg).toContain('a &lt;cpu>');
  });

  it('gives each scenario a scale of its own, and tells what failed', () => {
    const slow = { ...toRow('portkey', 20_000), scenario: 'stream', failed: 3 };
    const svg = drawBoard({ paired: [toRow('freeway', 50), slow], machine, startedAt: '2026-11-21T00:00:00.000Z' });
    const widths = [...svg.matchAll(/<rect x=.* width="([\d.]+)"/g)].map(([, width]) => Number(width));
    expect(new Set(widths).size).toBe(1);
    expect(svg).toContain('>20.0 ms (30 % failed)<');
  });

  it('draws nothing where nothing was measured', () => {
    expect(drawBoard({ paired: [], machine, startedAt: '2026-11-21T00:00:00.000Z' })).not.toContain('<rect x');
  });
});
