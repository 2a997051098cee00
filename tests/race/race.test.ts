// The race for one limit: its judge, and a short race of real processes over SQLite.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fullRace, judge } from '../../scripts/race/plan.ts';
import { runRace } from '../../scripts/race/race.ts';
import { ensureTable } from '#lambda/store/dynamo-table.ts';
import { engineMissing, startDynamoEngine } from '../fakes/dynamo-engine.ts';

const plan = { ...fullRace, limit: 3, windowMs: 1_000, forMs: 2_000 };

describe('the judge', () => {
  it.each<[string, number[], number, boolean]>([
    ['accepts what is within the limit and uses it', [0, 400, 800, 1_000, 1_400, 1_800], 3, true],
    ['sees one too many in an interval across two', [0, 600, 700, 1_100, 1_550, 1_900], 4, false],
    ['sees a share unused', [0, 400, 800, 1_400, 1_800], 3, false],
  ])('%s', (_name, moments, most, holds) => {
    expect(judge(moments, plan, 0)).toMatchObject({ most, holds, taken: moments.length });
  });
});

describe('processes', () => {
  it('that all want the same never get more than there is, and get all of it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'freeway-race-'));
    // Shorter than the interval: what is taken first is all there is.
    const short = { limit: 10, windowMs: 60_000, processes: 2, racers: 10, forMs: 2_500 };
    const result = await runRace(short, { sqlitePath: join(folder, 'store.db'), table: null, env: {} });
    rmSync(folder, { recursive: true, force: true });
    expect(result).toMatchObject({ taken: 10, most: 10 });
    expect(result.asked).toBeGreaterThanOrEqual(short.processes * short.racers);
  });

  it.skipIf(engineMissing !== null)(
    'whose clocks are four seconds apart never get more than there is',
    async () => {
      const engine = await startDynamoEngine();
      try {
        const client = engine.client();
        await ensureTable(client, 'race');
        client.destroy();
        const skewed = { limit: 8, windowMs: 5_000, processes: 3, racers: 8, forMs: 11_000, skewMs: 2_000 };
        const result = await runRace(skewed, { sqlitePath: null, table: 'race', env: engine.env });
        expect(result.most).toBeLessThanOrEqual(skewed.limit);
        expect(result.away).toBe(0);
        expect(result.taken).toBeGreaterThan(skewed.limit);
      } finally {
        await engine.close();
      }
    },
    60_000,
  );
});
