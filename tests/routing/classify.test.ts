// The classifier against prompts labelled by hand: one half was looked at while writing its rules, the other half judges them.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { classify, type ClassifyInput } from '#lambda/routing/classify.ts';
import { toFingerprint } from '#lambda/routing/fingerprint.ts';

const toInput = (text: string, more: Partial<ClassifyInput> = {}): ClassifyInput => ({
  texts: [{ role: 'user', text }],
  images: [],
  toolCount: 0,
  needs: { json: false, reasoning: false },
  maxOutputTokens: null,
  ...more,
});

const labelled = readFileSync(new URL('../fixtures/routing/prompts.tsv', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => {
    const [task = '', size = '', text = ''] = line.split('\t');
    return { task, size, text: text.replaceAll('\\n', '\n') };
  });
const judges = labelled.filter(({ text }) => Number.parseInt(toFingerprint(text).slice(-1), 36) % 2 === 0);

describe('labelled prompts', () => {
  it('are many', () => {
    expect(labelled.length).toBeGreaterThanOrEqual(150);
    expect(judges.length).toBeGreaterThan(60);
  });

  it('of the judging half are told apart', () => {
    const results = judges.map(({ task, size, text }) => ({ text, task, size, found: classify(toInput(text)) }));
    const wrongTask = results.filter(({ task, found }) => found.task !== task);
    const wrongSize = results.filter(({ size, found }) => found.size !== size);
    const tell = (wrong: typeof results): string =>
      wrong
        .map(({ text, task, size, found }) => `${task}/${size} as ${found.task}/${found.size}: ${text.slice(0, 60)}`)
        .join('\n');
    expect(1 - wrongTask.length / judges.length, tell(wrongTask)).toBeGreaterThanOrEqual(0.85);
    expect(1 - wrongSize.length / judges.length, tell(wrongSize)).toBeGreaterThanOrEqual(0.8);
  });
});

describe('context', () => {
  it('keeps the kind of the turn before for a short follow-up', () => {
    const texts: ClassifyInput['texts'] = [
      { role: 'user', text: 'Implement a parser for this config file in TypeScript.' },
      { role: 'assistant', text: '```ts\nexport function parse() {}\n```\nShall I add tests?' },
      { role: 'user', text: 'yes, do that' },
    ];
    expect(classify(toInput('', { texts })).task).toBe('coding');
  });

  it('reads what a system prompt says the assistant is for', () => {
    const texts: ClassifyInput['texts'] = [
      { role: 'system', text: 'You extract invoices. Always return JSON.' },
      { role: 'user', text: 'Invoice 4711, 3 May, 120 EUR' },
    ];
    expect(classify(toInput('', { texts })).task).toBe('extraction');
  });

  it('takes JSON, tools, effort and length into account, and says so', () => {
    expect(classify(toInput('Anna, 31, Rome', { needs: { json: true, reasoning: false } })).task).toBe('extraction');
    expect(classify(toInput('hello', { needs: { json: false, reasoning: true } })).size).toBe('reasoning');
    expect(classify(toInput('hello', { toolCount: 12 })).size).toBe('large');
    expect(classify(toInput('word '.repeat(20_000))).size).not.toBe('small');
    expect(classify(toInput('Summarize this')).signals).toContainEqual({ name: 'summary words', weight: 3 });
  });

  it('answers for empty and hostile input', () => {
    expect(classify(toInput('', { texts: [] }))).toEqual({ task: 'chat', size: 'small', signals: [] });
    for (const text of ['a'.repeat(1e6), ' '.repeat(1e6), '('.repeat(1e6), 'write '.repeat(2e5), '\n- x'.repeat(2e5)])
      expect(classify(toInput(text)).task).toBeDefined();
  });
});
