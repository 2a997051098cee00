// Limits that a provider tells nobody: found by its refusals, kept as pools and shown as such; refusals by chance hold nobody back.
import { describe, expect, it } from 'vitest';
import type { FakeLimit, FakeProviderSpec } from '../fakes/provider/spec.ts';
import { createRandom } from '../fakes/random.ts';
import { createWorld, type World } from './harness.ts';
// Loaded by the first refusal, which takes time that no clock of a test knows.
import '#lambda/gateway/refused-calls.ts';

const places = (max: number): FakeLimit => ({ models: ['*'], unit: 'concurrent', max, clock: { kind: 'held' } });
const inSeconds = (max: number, seconds: number): FakeLimit => ({
  models: ['*'],
  unit: 'requests',
  max,
  clock: { kind: 'sliding', seconds },
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
    const world = await createWorld({ providers: [spec({ limits: [inSeconds(2, 1)] })] });
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

/** So many instances of one installation, each of which makes a share of the calls. */
async function playTogether(
  more: Partial<FakeProviderSpec>,
  { instances, rate }: { instances: number; rate: number },
): Promise<{ first: Played; last: Played }> {
  const providers = [spec(more)];
  const world = await createWorld({ providers });
  const others = Array.from({ length: instances - 1 }, (_, at) =>
    createWorld({ providers, beside: world, seed: at + 2 }),
  );
  const beside = await Promise.all(others);
  const first = await play(world, { beside, rate, seconds: 240 });
  return { first, last: await play(world, { beside, rate, seconds: 240 }) };
}

describe('a limit that many instances share', () => {
  it.each([
    { name: '5 places', limit: places(5), rate: 6, served: 0.97 },
    { name: '2 calls a second', limit: inSeconds(2, 1), rate: 1.8, served: 0.85 },
    { name: '30 calls a minute', limit: inSeconds(30, 60), rate: 0.6, served: 0.8 },
  ])('is found together: $name, by twelve', async ({ limit, rate, served }) => {
    const { last } = await playTogether({ limits: [limit] }, { instances: 12, rate });
    expect(refusedIn(last)).toBeLessThan(0.08);
    expect(last.answered).toBeGreaterThan(last.asked * served);
  });

  it('is found where none of them sees more than a few calls a minute', async () => {
    const { first, last } = await playTogether({ limits: [inSeconds(1, 1)] }, { instances: 40, rate: 0.9 });
    expect(refusedIn(last)).toBeLessThan(refusedIn(first) / 2);
    expect(refusedIn(last)).toBeLessThan(0.12);
  });

  it('is not made up of what is refused by chance', async () => {
    const { first, last } = await playTogether({ chaos: [{ fault: '429', share: 0.2 }] }, { instances: 12, rate: 6 });
    expect(first.answered + last.answered).toBeGreaterThan((first.asked + last.asked) * 0.98);
  });

  it('is kept to where others are refused by chance besides', async () => {
    const { last } = await playTogether(
      { limits: [places(5)], chaos: [{ fault: '429', share: 0.05 }] },
      { instances: 1, rate: 6 },
    );
    expect(last.answered).toBeGreaterThan(last.asked * 0.97);
    expect(refusedIn(last)).toBeLessThan(0.08);
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
