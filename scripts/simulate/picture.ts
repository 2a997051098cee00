// Draws days as one picture: demand and who served it, pressure, refusals and waits, stretch by stretch.
import type { Bin } from './measure.ts';
import { percentile } from './measure.ts';

export interface Strip {
  readonly name: string;
  readonly bins: readonly Bin[];
}

const WIDTH = 960;
const ROW = 64;
const LEFT = 150;
const GAP = 26;

const colours = {
  free: '#2f9e63',
  paid: '#d9862b',
  refused: '#c23b3b',
  pressure: '#3b6fc2',
  limited: '#c23b3b',
  waits: '#7a4fc2',
} as const;

const bar = (x: number, y: number, { width, height, fill }: { width: number; height: number; fill: string }): string =>
  height <= 0
    ? ''
    : `<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${width.toFixed(1)}" height="${height.toFixed(1)}" fill="${fill}"/>`;

const label = (text: string, y: number, size = 11): string =>
  `<text x="0" y="${y}" font-size="${size}">${text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`;

/** Served and refused requests, one on the other. */
function drawDemand(bins: readonly Bin[], top: number): string {
  const most = Math.max(1, ...bins.map(({ demand }) => demand));
  const width = (WIDTH - LEFT) / bins.length;
  return bins
    .map(({ free, paid, refused }, index) => {
      let y = top + ROW;
      const parts = [['free', free], ['paid', paid], ['refused', refused]] as const;
      return parts
        .map(([name, count]) => {
          const height = (count / most) * ROW;
          y -= height;
          return bar(LEFT + index * width, y, { width, height, fill: colours[name] });
        })
        .join('');
    })
    .join('');
} // prettier-ignore

function drawValues(values: readonly number[], top: number, { most, fill }: { most: number; fill: string }): string {
  const width = (WIDTH - LEFT) / values.length;
  return values
    .map((value, index) => {
      const height = (Math.min(value, most) / most) * (ROW / 2);
      return bar(LEFT + index * width, top + ROW / 2 - height, { width: width * 0.8, height, fill });
    })
    .join('');
}

function drawStrip({ name, bins }: Strip, top: number): string {
  const limited = bins.map((bin) => bin.limited);
  const mostLimited = Math.max(1, ...limited);
  const waits = bins.map((bin) => percentile(bin.waits, 0.95));
  const mostWait = Math.max(1000, ...waits);
  return [
    label(name, top + 14, 13),
    label('served free, paid, refused', top + 32),
    drawDemand(bins, top),
    label('mean pressure, 0 to 1', top + ROW + 24),
    drawValues(bins.map((bin) => bin.pressure), top + ROW + 6, { most: 1, fill: colours.pressure }),
    label(`429s of providers, up to ${mostLimited}`, top + ROW * 1.5 + 30),
    drawValues(limited, top + ROW * 1.5 + 12, { most: mostLimited, fill: colours.limited }),
    label(`wait p95, up to ${(mostWait / 1000).toFixed(1)} s`, top + ROW * 2 + 36),
    drawValues(waits, top + ROW * 2 + 18, { most: mostWait, fill: colours.waits }),
  ].join('\n'); // prettier-ignore
}

/** One SVG document with a strip per run. */
export function drawDays(strips: readonly Strip[]): string {
  const stripHeight = ROW * 2.5 + 18 + GAP;
  const height = 30 + strips.length * stripHeight;
  const body = strips.map((strip, index) => drawStrip(strip, 30 + index * stripHeight)).join('\n');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" fill="#222">
<rect width="100%" height="100%" fill="#fff"/>
${label('Each strip is one run from its start (left) to its end (right).', 16)}
${body}
</svg>
`;
}
