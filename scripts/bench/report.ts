// Shows a board as text and writes it to a file.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Board, PairedRow } from './board.ts';
import { drawBoard } from './chart.ts';
import type { Gate } from './gates.ts';
import type { Inits } from './inits.ts';
import type { Throughput } from './slices.ts';

/** Columns as wide as their widest cell; numbers to the right. */
export function toTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const isNumber = head.map((_, column) => rows.every((row) => /^[-\d]/.test(row[column] ?? '-')));
  const line = (row: readonly string[]): string =>
    widths
      .map((width, column) =>
        isNumber[column] ? (row[column] ?? '').padStart(width) : (row[column] ?? '').padEnd(width),
      )
      .join('  ')
      .trimEnd();
  return all.map(line).join('\n');
}

const us = (value: number | null): string => (value === null ? '-' : value.toFixed(0));
const percent = (value: number | null): string => (value === null ? '-' : `${(value * 100).toFixed(0)} %`);

function toPairedLine(row: PairedRow): string[] {
  const { addedP50Us: added, ratio } = row;
  return [
    row.scenario,
    row.target,
    us(row.waitedP50Us),
    us(added.value),
    `${us(added.low)}..${us(added.high)}`,
    us(row.addedP99Us),
    ratio === null ? '-' : ratio.value.toFixed(2),
    ratio === null ? '-' : `${ratio.low.toFixed(2)}..${ratio.high.toFixed(2)}`,
    us(row.transitP50Us),
    us(row.transitP99Us),
    String(row.failed),
  ];
}

const pairedHead = [
  'scenario',
  'target',
  'p50',
  'added p50',
  '95 %',
  'added p99',
  'x ref',
  '95 %',
  'event p50',
  'event p99',
  'failed',
];

function toThroughputLine(slice: Throughput): string[] {
  const { limitedBy } = slice;
  return [
    String(slice.connections),
    slice.target,
    limitedBy === null ? slice.perSecond.toFixed(0) : '-',
    us(slice.cpuUs),
    us(slice.p50Us),
    us(slice.p99Us),
    percent(slice.busyShare),
    percent(slice.rigShare),
    String(slice.failed),
    limitedBy === null ? '' : `rig limited: ${limitedBy}`,
  ];
}

const throughputHead = [
  'connections',
  'target',
  'req/s',
  'CPU us/req',
  'p50 us',
  'p99 us',
  'own core',
  'rig core',
  'failed',
  '',
];

/** What a cold start costs, in words. */
export function toInitSection({ runs, nothing, freeway, addedMs }: Inits): string {
  const rows = Object.entries({ nothing, freeway }).map(([name, init]) => [
    name,
    init.ms.toFixed(0),
    us(init.cpuMs),
    us(init.rssMb),
  ]);
  return (
    `Initialising the Lambda function under the official runtime client, median of ${runs}: ${addedMs.toFixed(0)} ms more than a function that does nothing.\n` +
    toTable(['function', 'ms', 'CPU ms', 'MB'], rows)
  );
}

const toChoiceLine = ({ candidates, spared, p50Us, p99Us, runs }: Board['choices'][number]): string[] => [
  `${candidates}${spared ? ', all spared' : ''}`,
  p50Us.toFixed(1),
  p99Us.toFixed(1),
  String(runs),
];

function toEstimateSection({ times, errors }: Board['estimates']): string {
  const took = times.map(({ characters, p50Us, p99Us }) => [String(characters), us(p50Us), us(p99Us)]);
  const off = errors.map(({ vocabulary, raw, corrected, requests }) => [
    vocabulary,
    (raw * 100).toFixed(1),
    (corrected * 100).toFixed(1),
    String(requests),
  ]);
  return (
    `Estimate of tokens, us:\n${toTable(['characters', 'p50', 'p99'], took)}\n` +
    `Mean of what it is off, %, before and after the correction that replies teach:\n${toTable(['vocabulary', 'before', 'after', 'requests'], off)}`
  );
}

function toMemorySection(memory: Board['memory']): string {
  const rows = memory.map(({ target, idleMb, afterMb, restedMb }) => [target, us(idleMb), us(afterMb), us(restedMb)]);
  return `Memory, MB:\n${toTable(['target', 'idle', 'after', 'rested'], rows)}`;
}

function toSections(board: Board): string[] {
  const { machine, storeCalls } = board;
  const stolen = board.stolenShare === null ? '' : `, ${(board.stolenShare * 100).toFixed(1)} % stolen`;
  const sections = [
    `${machine.cpu}, ${machine.cores} cores, ${machine.system}, Node ${machine.node}, ${board.pinned ? 'pinned' : 'not pinned'}${stolen}`,
    `Added latency, one request in flight, us:\n${toTable(pairedHead, board.paired.map(toPairedLine))}`,
  ];
  if (board.throughput.length > 0)
    sections.push(`Closed loop, small JSON:\n${toTable(throughputHead, board.throughput.map(toThroughputLine))}`);
  sections.push(toMemorySection(board.memory));
  if (board.growth) {
    const { target, requests, warmMb, afterMb } = board.growth;
    const grown = ((afterMb / warmMb - 1) * 100).toFixed(1);
    sections.push(
      `Memory of ${target}: ${us(warmMb)} MB warmed up, ${us(afterMb)} MB after ${requests} more requests (${grown} %).`,
    );
  }
  const decisions = board.decisions.map((row) => [
    row.body,
    String(row.bytes),
    us(row.p50Us),
    us(row.p99Us),
    String(row.runs),
  ]);
  sections.push(
    `Decision over 500 candidates in process, us:\n${toTable(['body', 'bytes', 'p50', 'p99', 'runs'], decisions)}`,
  );
  sections.push(
    `The choice alone, us:\n${toTable(['candidates', 'p50', 'p99', 'runs'], board.choices.map(toChoiceLine))}`,
  );
  sections.push(toEstimateSection(board.estimates));
  if (storeCalls) {
    const { requests, readsBefore, writesBefore, readsAfter, writesAfter, perThousand } = storeCalls;
    sections.push(
      `Store calls of one request, the most of 95 in 100 among ${requests} after the first: ${readsBefore} reads and ${writesBefore} writes before the first byte, ` +
        `${readsAfter} reads and ${writesAfter} writes after it. ` +
        `A server that goes on running: ${perThousand.reads} reads and ${perThousand.writes} writes per 1,000 requests.`,
    );
  }
  if (board.invocations) {
    const { runs, p50Us, p99Us } = board.invocations;
    sections.push(
      `An invocation of the Lambda handler in process, all but the provider, ${runs} times: p50 ${us(p50Us)} us, p99 ${us(p99Us)} us.`,
    );
  }
  if (board.starts) {
    const { runs, medianMs, slowestMs, rssMb } = board.starts;
    sections.push(
      `From spawning to the first 200, ${runs} times: median ${medianMs.toFixed(0)} ms, slowest ${slowestMs.toFixed(0)} ms; ` +
        `${rssMb === null ? 'memory unknown' : `${rssMb.toFixed(0)} MB then`}.`,
    );
  }
  if (board.inits) sections.push(toInitSection(board.inits));
  if (board.notRun.length > 0) sections.push(`Not run:\n${board.notRun.map((line) => `- ${line}`).join('\n')}`);
  return sections;
}

/** The board for people. */
export const renderBoard = (board: Board): string => toSections(board).join('\n\n');

/** The gates for people. */
export const renderGates = (gates: readonly Gate[]): string =>
  gates.map(({ name, passed, found }) => `${passed ? 'ok  ' : 'FAIL'} ${name}: ${found}`).join('\n');

const renderMarkdown = (board: Board, gates: readonly Gate[]): string =>
  [...toSections(board), renderGates(gates)].map((section) => `\`\`\`\n${section}\n\`\`\`\n`).join('\n');

/** Writes the board into the folder, as JSON, as Markdown and as a chart beside it, and answers the path of the JSON. */
export function writeBoard(board: Board, gates: readonly Gate[], folder: string): string {
  mkdirSync(folder, { recursive: true });
  const cpu = board.machine.cpu.replace(/[^A-Za-z0-9]+/g, '-').toLowerCase();
  const path = join(folder, `${board.startedAt.replace(/[:.]/g, '-')}-${cpu}`);
  writeFileSync(`${path}.md`, renderMarkdown(board, gates));
  writeFileSync(`${path}.svg`, drawBoard(board));
  writeFileSync(`${path}.json`, `${JSON.stringify({ ...board, gates }, null, 2)}\n`);
  return `${path}.json`;
}
