// What Freeway promises, on the books of simulated providers: minutes of the days that `npm run simulate` plays in full.
import { describe, expect, it } from 'vitest';
import { runJob } from '../../scripts/simulate/job.ts';
import { drawDays } from '../../scripts/simulate/picture.ts';
import { tellReports } from '../../scripts/simulate/table.ts';

const scenarios = [
  '60 %',
  '85 %',
  '120 %, paid',
  '200 %, paid',
  '120 %, no paid',
  '120 %, perfect estimates',
  '120 %, a third killed',
  '120 %, many, perfect',
  '85 %, store down 30 s',
];

describe('half an hour at a demand of', () => {
  it.each(scenarios)('%s', async (scenario) => {
    const { figures, faults } = await runJob({ scenario, baseline: null, short: true });
    expect(faults).toEqual([]);
    expect(figures.callers429).toBe(0);
    expect(figures.requests).toBeGreaterThan(500);
  });

  // Nothing unforeseen happens to these but what instances do to each other, whose clocks are two seconds apart.
  it.each(['120 %, perfect estimates', '120 %, many, perfect'])(
    '%s: nobody refuses, whatever the chances',
    async (scenario) => {
      for (const seed of [6, 20, 33]) {
        const { figures, refusals } = await runJob({ scenario, baseline: null, short: true, seed });
        expect([seed, refusals]).toEqual([seed, {}]);
        expect(figures.freeShare).toBeGreaterThan(0.7);
      }
    },
  );

  it('the trace costs less than half of one paid model, which routers without books do not manage', async () => {
    const costs: Record<string, number> = {};
    const refusals: Record<string, number> = {};
    const strong: Record<string, number> = {};
    for (const baseline of [null, 'paid only', 'count-after-response', 'lowest pressure'] as const) {
      const { figures } = await runJob({ scenario: '120 %, trace', baseline, short: true });
      strong[baseline ?? 'freeway'] = figures.strongShare ?? 0;
      costs[baseline ?? 'freeway'] = figures.costUsd;
      refusals[baseline ?? 'freeway'] = figures.provider429sPer1000;
    }
    expect(costs['freeway']).toBeLessThan((costs['paid only'] ?? 0) / 2);
    // Hard prompts are for strong models; who asks whoever is used least does not mind.
    expect(strong['freeway']).toBeGreaterThan((strong['lowest pressure'] ?? 1) + 0.1);
    expect(refusals['freeway']).toBeLessThan((refusals['count-after-response'] ?? 0) / 10);
  });
});

describe('a run', () => {
  it('is told in a table and a picture', async () => {
    const report = await runJob({ scenario: '60 %', baseline: null, short: true });
    const table = tellReports([{ ...report, faults: ['something is wrong'] }]);
    expect(table).toContain('FAIL 60 %: something is wrong');
    const picture = drawDays([{ name: 'a < b', bins: report.bins }]);
    expect(picture).toContain('a &lt; b');
    expect(picture).toMatch(/^<svg[\s\S]*<rect[\s\S]*<\/svg>\n$/);
  });

  it('gives the same figures again', async () => {
    const job = { scenario: '85 %', baseline: null, short: true } as const;
    const [first, second] = [await runJob(job), await runJob(job)];
    expect(second.figures).toEqual(first.figures);
  });
});
