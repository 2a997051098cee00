// npm run race: hundreds of loops in several processes reserve from one limit at once, over SQLite and over DynamoDB, by the real clock.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureTable } from '#lambda/store/dynamo-table.ts';
import { engineMissing, startDynamoEngine } from '../../tests/fakes/dynamo-engine.ts';
import { readArguments, runCommand, UsageError } from '../arguments.ts';
import { toTable } from '../bench/report.ts';
import { fullRace, LEAST_SHARE } from './plan.ts';
import { runRace, type Result } from './race.ts';

const usage = `npm run race [-- --only sqlite|dynamodb] [--skew <ms>]
  ${fullRace.processes} processes of ${fullRace.racers} loops reserve against ${fullRace.limit} per ${fullRace.windowMs / 1000} s for ${Math.round(fullRace.forMs / 1000)} s on each store
  --skew  sets the clock of one process so far back and that of another so far ahead, on DynamoDB (processes on one file have one clock)`;

async function raceOnSqlite(): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'freeway-race-'));
  try {
    return await runRace(fullRace, { sqlitePath: join(folder, 'store.db'), table: null, env: {} });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function raceOnDynamo(skewMs: number): Promise<Result> {
  const engine = await startDynamoEngine();
  try {
    const client = engine.client();
    await ensureTable(client, 'race');
    client.destroy();
    return await runRace({ ...fullRace, skewMs }, { sqlitePath: null, table: 'race', env: engine.env });
  } finally {
    await engine.close();
  }
}

const toLine = (store: string, { asked, outrun, away, taken, most, perWindow, holds }: Result): string[] => [
  store,
  String(fullRace.processes * fullRace.racers),
  String(asked),
  String(outrun),
  String(away),
  String(taken),
  String(most),
  perWindow.join(', '),
  holds ? 'holds' : 'FAIL',
];

const stores = ['sqlite', 'dynamodb'] as const;

/** What is to be raced on, and how far clocks are apart. Throws UsageError. */
function choose(): { chosen: readonly (typeof stores)[number][]; skewMs: number } {
  const { only, skew } = readArguments(usage, {
    options: { only: { type: 'string' }, skew: { type: 'string' } },
  }).values;
  const chosen = stores.filter((store) => only === undefined || store === only);
  if (chosen.length === 0) throw new UsageError(`--only is "${only}", but must be ${stores.join(' or ')}.`, usage);
  if (skew !== undefined && !/^\d+$/.test(skew))
    throw new UsageError(`--skew is "${skew}", but must be a number of milliseconds, 0 or more.`, usage);
  return { chosen, skewMs: Number(skew ?? 0) };
}

const head = [
  'store',
  'at once',
  'asked',
  'outrun',
  'store away',
  'taken',
  `most in ${fullRace.windowMs / 1000} s`,
  'in each',
  '',
];

async function main(): Promise<number> {
  const { chosen, skewMs } = choose();
  const lines: string[][] = [];
  if (chosen.includes('sqlite')) lines.push(toLine('sqlite', await raceOnSqlite()));
  if (chosen.includes('dynamodb') && engineMissing !== null) console.error(`Not run on DynamoDB: ${engineMissing}.`);
  else if (chosen.includes('dynamodb')) lines.push(toLine('dynamodb', await raceOnDynamo(skewMs)));
  console.log(toTable(head, lines));
  console.log(
    `\nHolds: at most ${fullRace.limit} in any interval, at least ${fullRace.limit * LEAST_SHARE} in each. Where the store was away, on a machine too busy for it, each process counts by itself.`,
  );
  return lines.every((line) => line.at(-1) === 'holds') ? 0 : 1;
}

await runCommand(main);
process.exit();
