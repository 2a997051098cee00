// The metrics registry: what Prometheus reads, and how much it can ever hold.
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { metricHelp } from '#lambda/telemetry/metric-help.ts';
import { createMetrics } from '#lambda/telemetry/metrics.ts';

const linesOf = (text: string, start: string): string[] => text.split('\n').filter((line) => line.startsWith(start));

describe('metrics: the text', () => {
  it('is empty at first', () => {
    expect(createMetrics().render()).toBe('');
  });

  it('describes each metric once, in order of their names, then tells its series', () => {
    const metrics = createMetrics();
    metrics.count('freeway_tokens_total', { tier: 'free', direction: 'input' }, 12);
    metrics.count('freeway_tokens_total', { direction: 'input', tier: 'free' }, 30);
    metrics.count('freeway_tokens_total', { direction: 'output', tier: 'free' }, 0.5);
    metrics.gauge('freeway_pool_pressure', 0.25, { route: 'a/m' });
    metrics.gauge('freeway_pool_pressure', 0.75, { route: 'a/m' });
    metrics.count('freeway_reserve_conflicts_total');
    expect(metrics.render(metricHelp)).toBe(
      [
        `# HELP freeway_pool_pressure ${metricHelp['freeway_pool_pressure']}`,
        '# TYPE freeway_pool_pressure gauge',
        'freeway_pool_pressure{route="a/m"} 0.75',
        `# HELP freeway_reserve_conflicts_total ${metricHelp['freeway_reserve_conflicts_total']}`,
        '# TYPE freeway_reserve_conflicts_total counter',
        'freeway_reserve_conflicts_total 1',
        `# HELP freeway_tokens_total ${metricHelp['freeway_tokens_total']}`,
        '# TYPE freeway_tokens_total counter',
        'freeway_tokens_total{direction="input",tier="free"} 42',
        'freeway_tokens_total{direction="output",tier="free"} 0.5',
        '',
      ].join('\n'),
    );
  });

  it('counts a histogram into every bucket that holds the value', () => {
    const metrics = createMetrics();
    for (const seconds of [0.005, 0.3, 0.3, 119, 1_000])
      metrics.observe('freeway_attempt_duration_seconds', seconds, { tier: 'free' });
    const text = metrics.render();
    const name = 'freeway_attempt_duration_seconds';
    for (const [bound, count] of [['0.005', 1], ['0.25', 1], ['0.5', 3], ['60', 3], ['120', 4], ['+Inf', 5]])
      expect(text).toContain(`${name}_bucket{tier="free",le="${bound}"} ${count}\n`);
    expect(text).toContain(`${name}_sum{tier="free"} 1119.605\n`);
    expect(text).toContain(`${name}_count{tier="free"} 5\n`);
  }); // prettier-ignore

  it('tells what is no number in the words of Prometheus', () => {
    const metrics = createMetrics();
    for (const value of [Number.NaN, Infinity, -Infinity, 1e21]) metrics.gauge('g', value, { value: String(value) });
    expect(linesOf(metrics.render(), 'g{')).toEqual([
      'g{value="NaN"} NaN',
      'g{value="Infinity"} +Inf',
      'g{value="-Infinity"} -Inf',
      'g{value="1e+21"} 1e+21',
    ]);
  });

  it('keeps any label value within its line, so that it can be read back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        const metrics = createMetrics();
        metrics.count('c', { value });
        const lines = metrics.render().split('\n');
        expect(lines).toHaveLength(3);
        const quoted = /^c\{value="((?:[^"\\\n]|\\["\\n])*)"\} 1$/s.exec(lines[1] ?? '')?.[1];
        expect(quoted?.replace(/\\(.)/g, (_, sign: string) => (sign === 'n' ? '\n' : sign))).toBe(value);
      }),
    );
  });
});

describe('metrics: the bound', () => {
  it('counts further label sets together once there are 2,000', () => {
    const metrics = createMetrics();
    for (let i = 0; i < 5_000; i++) metrics.count('c', { id: String(i) });
    metrics.count('c', { id: '7' });
    const lines = linesOf(metrics.render(), 'c{');
    expect(lines).toHaveLength(2_001);
    expect(lines).toContain('c{id="7"} 2');
    expect(lines).toContain('c{overflow="true"} 3000');
  });
});

it('every metric that is counted anywhere has one kind and a description', () => {
  const root = fileURLToPath(new URL('../../lambda', import.meta.url));
  const kinds = new Map<string, Set<string>>();
  for (const path of globSync('**/*.ts', { cwd: root })) {
    const source = readFileSync(`${root}/${path}`, 'utf8');
    for (const [, kind = '', name = ''] of source.matchAll(/\b(count|observe|gauge)\(\s*'(freeway_\w+)'/g))
      kinds.set(name, (kinds.get(name) ?? new Set()).add(kind));
  }
  expect(kinds.size).toBeGreaterThan(5);
  for (const [name, used] of kinds) expect([name, used.size, metricHelp[name]]).toEqual([name, 1, expect.any(String)]);
});
