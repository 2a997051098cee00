// `npm run wall`: the sixteen provider faults, each over JSON and SSE, against the started server. `-- --surface messages --wire gemini` asks elsewhere, and providers of another format; `-- --fast` shortens the waits, `-- --soak` watches memory, `-- --cost` measures CPU, `-- --load [minutes]` keeps 200 streams going.
import { cost } from './cost.ts';
import { load } from './load.ts';
import { soak } from './soak.ts';
import { surfaces, type SurfaceName } from './surfaces.ts';
import { runWall, type Row } from './wall.ts';

const FAST = 8;

function toLine({ id, title, mode, faults, ms, primaryCalls, backupCalls, resumedBy }: Row): string {
  const verdict = faults.length === 0 ? 'pass' : 'FAIL';
  const calls = `${primaryCalls}+${backupCalls}`;
  const note = faults.length > 0 ? faults.join('; ') : resumedBy === null ? '' : `rescued by ${resumedBy}`;
  return [
    id,
    title.padEnd(28),
    mode.padEnd(4),
    verdict,
    `${(ms / 1000).toFixed(1)} s`.padStart(7),
    calls.padStart(6),
    note,
  ]
    .join('  ')
    .trimEnd();
}

/** Formats in which the simulated providers answer. */
const wires = ['openai-chat', 'openai-responses', 'anthropic', 'gemini', 'bedrock-converse'] as const;

const valueOf = (flag: string): string | undefined =>
  process.argv.includes(flag) ? process.argv[process.argv.indexOf(flag) + 1] : undefined;

/** The choice behind a flag, the first when it is not given. Throws when it is none of them. */
function choose<T extends string>(flag: string, choices: readonly T[]): T {
  const given = valueOf(flag) ?? choices[0];
  const choice = choices.find((one) => one === given);
  if (choice === undefined) throw new Error(`${flag} is one of ${choices.join(', ')}`);
  return choice;
}

async function wall(speed: number): Promise<boolean> {
  const surface = choose('--surface', Object.keys(surfaces) as SurfaceName[]);
  const { rows, alive } = await runWall({ speed, surface, wire: choose('--wire', wires) });
  console.log('fault                             wire  result    time  calls (first provider + backup)');
  for (const row of rows) console.log(toLine(row));
  const ids = [...new Set(rows.map(({ id }) => id))];
  const passed = ids.filter((id) => rows.every((row) => row.id !== id || row.faults.length === 0));
  console.log(
    `${passed.length}/${ids.length} passed over JSON and SSE; the server ${alive ? 'answers' : 'does NOT answer'} afterwards.`,
  );
  return alive && passed.length === ids.length;
}

const has = (flag: string): boolean => process.argv.includes(flag);

const LOAD_MINUTES = 5;

function run(): Promise<boolean> {
  if (has('--load')) return load(Number(valueOf('--load') ?? LOAD_MINUTES));
  if (has('--soak')) return soak();
  return has('--cost') ? cost() : wall(has('--fast') ? FAST : 1);
}

process.exitCode = (await run()) ? 0 : 1;
