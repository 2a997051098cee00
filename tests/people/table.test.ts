// Tables for spreadsheets hold texts that others chose: none of them begins a formula.
import { expect, it } from 'vitest';
import { toTable } from '#lambda/endpoints/api/csv.ts';

it.each(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])(
  'defuses a cell that begins with %j',
  (sign) => {
    const [, ...rows] = toTable(['name'], [{ name: `${sign}1+1` }]).split('\r\n');
    expect(rows.join('\r\n').replace(/^"/, '')[0]).toBe("'");
  },
);

it('leaves numbers and other texts as they are', () => {
  expect(toTable(['cost', 'name'], [{ cost: -1, name: 'a=b' }])).toBe('cost,name\r\n-1,a=b');
});
