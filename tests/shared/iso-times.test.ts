// Points in time as text, against what Date writes.
import { expect, it } from 'vitest';
import { createIsoTimes } from '#shared/iso-times.ts';

it('writes points in time as Date does, in whatever order they come', () => {
  const timeOf = createIsoTimes();
  const start = Date.UTC(2026, 11, 31, 23, 59, 59);
  for (const offset of [0, 1, 999, 1_000, 999, -1, 86_400_000, 40, 1_050, 0])
    expect(timeOf(start + offset)).toBe(new Date(start + offset).toISOString());
  expect(timeOf(start + 5.75)).toBe('2026-12-31T23:59:59.005Z');
});
