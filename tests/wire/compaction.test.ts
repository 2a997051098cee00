// Conversations that their provider has shortened to a summary, told to others.
import { describe, expect, it } from 'vitest';
import { loadChatWires } from '#lambda/wire/index.ts';

const { anthropic, 'openai-responses': responses } = await loadChatWires();
const hi = { role: 'user', content: 'And now?' };
const before = [
  { role: 'user', content: 'A long story.' },
  { role: 'assistant', content: 'I see.' },
];
const summary = { type: 'compaction', content: 'They told a long story.', encrypted_content: 'x' };
const told = { role: 'user', content: 'Summary of the conversation before:\nThey told a long story.' };

describe('a summary of Anthropic’s', () => {
  const read = (messages: readonly object[]) => {
    const { pivot, dropped, bound } = anthropic.parseQuestion({ model: 'm', max_tokens: 9, messages });
    return [pivot['messages'], dropped, bound];
  };
  it('is told in words where it stands for all that was said', () => {
    expect(read([{ role: 'assistant', content: [summary] }, hi])).toEqual([[told, hi], [], []]);
  });
  it('replaces what was said before it, where that is still sent', () => {
    const answer = {
      role: 'assistant',
      content: [{ type: 'text', text: 'Old.' }, summary, { type: 'text', text: 'So.' }],
    };
    const first = { role: 'assistant', content: [{ ...summary, content: 'An older summary.' }] };
    expect(read([...before, first, ...before, answer, hi])).toEqual([
      [told, { role: 'assistant', content: 'So.' }, hi],
      [],
      [],
    ]);
  });
  it('that failed changes nothing', () => {
    const failed = {
      role: 'assistant',
      content: [
        { ...summary, content: null },
        { type: 'text', text: 'So.' },
      ],
    };
    expect(read([...before, hi, failed, hi])).toEqual([
      [...before, hi, { role: 'assistant', content: 'So.' }, hi],
      ['messages.content.compaction'],
      [],
    ]);
  });
});

describe('a sealed summary of the Responses format', () => {
  const sealed = { type: 'compaction', encrypted_content: 'gAAA' };
  const read = (input: readonly object[]) => {
    const { dropped, bound } = responses.parseQuestion({ input });
    return [dropped, bound];
  };
  it('goes only to who can read it, where nothing else tells what was answered', () => {
    expect(read([sealed, hi])).toEqual([[], ['input[0]']]);
    expect(read([before[0] ?? {}, sealed, hi])).toEqual([[], ['input[1]']]);
  });
  it('can be missed where all is sent beside it', () => {
    expect(read([...before, sealed, hi])).toEqual([['input.compaction'], []]);
  });
});
