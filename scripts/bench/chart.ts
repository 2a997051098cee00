// Draws what each target adds to a request as a picture for the README: bars from the measured numbers, with their intervals.
import type { Board, PairedRow } from './board.ts';

const WIDTH = 760;
const NAMES = 190;
const FIGURES = 160;
const BAR = 14;
const GAP = 4;
const GROUP = 30;
const MARGIN = 16;

const colors: Readonly<Record<string, string>> = { reference: '#8a8f98', freeway: '#2563eb' };
const PEER = '#c2410c';

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const label = (x: number, y: number, text: string): string => `<text x="${x}" y="${y}">${escape(text)}</text>`;

/** Short ones in microseconds, long ones in milliseconds. */
const toFigure = (us: number): string => (us < 10_000 ? `${us.toFixed(0)} µs` : `${(us / 1_000).toFixed(1)} ms`);

/** An answer that is none is no faster answer: whoever failed is told beside the bar. */
const toFailed = ({ failed, rounds }: PairedRow): string =>
  failed === 0 ? '' : ` (${Math.round((failed / rounds) * 100)} % failed)`;

function drawBar(row: PairedRow, { y, perUs }: { y: number; perUs: number }): string {
  const { target, addedP50Us: added } = row;
  const width = Math.max(1, added.value * perUs);
  const [low, high] = [NAMES + added.low * perUs, NAMES + added.high * perUs];
  const middle = y + BAR / 2;
  return [
    label(MARGIN * 2, y + BAR - 3, target),
    `<rect x="${NAMES}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2" fill="${colors[target] ?? PEER}"/>`,
    `<path d="M${low.toFixed(1)} ${middle}H${high.toFixed(1)}" stroke="#111827" stroke-width="1.5"/>`,
    label(NAMES + Math.max(width, high - NAMES) + 6, y + BAR - 3, `${toFigure(added.value)}${toFailed(row)}`),
  ].join('\n');
}

/** Added p50 of every target but `direct`, by scenario, each on a scale of its own; negative ones are drawn as nothing. */
export function drawBoard({ paired, machine, startedAt }: Pick<Board, 'paired' | 'machine' | 'startedAt'>): string {
  const rows = paired.filter(({ target }) => target !== 'direct');
  const parts: string[] = [];
  let y = MARGIN + 40;
  for (const [scenario, group] of Map.groupBy(rows, (row) => row.scenario)) {
    parts.push(`<g font-weight="600">${label(MARGIN, y + BAR, scenario)}</g>`);
    y += BAR + GAP * 2;
    const longest = Math.max(1, ...group.map(({ addedP50Us }) => addedP50Us.high));
    const perUs = (WIDTH - NAMES - FIGURES) / longest;
    for (const row of group) {
      parts.push(drawBar(row, { y, perUs }));
      y += BAR + GAP;
    }
    y += GROUP - BAR;
  }
  const title = 'Latency added to a direct call, median and its 95 % interval. Each group has its own scale.';
  const where = `${machine.cpu}, Node ${machine.node}, ${startedAt.slice(0, 10)}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y + MARGIN}" font-family="system-ui, sans-serif" font-size="12" fill="#111827">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    label(MARGIN, MARGIN + 6, title),
    label(MARGIN, MARGIN + 24, where),
    ...parts,
    '</svg>\n',
  ].join('\n');
}
