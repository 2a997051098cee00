// Metrics as a Prometheus server reads them: names, types, escapes, cumulative buckets, and bounded memory.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMetrics } from '#lambda/telemetry/metrics.ts';

/** Values by series, as a scraper understands the text. */
function scrape(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const sample = /^([a-z_]+(?:\{(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*\})?) (\S+)$/.exec(line);
    expect(sample, line).not.toBeNull();
    expect(samples.has(sample?.[1] ?? ''), 'a series stands once').toBe(false);
    samples.set(sample?.[1] ?? '', Number(sample?.[2]));
  }
  return samples;
}

describe('metrics', () => {
  it('is empty before anything is counted', () => expect(createMetrics().render()).toBe(''));

  it('counts by label set, whatever the order of the labels', () => {
    const metrics = createMetrics();
    metrics.count('freeway_requests_total', { tier: 'free', result: 'ok' });
    metrics.count('freeway_requests_total', { result: 'ok', tier: 'free' }, 2);
    metrics.count('freeway_requests_total');
    metrics.gauge('b', 3);
    metrics.gauge('b', 1.5);
    expect(metrics.render()).toBe(
      '# TYPE b gauge\nb 1.5\n' +
        '# HELP freeway_requests_total Requests answered, by operation, tier and result.\n# TYPE freeway_requests_total counter\n' +
        'freeway_requests_total{result="ok",tier="free"} 3\nfreeway_requests_total 1\n',
    );
  });

  it('keeps counters from shrinking, and leaves out what is no number', () => {
    const metrics = createMetrics();
    metrics.count('c', {}, 5);
    metrics.count('c', {}, -3);
    metrics.count('c', {}, Number.NaN);
    metrics.observe('h', Number.POSITIVE_INFINITY);
    expect(metrics.render()).toBe('# TYPE c counter\nc 5\n');
  });

  it('tells observations in cumulative buckets', () => {
    const metrics = createMetrics();
    for (const seconds of [0.005, 0.006, 0.3, 500]) metrics.observe('d', seconds, { route: 'a/b' });
    const samples = scrape(metrics.render());
    expect(samples.get('d_bucket{route="a/b",le="0.005"}')).toBe(1);
    expect(samples.get('d_bucket{route="a/b",le="0.01"}')).toBe(2);
    expect(samples.get('d_bucket{route="a/b",le="0.25"}')).toBe(2);
    expect(samples.get('d_bucket{route="a/b",le="120"}')).toBe(3);
    expect(samples.get('d_bucket{route="a/b",le="+Inf"}')).toBe(4);
    expect(samples.get('d_count{route="a/b"}')).toBe(4);
    expect(samples.get('d_sum{route="a/b"}')).toBeCloseTo(500.311);
  });

  it('stays readable whatever stands in a label', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 20 }), (values) => {
        const metrics = createMetrics();
        for (const value of values) metrics.count('c', { value });
        expect(scrape(metrics.render()).size).toBe(new Set(values).size);
      }),
    );
  });

  it('bounds the series of a metric, and loses no count', () => {
    const metrics = createMetrics();
    for (let i = 0; i < 5_000; i++) metrics.count('c', { caller: String(i) });
    metrics.count('c', { caller: '7' });
    const samples = scrape(metrics.render());
    expect(samples.size).toBe(2_001);
    expect(samples.get('c{caller="7"}')).toBe(2);
    expect([...samples.values()].reduce((sum, value) => sum + value)).toBe(5_001);
  });
});
