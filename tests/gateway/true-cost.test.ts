// One request, one number: header, last chunk, record, log, metrics and budget say the same cost, and it is what the providers' own books bill.
import { describe, expect, it } from 'vitest';
import type { WireId } from '#shared/catalog.ts';
import type { ProviderEntry } from '#shared/credentials.ts';
import { createWorld, toEntry, type Reply, type World } from './harness.ts';
import { surfaces } from './surfaces.ts';

const wires: readonly WireId[] = [...surfaces.map(({ wire }) => wire), 'bedrock-converse', 'gemini'];
const prices = {
  alpha: { inputPerMillionUsd: 100, outputPerMillionUsd: 1_000 },
  beta: { inputPerMillionUsd: 300, outputPerMillionUsd: 2_000 },
} as const;
type Name = keyof typeof prices;

const paid = (name: Name, wire: WireId, priority: number): ProviderEntry => {
  const model = { id: 'm1', kind: 'chat' as const, context: 131_072, maxOutput: 1_000, size: 'large' as const };
  const price = prices[name];
  return toEntry(name, { tier: 'paid', priority, models: [{ ...model, wire, capabilities: ['tools'], price }] });
};

const BUDGET_USD = 1_000;
/** Two paid providers; `fault` strikes the first, which is asked before the other. */
const createPair = (first: WireId, second: WireId, fault?: string): Promise<World> =>
  createWorld({
    providers: [
      { name: 'alpha', models: [{ id: 'm1', maxOutput: 1_000, ...(fault === undefined ? {} : { fault }) }] },
      { name: 'beta', models: [{ id: 'm1', maxOutput: 1_000 }] },
    ],
    entries: [paid('alpha', first, 10), paid('beta', second, 20)],
    env: { FREEWAY_PAID: 'allowed', FREEWAY_BUDGET_USD_PER_DAY: String(BUDGET_USD) },
  });

/** What the providers bill, by their own books. */
const billOf = (world: World): number =>
  (Object.keys(prices) as Name[]).reduce((sum, name) => {
    const { inputTokens = 0, outputTokens = 0 } = world.providers[name]?.books().total() ?? {};
    const { inputPerMillionUsd, outputPerMillionUsd } = prices[name];
    return sum + (inputTokens * inputPerMillionUsd + outputTokens * outputPerMillionUsd) / 1e6;
  }, 0);

/** The last `cost_usd` of a stream's `freeway`. */
function toldIn(text: string): number | undefined {
  const found = [...text.matchAll(/"cost_usd":([\d.e+-]+)/g)].at(-1)?.[1];
  return found === undefined ? undefined : Number(found);
}

const metricOf = (world: World): number =>
  [...world.metrics().matchAll(/^freeway_cost_usd_total\{[^}]*\} ([\d.e+-]+)$/gm)].reduce(
    (sum, [, usd]) => sum + Number(usd),
    0,
  );

/** What is taken from the budget, by what stands in the store. */
async function budgetOf(world: World): Promise<number> {
  const item = (await world.store.get({ pk: 'book#budget', sk: 'state' })) ?? {};
  const counts = Object.entries(item).filter(([name]) => name.startsWith('budget:'));
  return counts.reduce((sum, [, used]) => sum + Number(used), 0);
}

/** Everything that says what the request has cost, but for what the caller is told. */
async function kept(world: World): Promise<Record<string, number | null | undefined>> {
  const [record] = await world.records();
  const line = world.logs.find(({ event }) => event === 'request');
  return {
    record: record?.cost_usd,
    ...(line === undefined ? {} : { log: line['cost_usd'] as number | null }),
    metric: metricOf(world),
    budget: await budgetOf(world),
  };
}

async function expectAll(world: World, usd: number, told: number | undefined): Promise<void> {
  const all = { ...(await kept(world)), told };
  for (const [name, amount] of Object.entries(all)) expect(amount ?? NaN, name).toBeCloseTo(usd, 9);
}

const toldTo = (reply: Reply, stream: boolean): number | undefined =>
  stream ? toldIn(reply.text) : Number(reply.headers['x-freeway-cost-usd']);

const ways = surfaces.flatMap((surface) =>
  wires.flatMap((wire) => [true, false].map((stream) => ({ surface, caller: surface.wire, wire, stream }))),
);

describe('one answer', () => {
  it.each(ways)('asked for in $caller, given in $wire, streamed $stream', async ({ surface, wire, stream }) => {
    const world = await createPair(wire, wire);
    const reply = await world.ask({ ...surface.body('Go.'), stream }, {}, surface.path);
    expect([reply.status, reply.headers['x-freeway-credential']]).toEqual([200, 'alpha']);
    await expectAll(world, billOf(world), toldTo(reply, stream));
  });
});

describe('an answer of nothing that was billed, before the one that counts', () => {
  it.each(ways)('asked for in $caller, given in $wire, streamed $stream', async ({ surface, wire, stream }) => {
    const world = await createPair(wire, wire, 'empty');
    const reply = await world.ask({ ...surface.body('Go.'), stream }, {}, surface.path);
    expect([reply.status, reply.headers['x-freeway-credential']]).toEqual([200, 'beta']);
    expect(world.providers['alpha']?.books().total().inputTokens).toBeGreaterThan(0);
    await expectAll(world, billOf(world), toldTo(reply, stream));
  });
});

describe('an answer that goes on elsewhere', () => {
  it.each(ways.filter(({ stream }) => stream))('asked for in $caller, given in $wire', async ({ surface, wire }) => {
    const world = await createPair(wire, wire, 'cut-40');
    const reply = await world.ask(surface.body('Go.'), {}, surface.path);
    const [record] = await world.records();
    expect(record?.rescues).toBe(1);
    // One format tells with every piece what was used so far.
    const isGuessed = wire !== 'gemini';
    expect(record?.cost_estimated ?? false).toBe(isGuessed);
    expect(reply.text.includes('"cost_estimated":true')).toBe(isGuessed);
    // The first 40 pieces were shown: they are paid for as far as they were seen, and the rest is as it was told.
    const alpha = record?.attempts[0]?.cost_usd ?? 0;
    expect(alpha).toBeGreaterThan(40 * 0.001);
    const { inputTokens, outputTokens } = world.providers['beta']!.books().total();
    const beta = (inputTokens * prices.beta.inputPerMillionUsd + outputTokens * prices.beta.outputPerMillionUsd) / 1e6;
    await expectAll(world, alpha + beta, toldIn(reply.text));
  });
});

describe('an answer whose use nobody tells', () => {
  it.each(ways.filter(({ stream }) => stream))('asked for in $caller, given in $wire', async ({ surface, wire }) => {
    const world = await createPair(wire, wire, 'no-usage');
    const reply = await world.ask(surface.body('Go.'), {}, surface.path);
    const [record] = await world.records();
    expect([record?.attempts, record?.cost_estimated, record?.output_tokens]).toEqual([[], true, null]);
    expect(reply.text).toContain('"cost_estimated":true');
    await expectAll(world, record?.cost_usd ?? NaN, toldIn(reply.text));
    // A guess, but no wild one.
    expect(record?.cost_usd).toBeGreaterThan(billOf(world) / 2);
    expect(record?.cost_usd).toBeLessThan(billOf(world) * 2);
  });
});

describe('a request that comes to nothing', () => {
  it('tells what its attempts cost all the same', async () => {
    const world = await createWorld({
      providers: [{ name: 'alpha', models: [{ id: 'm1', maxOutput: 1_000, fault: 'empty' }] }],
      entries: [paid('alpha', 'openai-chat', 10)],
      env: { FREEWAY_PAID: 'allowed', FREEWAY_BUDGET_USD_PER_DAY: String(BUDGET_USD) },
    });
    expect((await world.ask({ freeway: { max_wait_ms: 0 } })).status).toBe(502);
    expect(billOf(world)).toBeGreaterThan(0);
    const { log: _, ...rest } = await kept(world);
    for (const [name, amount] of Object.entries(rest)) expect(amount, name).toBeCloseTo(billOf(world), 9);
  });

  it.each(['500', '503', '429', 'bad-key'])(
    'costs nothing where the provider answers with an error: %s',
    async (fault) => {
      const world = await createPair('openai-chat', 'openai-chat', fault);
      const reply = await world.ask();
      expect(reply.headers['x-freeway-credential']).toBe('beta');
      const { inputTokens, outputTokens } = world.providers['beta']!.books().total();
      const usd = (inputTokens * prices.beta.inputPerMillionUsd + outputTokens * prices.beta.outputPerMillionUsd) / 1e6;
      await expectAll(world, usd, Number(reply.headers['x-freeway-cost-usd']));
    },
  );
});
