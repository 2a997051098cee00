// Alarms, dashboards and the docs ask for metrics by name: each of them is counted somewhere, and described.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { metricHelp } from '#lambda/telemetry/metric-help.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const NAME = /freeway_[a-z_]+_(?:total|seconds|pressure|open|locked)/g;
const namesIn = (text: string): string[] => [...new Set(text.match(NAME))].toSorted();

const sources = readdirSync(join(root, 'lambda'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('metric-help.ts'))
  .map((path) => readFileSync(join(root, 'lambda', path), 'utf8'))
  .join('\n');

it('of every metric that is described are counted in the code, and the other way round', () => {
  // Told to CloudWatch only, as parts of others.
  const derived = ['freeway_exhausted_total', 'freeway_limited_total'];
  expect(namesIn(sources).filter((name) => !derived.includes(name))).toEqual(Object.keys(metricHelp).toSorted());
});

describe.each(['scripts/deploy/template.json', 'docs/grafana.json', 'docs/operate.md', 'README.md'])('%s', (path) => {
  it('names only metrics that there are', () => {
    const counted = namesIn(sources);
    expect(namesIn(readFileSync(join(root, path), 'utf8')).filter((name) => !counted.includes(name))).toEqual([]);
  });
});
