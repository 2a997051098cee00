// Hints leave out only signals that a text could not speak for: whatever a pattern matches, its hint stands.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beginningsOf, createHints } from '#lambda/routing/classify-hints.ts';
import { roleSignals, textSignals } from '#lambda/routing/classify-signals.ts';

const all = [...textSignals, ...roleSignals];
const hints = createHints(all);
const stands = (text: string, index: number): boolean => (hints(text) & (1 << index)) !== 0;

const noise = fc.oneof(
  fc.string(),
  fc.constantFrom('', ' ', '\n', '(', '. ', '1', '_', 'and ', 'the report of ', 'é', '分'),
);

describe('hints', () => {
  it.each(all.map(({ name, pattern }, index) => [name, pattern, index] as const))(
    'stand wherever "%s" is found',
    (_, pattern, index) => {
      // Edges of words are made by what stands around them, where they must be; whatever does not match is left out.
      const generated = fc.stringMatching(
        new RegExp(pattern.source.replaceAll('\\b', ' ?').replace(/\(\?<=.*?\)/, 'a'), 'm'),
      );
      let matched = 0;
      fc.assert(
        fc.property(noise, generated, noise, fc.boolean(), (before, found, after, isLoud) => {
          const text = before + (isLoud ? found.toUpperCase() : found) + after;
          if (!pattern.test(text)) return;
          matched++;
          expect(stands(text, index), JSON.stringify(text)).toBe(true);
        }),
        { numRuns: 1_500 },
      );
      expect(matched).toBeGreaterThan(100);
    },
  );

  it('leave out most of what a text does not speak for', () => {
    const text = 'What is the capital of France?';
    expect(all.filter((_, index) => stands(text, index)).length).toBe(0);
    expect(all.filter((_, index) => stands('Écris', index))).toHaveLength(all.length);
  });

  it.each([
    [/\b(?:git|docker\w*|c\+\+|c#)\b|код/i, ['git', 'dock', 'c++', 'c#']],
    [/\bplann?(?:er|ing)\b/, ['plan']],
    [/\b(?:tl;?dr|r[äa]tsel|[ée]nigme)\b/i, ['tl;d', 'tldr', 'rats', 'enig']],
    [/\bin (?:one|two)\b/, ['in o', 'in t']],
  ])('read how the words of %s begin', (pattern, beginnings) => {
    expect(beginningsOf({ pattern })?.toSorted()).toEqual(beginnings.toSorted());
  });

  it('are the same when a bundler has written the pattern in ASCII', () => {
    const escape = (sign: string): string => {
      const hex = sign.charCodeAt(0).toString(16).toUpperCase();
      return sign.charCodeAt(0) < 256 ? `\\x${hex}` : `\\u${hex.padStart(4, '0')}`;
    };
    for (const hinted of all) {
      const { pattern } = hinted;
      const written = new RegExp(pattern.source.replaceAll(/[^\0-\x7f]/g, escape), pattern.flags);
      expect(beginningsOf({ ...hinted, pattern: written })).toEqual(beginningsOf(hinted));
    }
  });

  it.each([
    /code/,
    /\b(?:map\w*|x)\b/,
    /\b(?:ab|code)/,
    /\b[^a]code\b/,
    /\b(?:a{4}|code)\b/,
    /\\(?:frac)/,
    /\b(?:co|)\b/,
  ])('do not guess where that can not be told: %s', (pattern) => expect(beginningsOf({ pattern })).toBeNull());
});
