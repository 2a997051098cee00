// Deadlines and callers who hang up, in every format: one error the format knows, no end that looks like success, and providers left at once.
import { describe, expect, it } from 'vitest';
import { surfaces, type Document, type SurfaceName } from '../../scripts/wall/surfaces.ts';
import { canonicalAnswer } from '../fakes/provider/answer.ts';
import type { FakeModel, FakeProviderSpec } from '../fakes/provider/spec.ts';
import { createWorld, type Call, type Reply, type World } from './harness.ts';

const names = Object.keys(surfaces) as SurfaceName[];
const provider = (name: string, more: Partial<FakeModel> = {}): FakeProviderSpec => ({
  name,
  models: [{ id: 'm1', ...more }],
});

function begin(world: World, name: SurfaceName, more: Record<string, unknown> = {}): Call {
  const { path, body } = surfaces[name];
  const asked = body('m1', 'sse');
  return world.begin({ messages: undefined, ...asked, ...more }, {}, path('m1', 'sse'));
}

interface Told extends Document {
  readonly response?: Document;
}

function toDocuments({ text }: Reply): Told[] {
  const data = text.split('\n\n').flatMap((frame) => /^(?:event: .*\n)?data: (.*)$/.exec(frame)?.[1] ?? []);
  return data.map((one) => (one === '[DONE]' ? { done: true } : (JSON.parse(one) as Told)));
}

/** The reply has begun to tell the story, and ends in exactly one error, without any sign of a good end. */
function expectBrokenOff(reply: Reply, name: SurfaceName, message: RegExp): void {
  const documents = toDocuments(reply);
  expect([reply.status, reply.ended]).toEqual([200, true]);
  const errors = documents.filter(({ error, response }) => error ?? response?.error);
  expect(errors).toHaveLength(1);
  expect(JSON.stringify(errors[0])).toMatch(message);
  expect(documents.indexOf(errors[0]!)).toBe(documents.length - 1);
  expect(surfaces[name].read(documents, 'sse')).toMatchObject({ ended: false, finishes: 0 });
}

function expectNothingLeft(world: World): void {
  expect([world.upstream.open(), world.clock.pending()]).toEqual([0, 0]);
}

describe.each(names)('a stream of %s', (name) => {
  it('that drips past the total deadline ends there', async () => {
    const drip = provider('alpha', { tokensPerSecond: 0.2, answer: () => 'tick '.repeat(200) });
    const world = await createWorld({ providers: [drip] });
    const reply = await world.clock.runUntil(begin(world, name).reply);
    expect(reply.ms).toBeGreaterThanOrEqual(600_000);
    expect(reply.ms).toBeLessThan(601_000);
    expectBrokenOff(reply, name, /the time for the whole request is over/);
    expectNothingLeft(world);
  });
  it('that stands still ends after 12 s, or goes on elsewhere', async () => {
    const alone = await createWorld({ providers: [provider('alpha', { fault: 'stall-20' })] });
    const broken = await alone.clock.runUntil(begin(alone, name, { freeway: { rescue: false } }).reply);
    expect(broken.ms).toBeGreaterThan(12_000);
    expect(broken.ms).toBeLessThan(16_000);
    expectBrokenOff(broken, name, /stood still for 12000 ms/);
    expectNothingLeft(alone);

    const both = await createWorld({ providers: [provider('alpha', { fault: 'stall-20' }), provider('beta')] });
    const whole = await both.clock.runUntil(begin(both, name).reply);
    const read = surfaces[name].read(toDocuments(whole), 'sse');
    expect(read).toMatchObject({ text: canonicalAnswer, ended: true, finishes: 1 });
    expectNothingLeft(both);
  });
  it.each([
    ['before the first content', 'late-5000', 1_000],
    ['in the middle', undefined, 400],
    ['while it stands still', 'stall-20', 3_000],
    ['while two are asked', 'silent', 9_000],
  ])('whose caller hangs up %s leaves the providers at once', async (_, fault, afterMs) => {
    const broken = fault === undefined ? {} : { fault };
    const world = await createWorld({
      providers: [provider('alpha', broken), provider('beta', fault === 'silent' ? broken : {})],
    });
    const call = begin(world, name);
    await world.clock.advance(afterMs);
    expect(world.upstream.open()).toBeGreaterThan(0);
    call.hangUp();
    expect(world.upstream.open()).toBe(0);
    const before = world.upstream.started();
    await world.clock.runUntil(call.reply);
    expect(world.upstream.started()).toBe(before);
    expectNothingLeft(world);
  });
});
