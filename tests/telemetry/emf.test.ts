import { describe, expect, it } from 'vitest';
import { createEmfMetrics } from '#lambda/telemetry/emf.ts';
import { createMetrics } from '#lambda/telemetry/metrics.ts';

function open(functionName: string | null = 'freeway-prod') {
  const lines: string[] = [];
  const metrics = createEmfMetrics(createMetrics(), {
    write: (line) => lines.push(line),
    now: () => 1_700_000_000_000,
    functionName,
  });
  return { metrics, lines };
}

describe('embedded metric format', () => {
  it('tells sums over all labels, values of durations and the highest of gauges, once', () => {
    const { metrics, lines } = open();
    metrics.count('freeway_requests_total', { operation: 'chat', result: 'ok' });
    metrics.count('freeway_requests_total', { operation: 'chat', result: 'exhausted' });
    metrics.count('freeway_cost_usd_total', { provider: 'a' }, 0.25);
    metrics.observe('freeway_attempt_duration_seconds', 0.5, { provider: 'a' });
    metrics.observe('freeway_attempt_duration_seconds', 1.5, { provider: 'b' });
    metrics.gauge('freeway_pool_pressure', 0.9, { route: 'a/m' });
    metrics.gauge('freeway_pool_pressure', 0.2, { route: 'b/m' });
    metrics.flush();
    metrics.flush();
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        _aws: {
          Timestamp: 1_700_000_000_000,
          CloudWatchMetrics: [
            {
              Namespace: 'Freeway',
              Dimensions: [['FunctionName']],
              Metrics: [
                { Name: 'freeway_requests_total', Unit: 'Count' },
                { Name: 'freeway_exhausted_total', Unit: 'Count' },
                { Name: 'freeway_cost_usd_total', Unit: 'None' },
                { Name: 'freeway_pool_pressure', Unit: 'None' },
                { Name: 'freeway_attempt_duration_seconds', Unit: 'Seconds' },
              ],
            },
          ],
        },
        FunctionName: 'freeway-prod',
        freeway_requests_total: 2,
        freeway_exhausted_total: 1,
        freeway_cost_usd_total: 0.25,
        freeway_pool_pressure: 0.9,
        freeway_attempt_duration_seconds: [0.5, 1.5],
      },
    ]);
    expect(metrics.render()).toContain('freeway_requests_total{operation="chat",result="ok"} 1');
  });

  it('tells both kinds of limits as limited, at most a hundred values in a line, and nothing that is no number', () => {
    const { metrics, lines } = open();
    metrics.count('freeway_attempts_total', { result: 'rate_limited' });
    metrics.count('freeway_attempts_total', { result: 'quota_exhausted' });
    metrics.count('freeway_attempts_total', { result: 'ok' }, Number.NaN);
    for (let i = 0; i < 150; i++) metrics.observe('freeway_wait_seconds', i);
    metrics.gauge('freeway_pool_pressure', Number.NaN);
    metrics.flush();
    const told = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    expect(told).toMatchObject({ freeway_attempts_total: 2, freeway_limited_total: 2 });
    expect(told['freeway_wait_seconds']).toHaveLength(100);
    expect(told).not.toHaveProperty('freeway_pool_pressure');
  });

  it('has no dimension where no function has a name, and tells nothing of what was never a number', () => {
    const { metrics, lines } = open(null);
    metrics.observe('freeway_wait_seconds', Number.NaN);
    metrics.flush();
    expect(lines).toEqual([]);
    metrics.count('freeway_alerts_total');
    metrics.flush();
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ _aws: { CloudWatchMetrics: [{ Dimensions: [[]] }] } });
    expect(lines[0]).not.toContain('FunctionName');
  });

  it('is told as of the moment given: that at which the invocation began, by which Lambda counts its own', () => {
    const { metrics, lines } = open();
    metrics.count('freeway_alerts_total');
    metrics.flush(1_600_000_000_000);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ _aws: { Timestamp: 1_600_000_000_000 } });
  });
});
