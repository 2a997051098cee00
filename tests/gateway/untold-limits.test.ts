// Limits that a provider tells nobody: found by its refusals, kept as pools and shown as such; refusals by chance hold nobody back.
import { describe, expect, it } from 'vitest';
import type { FakeLimit, FakeProviderSpec } from '../fakes/provider/spec.ts';
import { createRandom } from '../fakes/random.ts';
import { createWorld, type World } from './harness.ts';
// Loaded by the first refusal, which takes time that no clock of a test knows.
import '#lambda/gateway/refused-calls.ts';

const places = (max: number): FakeLimit => ({ models: ['*'], unit: 'concurrent', max, clock: { kind: 'held' } });
const perSecond = (max: number): FakeLimit => ({
  models: ['*'],
  unit: 'requests',
  max,
  clock: { kind: 'sliding', seconds: 1 },
});

/** A provider whose refusals say nothing but no, and whose replies tell no limits. */
const spec = (more: Partial<FakeProviderSpec>): FakeProviderSpec => ({
  name: 'alpha',
  dialect: 'mistral',
  keepRequests: 100_000,
  models: [{ id: 'm1', ttftMs: 400, tokensPerSecond: 400, jitter: 0.3 }],
  ...more,
});

interface Played {
  readonly asked: number;
  readonly answered: number;
  readonly calls: number;
}

/** Requests by chance, to one instance after the other, so many a second, for so long. `calls` is what the provider has received meanwhile. */
async function play(
  world: World,
  { beside = [], rate, seconds }: { beside?: readonly World[]; rate: number; seconds: number },
): Promise<Played> {
  const random = createRandom(11);
  const before = world.providers['alpha']?.received().length ?? 0;
  const endMs = world.clock.now() + seconds * 1_000;
  let [asked, answered] = [0, 0];
  const ask = (): void => {
    if (world.clock.now() >= endMs) return;
    asked++;
    const instances = [world, ...beside];
    void (instances[asked % instances.length] ?? world)
      .begin({ user: `u${asked}` })
      .reply.then(({ status }) => void (answered += status === 200 ? 1 : 0));
    world.clock.schedule(Math.ceil((-Math.log(1 - random()) * 1_000) / rate), ask);
  };
  ask();
  await world.clock.advance((seconds + 30) * 1_000);
  return { asked, answered, calls: (world.providers['alpha']?.received().length ?? 0) - before };
}

const refusedIn = ({ calls, answered }: Played): number => (calls - answered) / calls;

describe('a limit that nobody tells', () => {
  it('of calls at the same time is found, and hardly anything is refused any more', async () => {
    const world = await createWorld({ providers: [spec({ limits: [places(5)] })] });
    await play(world, { rate: 6, seconds: 120 });
    const then = await play(world, { rate: 6, seconds: 120 });
    expect(refusedIn(then)).toBeLessThan(0.03);
    expect(then.answered).toBeGreaterThan(then.asked * 0.97);
  });

  it('of calls in a second is found as well', async () => {
    const world = await createWorld({ providers: [spec({ limits: [perSecond(2)] })] });
    await play(world, { rate: 1.5, seconds: 180 });
    const then = await play(world, { rate: 1.5, seconds: 240 });
    expect(refusedIn(then)).toBeLessThan(0.04);
    expect(then.answered).toBeGreaterThan(then.asked * 0.9);
  });

  it('sends away nobody who could have been served: calls that are refused together count as one refusal', async () => {
    const world = await createWorld({ providers: [spec({ limits: [places(3)], models: [{ id: 'm1' }] })] });
    const crowd = async (): Promise<number> => {
      const begun = Array.from({ length: 20 }, () => world.begin({ max_tokens: 20 }));
      const replies = await world.clock.runUntil(Promise.all(begun.map(({ reply }) => reply)));
      return replies.filter(({ status }) => status === 200).length;
    };
    expect([await crowd(), await crowd()]).toEqual([20, 20]);
  });

  it('is shown with what it was learned from', async () => {
    const world = await createWorld({ providers: [spec({ limits: [places(3)] })] });
    await play(world, { rate: 6, seconds: 60 });
    const { text } = await world.ask({}, {}, '/v1/explain');
    expect(text).toContain('"limit_from":"refusals"');
  });
});

describe('several instances whose calls are refused together', () => {
  it('count that as one refusal, and stay away no longer for it than one instance does', async () => {
    const providers = [spec({ limits: [places(5)] })];
    const world = await createWorld({ providers });
    const beside = await Promise.all([2, 3].map((seed) => createWorld({ providers, beside: world, seed })));
    const { answered } = await play(world, { beside, rate: 10, seconds: 60 });
    expect(answered).toBeGreaterThan(60 * 4);
  });
});

describe('refusals by chance', () => {
  it('hold nobody back: nine of ten calls go through where one in twenty is refused', async () => {
    const world = await createWorld({ providers: [spec({ chaos: [{ fault: '429', share: 0.05 }] })] });
    const { asked, answered } = await play(world, { rate: 20, seconds: 120 });
    expect(answered).toBeGreaterThan(asked * 0.9);
  });
});

describe('where nothing is refused', () => {
  it('nothing is written for it', async () => {
    const world = await createWorld({ providers: [spec({})] });
    await world.ask();
    const before = world.store.counts.writes;
    for (let n = 0; n < 20; n++) await world.ask({ user: `u${n}` });
    const { items } = await world.store.query('book#');
    expect(items).toEqual([]);
    expect(world.store.counts.writes - before).toBeLessThanOrEqual(20);
  });
});
