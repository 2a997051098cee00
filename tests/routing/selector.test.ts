// Model names: modes, :free, bare ids, families, pins, and near names.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createModelNames, distance, joinSelectors, stillServed } from '#lambda/routing/selector.ts';
import { toCandidate } from '../fakes/candidates.ts';

const candidates = [
  toCandidate({ providerId: 'groq', modelId: 'openai/gpt-oss-120b', family: 'gpt-oss-120b' }),
  toCandidate({ providerId: 'cerebras', modelId: 'gpt-oss-120b', family: 'gpt-oss-120b' }),
  toCandidate({ providerId: 'openrouter', modelId: 'google/gemma-4-31b-it:free', family: 'gemma-4-31b-it' }),
  toCandidate({ providerId: 'openai-compatible', credential: 'alpha', modelId: 'm1', family: 'm1' }),
];
const names = createModelNames(candidates);

describe('createModelNames', () => {
  it.each([
    ['auto', { mode: null, freeOnly: false, among: null }],
    ['auto:large', { mode: 'large', freeOnly: false, among: null }],
    ['auto:free', { mode: null, freeOnly: true, among: null }],
    ['auto:reasoning:free', { mode: 'reasoning', freeOnly: true, among: null }],
    ['AUTO', { mode: null, freeOnly: false, among: null }],
    ['Auto:Large:Free', { mode: 'large', freeOnly: true, among: null }],
    ['Alpha/M1:FREE', { name: 'Alpha/M1:FREE', mode: null, freeOnly: true, among: [3] }],
    ['gpt-oss-120b', { mode: null, freeOnly: false, among: [0, 1] }],
    ['GPT-OSS-120B', { mode: null, freeOnly: false, among: [0, 1] }],
    ['openai/gpt-oss-120b', { mode: null, freeOnly: false, among: [0] }],
    ['groq/openai/gpt-oss-120b', { mode: null, freeOnly: false, among: [0] }],
    ['groq/gpt-oss-120b', { mode: null, freeOnly: false, among: [0] }],
    ['cerebras/gpt-oss-120b', { mode: null, freeOnly: false, among: [1] }],
    ['gpt-oss-120b:free', { mode: null, freeOnly: true, among: [0, 1] }],
    ['google/gemma-4-31b-it:free', { mode: null, freeOnly: true, among: [2] }],
    ['alpha/m1', { mode: null, freeOnly: false, among: [3] }],
    ['openai-compatible/m1', { mode: null, freeOnly: false, among: [3] }],
  ])('%s', (name, expected) => {
    expect(names.parse(name)).toMatchObject(expected);
  });

  it.each(['gpt-5', 'auto:huge', 'groq/m1', '', ':free'])('does not know %j', (name) => {
    expect(names.parse(name)).toBeNull();
  });

  it('suggests near names', () => {
    expect(names.near('gpt-oss-12b')).toContain('gpt-oss-120b');
    expect(names.near('gemma')).toContain('gemma-4-31b-it');
    expect(names.near('completely different thing')).toEqual([]);
    expect(names.near('x'.repeat(100_000))).toEqual([]);
  });

  it('suggests names of two letters only where they are near, not wherever they occur', () => {
    expect(names.near('alpha/m1-large')).toContain('alpha/m1');
    expect(names.near('algorithm1')).toEqual([]);
  });

  it('suggests the modes that there are', () => {
    const modes = ['small', 'large', 'reasoning', 'fast', 'cheap', 'long'].map((mode) => `auto:${mode}`);
    expect(names.near('auto:huge')).toEqual(modes);
    expect(names.near('auto:smal:free')).toEqual(modes);
  });

  it('suggests what the provider or key that was named does serve', () => {
    expect(names.near('groq/nothing-alike')).toEqual(['groq/openai/gpt-oss-120b']);
    expect(names.near('Alpha/nothing-alike')).toEqual(['alpha/m1']);
    expect(names.near('nobody/nothing-alike')).toEqual([]);
  });

  it('looks past :free', () => {
    expect(names.near('gemma-4-31b:free')[0]).toBe('gemma-4-31b-it');
  });
});

describe('joinSelectors', () => {
  it('keeps the order of the list and passes over unknown names', () => {
    const joined = joinSelectors(
      [names.parse('nope'), names.parse('alpha/m1'), names.parse('gpt-oss-120b')],
      candidates,
    );
    expect(joined?.among).toEqual([3, 0, 1]);
    expect(joined?.listed?.get(3)).toBe(0);
    expect(joined?.listed?.get(0)).toBe(1);
  });
  it('keeps a name that asks for free free, beside one that may be paid', () => {
    const both = [toCandidate({ modelId: 'a', tier: 'paid' }), toCandidate({ modelId: 'b', tier: 'paid' })];
    const { parse } = createModelNames(both);
    expect(joinSelectors([parse('a:free'), parse('b')], both)?.among).toEqual([1]);
  });
  it('leads by auto to nobody who is to be named', () => {
    const both = [toCandidate({ modelId: 'judge', onlyByName: true }), toCandidate({ modelId: 'b' })];
    const { parse } = createModelNames(both);
    expect(joinSelectors([parse('b'), parse('auto')], both)?.among).toEqual([1]);
    expect(joinSelectors([parse('b'), parse('judge'), parse('auto')], both)?.among).toEqual([1, 0]);
  });
  it('is null when nothing is known', () => {
    expect(joinSelectors([null, null], candidates)).toBeNull();
  });
});

describe('stillServed', () => {
  const ends = [1_000, undefined, 2_000].map((retiredAtMs) => (retiredAtMs === undefined ? {} : { retiredAtMs }));
  it.each([
    ['before the end', [0, 2], 999, [0, 2]],
    ['at the moment of it', [0, 2], 1_000, [2]],
    ['of those that are meant', [0, 1], 5_000, [1]],
    ['nobody, which is told as it is', [0, 2], 2_000, [0, 2]],
  ])('%s', (_, indices, nowMs, served) => expect(stillServed(indices, ends, nowMs)).toEqual(served));
});

/** By definition: the last letters are alike, or one of the three changes was made there. */
function slowDistance(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length;
  const [front, back] = [a.slice(0, -1), b.slice(0, -1)];
  if (a.at(-1) === b.at(-1)) return slowDistance(front, back);
  return 1 + Math.min(slowDistance(front, b), slowDistance(a, back), slowDistance(front, back));
}

describe('the distance of two names', () => {
  it('is what it is by definition, as far as it is asked for', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 6 });
    fc.assert(
      fc.property(name, name, fc.integer({ min: 0, max: 4 }), (a, b, limit) => {
        expect(distance(a, b, limit)).toBe(Math.min(slowDistance(a, b), limit + 1));
      }),
      { examples: [['aab', '-b-a', 2]], numRuns: 2_000 },
    );
  });
});
