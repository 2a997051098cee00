// Which time the page of usage shows: by the address, and as bars.
import { describe, expect, it } from 'vitest';
import { readRange, toBars, toAddress } from '../../ui/src/features/usage/range.ts';

const NOW = Date.parse('2026-03-01T00:30:00Z');
const money = { cost_usd: 0, estimated_usd: 0, saved_usd: 0 };
const sums = { absorbed: 0, input_tokens: 0, output_tokens: 0, audio_seconds: 0, ...money };
const group = (name: string, requests: number, free = requests, failed = 0) => ({
  ...sums,
  name,
  requests,
  free,
  failed,
  wait_ms: 0,
  duration_ms: 0,
});

describe('ranges of usage', () => {
  it.each([
    [{}, '30d', '2026-01-31', '2026-03-01', 'day'],
    [{ range: '24h' }, '24h', '2026-02-28T01:00:00.000Z', '2026-03-01', 'hour'],
    [{ range: '7d' }, '7d', '2026-02-23', '2026-03-01', 'day'],
    [{ range: 'month' }, 'month', '2026-03-01', '2026-03-01', 'hour'],
    [{ range: 'last-month' }, 'last-month', '2026-02-01', '2026-02-28', 'day'],
    [{ range: 'year' }, 'year', '2026-01-01', '2026-03-01', 'day'],
    [{ from: '2025-11-01', to: '2026-02-28' }, 'custom', '2025-11-01', '2026-02-28', 'month'],
    [{ from: '2026-02-03', to: '2026-02-03' }, 'custom', '2026-02-03', '2026-02-03', 'hour'],
  ] as const)('%j', (query, ...[name, from, to, step]) => {
    const range = readRange(query, NOW);
    expect(range).toEqual({ name, from, to, step });
    // What is written into the address is read from it again.
    expect(readRange(toAddress(range), NOW)).toEqual(range);
  });

  it.each([
    ['a name that is none', { range: 'ever' }],
    ['days the wrong way round', { from: '2026-02-02', to: '2026-02-01' }],
    ['days to come', { from: '2026-02-02', to: '2026-03-02' }],
    ['more days than are added up', { from: '2024-01-01', to: '2026-02-02' }],
    ['no days', { from: '2026-02-31x', to: 5 }],
    ['a day that no month has', { from: '2026-01-02', to: '2026-02-30' }],
  ])('%s is the last thirty days', (_, query) => {
    expect(readRange(query, NOW).name).toBe('30d');
  });

  it('has a bar for each hour, also those without a request', () => {
    const range = readRange({ range: '24h' }, NOW);
    const bars = toBars(range, [group('2026-02-28T01:00:00Z', 2), group('2026-03-01T00:00:00Z', 3, 1, 1)], NOW);
    expect(bars).toHaveLength(24);
    expect(bars[0]).toEqual({ name: '2026-02-28T01:00:00Z', requests: 2, free: 2, failed: 0 });
    expect(bars.at(-1)).toEqual({ name: '2026-03-01T00:00:00Z', requests: 3, free: 1, failed: 1 });
    expect(bars.slice(1, -1).every(({ requests }) => requests === 0)).toBe(true);
  });

  it('ends a day of hours with the day, and one under way with now', () => {
    expect(toBars(readRange({ from: '2026-02-03', to: '2026-02-03' }, NOW), [], NOW)).toHaveLength(24);
    expect(toBars(readRange({ range: 'month' }, NOW), [], NOW)).toHaveLength(1);
  });

  it('adds the days of a month to its bar', () => {
    const range = readRange({ from: '2025-11-01', to: '2026-02-28' }, NOW);
    const bars = toBars(range, [group('2025-11-02', 2, 1, 2), group('2025-11-30', 3), group('2026-02-28', 4)], NOW);
    expect(bars).toEqual([
      { name: '2025-11', requests: 5, free: 4, failed: 1 },
      { name: '2025-12', requests: 0, free: 0, failed: 0 },
      { name: '2026-01', requests: 0, free: 0, failed: 0 },
      { name: '2026-02', requests: 4, free: 4, failed: 0 },
    ]);
  });
});
