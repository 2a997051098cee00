// Gradual rollout: who is in a part, and that nobody leaves it while it grows.
import { describe, expect, it } from 'vitest';
import { assign, isOn, isWithin } from '#shared/rollout.ts';
import { experimentSchema, flagSchema, type Experiment } from '#shared/rollout-schemas.ts';
import { sumExperiment } from '#shared/experiment-sums.ts';
import type { UsageRecord } from '#shared/api/usage.ts';

const subjects = Array.from({ length: 20_000 }, (_, index) => `person-${index}`);
const part = (name: string, percent: number): Set<string> =>
  new Set(subjects.filter((subject) => isWithin(name, subject, percent)));

describe('a part of all subjects', () => {
  it.each([0, 1, 10, 50, 99, 100])('is %s %% of them', (percent) => {
    const share = (part('new-ui', percent).size / subjects.length) * 100;
    expect(Math.abs(share - percent)).toBeLessThan(percent === 0 || percent === 100 ? 1e-9 : 1);
  });

  it('grows without letting anybody go', () => {
    const larger = part('new-ui', 30);
    for (const subject of part('new-ui', 10)) expect(larger.has(subject)).toBe(true);
  });

  it('is another one under another name', () => {
    const other = part('new-api', 50);
    const both = [...part('new-ui', 50)].filter((subject) => other.has(subject));
    expect(Math.abs(both.length / subjects.length - 0.25)).toBeLessThan(0.02);
  });
});

describe('a flag', () => {
  it('is on by name whatever the percentage, and off for all when disabled', () => {
    const flag = flagSchema.parse({ name: 'new-ui', always: ['ada'] });
    expect(isOn(flag, 'ada')).toBe(true);
    expect(isOn(flag, 'bob')).toBe(false);
    expect(isOn({ ...flag, percent: 100, enabled: false }, 'ada')).toBe(false);
  });
});

const experiment = (fields: Partial<Experiment>): Experiment =>
  experimentSchema.parse({ name: 'e', kind: 'split', percent: 50, variant: { model: 'm2' }, ...fields });
const asking = { model: 'auto', callerId: 'ada', requestId: 'r1' };

describe('an experiment', () => {
  it('keeps a caller on one side, or draws anew for each request', () => {
    const sides = (by: Experiment['by']): Set<string | undefined> =>
      new Set(subjects.slice(0, 50).map((requestId) => assign([experiment({ by })], { ...asking, requestId })?.arm));
    expect(sides('caller').size).toBe(1);
    expect(sides('request')).toEqual(new Set(['control', 'variant']));
  });

  it('takes only requests for its models, and the first that fits counts', () => {
    const first = experiment({ name: 'first', models: ['auto:large'], percent: 100 });
    const second = experiment({ name: 'second', percent: 100 });
    expect(assign([first, second], asking)?.experiment.name).toBe('second');
    expect(assign([first, second], { ...asking, model: 'auto:large' })?.experiment.name).toBe('first');
    expect(assign([{ ...first, enabled: false }], { ...asking, model: 'auto:large' })).toBeNull();
  });

  it('leaves alone what names a model of its own, unless that is listed', () => {
    expect(assign([experiment({ percent: 100 })], { ...asking, model: 'groq/llama' })).toBeNull();
    expect(
      assign([experiment({ percent: 100, models: ['groq/llama'] })], { ...asking, model: 'groq/llama' })?.arm,
    ).toBe('variant');
  });

  it('as a shadow never changes who answers, and compares only what is in its part', () => {
    const shadow = experiment({ kind: 'shadow', percent: 100 });
    expect(assign([shadow], asking)?.arm).toBe('control');
    expect(assign([{ ...shadow, percent: 0 }], asking)).toBeNull();
  });

  it('must ask for something', () => {
    expect(experimentSchema.safeParse({ name: 'e', kind: 'split', percent: 1, variant: {} }).success).toBe(false);
    expect(
      experimentSchema.safeParse({ name: 'E e', kind: 'split', percent: 1, variant: { model: 'm' } }).success,
    ).toBe(false);
  });
});

describe('the comparison', () => {
  const record = (fields: Partial<UsageRecord>): UsageRecord => ({
    request_id: 'r',
    at: '2026-11-21T10:00:00.000Z',
    person_id: 'p',
    key_id: null,
    operation: 'chat',
    outcome: 'ok',
    route: 'alpha/m1',
    credential: 'alpha',
    tier: 'free',
    input_tokens: 10,
    output_tokens: 20,
    audio_seconds: null,
    cost_usd: 0,
    list_usd: 0.002,
    wait_ms: 0,
    duration_ms: 100,
    rescues: 0,
    attempts: [],
    experiment: 'e',
    arm: 'control',
    ...fields,
  });

  it('tells the sides apart, and nothing of other experiments', () => {
    const records = [
      ...Array.from({ length: 98 }, (_, index) => record({ duration_ms: index + 1, finish: 'stop' })),
      record({ outcome: 'upstream_failed', route: null, tier: null, cost_usd: null }),
      record({ outcome: 'upstream_failed', route: null, tier: null, cost_usd: null }),
      record({ arm: 'variant', duration_ms: 7, first_content_ms: 3, cost_usd: 0.5, tier: 'paid', finish: 'length' }),
      record({ experiment: 'other', duration_ms: 1e6 }),
    ];
    const [control, variant] = sumExperiment('e', records);
    expect(control).toMatchObject({
      arm: 'control',
      requests: 100,
      ok: 98,
      duration_p50_ms: 49,
      duration_p95_ms: 94,
      first_content_p50_ms: null,
      free: 98,
      finishes: { stop: 98 },
      outcomes: { ok: 98, upstream_failed: 2 },
    });
    // Wilson's interval for 98 of 100.
    expect(control?.ok_low).toBeCloseTo(0.93, 2);
    expect(control?.ok_high).toBeCloseTo(0.9945, 3);
    expect(variant).toMatchObject({ requests: 1, cost_mean_usd: 0.5, first_content_p50_ms: 3, free: 0 });
  });

  it('says that it knows nothing of nothing', () => {
    expect(sumExperiment('e', [])[0]).toMatchObject({ requests: 0, ok_low: null, duration_p50_ms: null });
  });
});
