// In which ways an answer that broke off may go on, by what of it was shown and what the next candidate can do.
import { expect, it } from 'vitest';
import { createRescue, type ResumeMode } from '#lambda/gateway/rescue.ts';
import { toResumption } from '#lambda/gateway/resumption.ts';
import type { Shown } from '#lambda/gateway/shown.ts';
import { capabilityBits } from '#lambda/routing/capabilities.ts';
import type { Candidate } from '#lambda/routing/types.ts';
import type { ReplyBody } from '#lambda/ports.ts';

/** The first takes the beginning of its own answer, the second does not. */
const [PREFILLS, PLAIN] = [0, 1];
const candidates = [{ capabilities: capabilityBits.prefill }, { capabilities: 0 }] as Candidate[];

const openRescue = (was: Partial<Shown>) => {
  const rescue = createRescue(candidates, true, toResumption);
  Object.assign(rescue.shown, { body: {} as ReplyBody }, was);
  return rescue;
};

/** All ways of one candidate, each tried and found to be of no use. */
function waysOf(was: Partial<Shown>, index: number): ResumeMode[] {
  const rescue = openRescue(was);
  const ways: ResumeMode[] = [];
  for (let mode = rescue.modeOf(index); mode !== null; mode = rescue.modeOf(index)) {
    ways.push(mode);
    rescue.spend(index);
  }
  return ways;
}

const TEXT = 'Paris is the capital of France, and has been so for';
const call = new Map([[0, { name: 'look_up', arguments: '{"city":"Par' }]]);

it.each<[string, Partial<Shown>, number, ResumeMode[]]>([
  ['text, where a beginning is taken', { content: TEXT }, PREFILLS, ['prefill', 'restart', 'instruct']],
  ['text, where none is taken', { content: TEXT }, PLAIN, ['restart', 'instruct']],
  [
    '24 characters',
    { content: TEXT.slice(0, 24).trimEnd().padEnd(24, 'x') },
    PREFILLS,
    ['prefill', 'restart', 'instruct'],
  ],
  ['23 characters and white space', { content: `${'x'.repeat(23)}  \n` }, PREFILLS, ['restart', 'instruct']],
  ['thoughts alone', { reasoning: TEXT }, PREFILLS, ['restart']],
  ['a call behind text', { content: TEXT, calls: call }, PREFILLS, ['restart']],
  ['a call alone', { calls: call }, PLAIN, ['restart']],
  ['a refusal behind text', { content: TEXT, refusal: 'I can' }, PREFILLS, ['restart']],
])('%s', (_, was, index, ways) => {
  expect(waysOf(was, index)).toEqual(ways);
});

it('what one candidate could not do is still tried with the next', () => {
  const rescue = openRescue({ content: TEXT });
  rescue.spend(PREFILLS);
  expect([rescue.modeOf(PREFILLS), rescue.modeOf(PLAIN)]).toEqual(['restart', 'restart']);
  for (let i = 0; i < 4; i++) rescue.spend(PREFILLS);
  expect([rescue.modeOf(PREFILLS), rescue.modeOf(PLAIN)]).toEqual([null, 'restart']);
  expect(rescue.resume(PREFILLS)).toBeNull();
});

it('what was written counts as a quarter of its characters, thoughts too, rounded down', () => {
  const rescue = openRescue({ content: 'x'.repeat(30), reasoning: 'y'.repeat(13) });
  expect(rescue.resume(PREFILLS)?.continuation?.writtenTokens).toBe(10);
});

it('shown are text, thoughts, refusals and the arguments of calls', () => {
  const calls = new Map([...call, [1, { name: 'n', arguments: '123' }]] as const);
  expect(openRescue({ content: '1234', reasoning: '12', refusal: '1', calls }).shownCharacters()).toBe(
    4 + 2 + 1 + 12 + 3,
  );
});

it('nothing goes on before anything was shown, nor where that can not be told again', () => {
  expect(openRescue({ body: null, content: TEXT }).resume(PLAIN)).toBeNull();
  expect(openRescue({ content: TEXT }).possible()).toBe(true);
  expect(openRescue({ content: TEXT, opaque: true }).possible()).toBe(false);
  expect(createRescue(candidates, false).possible()).toBe(false);
});
