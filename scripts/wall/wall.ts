// Builds the wall: two simulated providers on real sockets, the started server before them, and every scenario in JSON and SSE.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WireId } from '#shared/catalog.ts';
import { systemClock } from '#lambda/clock.ts';
import { startLocal } from '#lambda/main.local.ts';
import type { Clock } from '#lambda/ports.ts';
import { canonicalAnswer } from '../../tests/fakes/provider/answer.ts';
import { createFakeProvider, type FakeProvider, type Received } from '../../tests/fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../../tests/fakes/provider/server.ts';
import type { FakeModel } from '../../tests/fakes/provider/spec.ts';
import { ask, type Got, type Target } from './ask.ts';
import { createFastClock } from './fast-clock.ts';
import { judge } from './judge.ts';
import { scenarios, type Mode, type Scenario } from './scenarios.ts';
import type { SurfaceName } from './surfaces.ts';

/** One line of the table. */
export interface Row {
  readonly id: string;
  readonly title: string;
  readonly mode: Mode;
  /** Empty when it is passed. */
  readonly faults: readonly string[];
  readonly ms: number;
  readonly primaryCalls: number;
  readonly backupCalls: number;
  readonly resumedBy: string | null;
}

const KEY = 'owner-key-for-the-wall-0123456789abcdef';
const modes = ['json', 'sse'] as const;

const nameOf = ({ id }: Scenario, mode: Mode): string => `${id.toLowerCase()}-${mode}`;

interface Role {
  readonly name: 'primary' | 'backup';
  readonly provider: FakeProvider;
  readonly server: FakeServer;
  readonly entry: Readonly<Record<string, unknown>>;
}

const cases = scenarios.flatMap((scenario) => modes.map((mode) => ({ scenario, mode })));

/** The models of one role, one for each case, so that no case feels the rests of another. */
function toModels(role: Role['name'], { speed, wire }: Rig): FakeModel[] {
  const pace = { ttftMs: 100 / speed, tokensPerSecond: 100 * speed };
  return cases.map(({ scenario, mode }) => ({
    id: `${role}-${nameOf(scenario, mode)}`,
    ...pace,
    ...(role === 'primary' ? { fault: scenario.fault((ms) => ms / speed, mode, wire) } : scenario.backup),
  }));
}

interface Rig {
  readonly clock: Clock;
  readonly speed: number;
  /** The format the providers speak. */
  readonly wire: WireId;
}

async function openRole(name: Role['name'], priority: number, rig: Rig) {
  const { clock, speed, wire } = rig;
  const models = [...toModels(name, rig), { id: `${name}-ok`, ttftMs: 100 / speed, tokensPerSecond: 100 * speed }];
  const provider = createFakeProvider({ name, models, keepRequests: 1_000 }, clock);
  const server = await serveFakeProvider(provider);
  const entry = {
    // Where a format has a vendor of its own, faults are told in that vendor's words.
    provider: wire === 'gemini' ? 'gemini' : 'openai-compatible',
    name,
    baseUrl: server.baseUrl,
    apiKey: `key-of-${name}`,
    tier: 'free',
    priority,
    models: models.map(({ id }) => ({
      id,
      family: id.slice(name.length + 1),
      kind: 'chat',
      wire,
      size: 'large',
      // What is too long for the first must have somewhere to go.
      context: name === 'primary' ? 32_768 : 131_072,
      capabilities: ['tools', 'prefill'],
    })),
  };
  return { name, provider, server, entry };
}

/** The model a call names in its body, or in its path; health checks have no body, and name none. */
const modelIn = ({ path, body }: Received): unknown =>
  body === '' ? null : ((JSON.parse(body) as { model?: unknown }).model ?? /\/models?\/([^/:]+)/.exec(path)?.[1]);
const callsOf = ({ name, provider }: Role, family: string): number[] =>
  provider
    .received()
    .filter((call) => modelIn(call) === `${name}-${family}`)
    .map(({ atMs }) => atMs);

async function askAll(target: Target, clock: Clock, { scenario, mode }: (typeof cases)[number]): Promise<Got[]> {
  const { times, everyMs } = scenario.repeat ?? { times: 1, everyMs: 0 };
  const gots: Promise<Got>[] = [];
  for (let i = 0; i < times; i++) {
    gots.push(ask(target, nameOf(scenario, mode), mode));
    if (i < times - 1) await clock.sleep(everyMs);
  }
  return Promise.all(gots);
}

export interface WallResult {
  readonly rows: readonly Row[];
  /** The server still answers when it is all over. */
  readonly alive: boolean;
}

/** Runs every scenario at once. `speed` shortens all waits; 1 is real time. `surface`: where the caller asks; `wire`: how the providers are asked. */
export async function runWall({
  speed,
  surface = 'chat',
  wire = 'openai-chat',
}: {
  speed: number;
  surface?: SurfaceName;
  wire?: WireId;
}): Promise<WallResult> {
  const clock = speed === 1 ? systemClock : createFastClock(speed);
  const roles = {
    primary: await openRole('primary', 10, { clock, speed, wire }),
    backup: await openRole('backup', 20, { clock, speed, wire }),
  };
  const folder = mkdtempSync(join(tmpdir(), 'freeway-wall-'));
  const env = {
    PORT: '0',
    FREEWAY_DATA: folder,
    FREEWAY_OWNER_KEY: KEY,
    FREEWAY_PROVIDERS: JSON.stringify([roles.primary.entry, roles.backup.entry]),
  };
  const server = await startLocal({ env, writeLog: () => undefined, clock });
  const target: Target = { url: server.url, key: KEY, now: clock.now, surface };
  try {
    const rows = await Promise.all(
      cases.map(async (one): Promise<Row> => {
        const { scenario, mode } = one;
        const gots = await askAll(target, clock, one);
        const family = nameOf(scenario, mode);
        const primaryAtMs = callsOf(roles.primary, family);
        const backupCalls = callsOf(roles.backup, family).length;
        const seen = { primaryAtMs, backupCalls, backupModel: `backup-${family}` };
        return {
          id: scenario.id,
          title: scenario.title,
          mode,
          faults: judge({ gots, seen, expected: canonicalAnswer }, scenario.rules[mode], mode),
          ms: Math.max(...gots.map(({ ms }) => ms)),
          primaryCalls: primaryAtMs.length,
          backupCalls,
          resumedBy: gots.find(({ resumedBy }) => resumedBy !== null)?.resumedBy ?? null,
        };
      }),
    );
    const after = await ask(target, 'ok', 'sse');
    return { rows, alive: after.text === canonicalAnswer && after.ms < 10_000 };
  } finally {
    await server.close();
    await roles.primary.server.close();
    await roles.backup.server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
