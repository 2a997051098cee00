// Who looks after an installation finds every metric, every line of the log and every alarm in docs/operate.md, and none that is not there.
import { expect, it } from 'vitest';
import { logFields } from '#lambda/ports-telemetry.ts';
import { metricHelp } from '#lambda/telemetry/metric-help.ts';
import { alertKinds } from '#shared/api/alerts.ts';
import { namesIn, partOf, readText, textOf } from './sources.ts';

const page = 'docs/operate.md';
/** Beside the server itself, what `npm start` puts around it. */
const around = ['serve', 'line-writer', 'live-environment'].map((name) => readText(`scripts/${name}.ts`));
const code = [textOf('lambda', /\.ts$/), ...around].join('\n');

it('every metric stands in the table of metrics', () => {
  const told = namesIn(partOf(page, '## What to watch'), /`(freeway_[a-z_]+)/g);
  expect(Object.keys(metricHelp).filter((name) => !told.includes(name))).toEqual([]);
});

it('every line of the log stands in the table of events, and no other', () => {
  const found = namesIn(code, /\b(?:log|faults|told)\.(?:debug|info|warn|error)\(\s*'([a-z_.]+)'/g);
  const written = [...new Set(found)];
  // Made of the kind of an alert, and reported by way of a function.
  const others = [...alertKinds.map((kind) => `${kind}.alert`), 'books.unread', 'standings.unread'];
  expect(written.length).toBeGreaterThan(25);
  const rows = namesIn(partOf(page, '## The log'), /^\| (.+?) +\| (?:debug|info|warn|error)/gm);
  const told = rows.flatMap((row) => namesIn(row, /`([a-z_.]+)`/g));
  expect(told.toSorted()).toEqual([...written, ...others].toSorted());
});

it('every field of a line stands before that table', () => {
  const told = partOf(page, '## The log');
  expect(logFields.filter((name) => !told.includes(`\`${name}\``))).toEqual([]);
});

it('every alarm of the stack stands in the runbook, and no other', () => {
  const { Resources } = JSON.parse(readText('scripts/deploy/template.json')) as {
    readonly Resources: Readonly<Record<string, { readonly Type: string }>>;
  };
  const rung = Object.entries(Resources)
    .filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm')
    .map(([id]) => id.replace(/Alarm[0-9A-F]{8}$/, ''));
  const rows = namesIn(partOf(page, '## Runbook'), /^\| (`[A-Z].+?) +\|/gm);
  expect(rows.flatMap((row) => namesIn(row, /`(\w+)`/g)).toSorted()).toEqual(rung.toSorted());
});
