// `npm run wall`: the sixteen provider faults, each over JSON and SSE, against the started server.
import { readArguments, runCommand, UsageError } from '../arguments.ts';
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

const LOAD_MINUTES = 5;

const usage = `npm run wall [-- options]
  --surface <name>   where it is asked: ${Object.keys(surfaces).join(', ')}
  --wire <name>      what the providers speak: ${wires.join(', ')}
  --fast             waits that are ${FAST} times shorter
  --load [minutes]   keeps 200 streams going instead, ${LOAD_MINUTES} minutes unless told
  --soak, --cost     watches memory, or measures processor time instead`;

/** The choice behind an option, the first when it is not given. Throws UsageError when it is none of them. */
function choose<T extends string>(option: string, given: string | undefined, choices: readonly T[]): T {
  const choice = choices.find((one) => one === (given ?? choices[0]));
  if (choice !== undefined) return choice;
  throw new UsageError(`${option} is "${given}", but must be one of ${choices.join(', ')}.`, usage);
}

interface Side {
  readonly surface: SurfaceName;
  readonly wire: (typeof wires)[number];
}

async function wall(speed: number, side: Side): Promise<boolean> {
  const { rows, alive } = await runWall({ speed, ...side });
  console.log('fault                             wire  result    time  calls (first provider + backup)');
  for (const row of rows) console.log(toLine(row));
  const ids = [...new Set(rows.map(({ id }) => id))];
  const passed = ids.filter((id) => rows.every((row) => row.id !== id || row.faults.length === 0));
  console.log(
    `${passed.length}/${ids.length} passed over JSON and SSE; the server ${alive ? 'answers' : 'does NOT answer'} afterwards.`,
  );
  return alive && passed.length === ids.length;
}

function run(): Promise<boolean> {
  const { values, positionals } = readArguments(usage, {
    allowPositionals: true,
    options: {
      surface: { type: 'string' },
      wire: { type: 'string' },
      fast: { type: 'boolean', default: false },
      load: { type: 'boolean', default: false },
      soak: { type: 'boolean', default: false },
      cost: { type: 'boolean', default: false },
    },
  });
  const [given] = positionals;
  const minutes = Number(given ?? LOAD_MINUTES);
  if (given !== undefined && !(values.load && minutes > 0))
    throw new UsageError(`--load takes minutes, not "${given}".`, usage);
  if (values.load) return load(minutes);
  if (values.soak) return soak();
  if (values.cost) return cost();
  const surface = choose('--surface', values.surface, Object.keys(surfaces) as SurfaceName[]);
  return wall(values.fast ? FAST : 1, { surface, wire: choose('--wire', values.wire, wires) });
}

await runCommand(async () => ((await run()) ? 0 : 1));
