// Putting a question again so that its answer goes on: what is added, what is taken off, and what stays as the caller wrote it.
import { describe, expect, it } from 'vitest';
import { continueQuestion } from '#lambda/wire/continue.ts';
import { openaiChat } from '#lambda/wire/openai-chat/index.ts';

const target = { model: 'm', quirks: [], stripped: [], wantUsage: false, maxOutputTokens: null };
const user = { role: 'user', content: 'Tell me.' };
const half = { role: 'assistant', content: 'Once upon' } as const;

function render(
  body: Record<string, unknown>,
  writtenTokens = 10,
  messages: readonly (typeof half)[] = [half],
): unknown {
  const question = openaiChat.parseQuestion({ model: 'm', messages: [user], ...body });
  return JSON.parse(
    openaiChat.renderRequest(continueQuestion(question, { messages, writtenTokens }), null, target).text,
  );
}

describe('continueQuestion', () => {
  it('adds the messages behind those of the caller and keeps everything else', () => {
    expect(render({ temperature: 0.3, seed: 7, custom: { kept: true } })).toEqual({
      model: 'm',
      messages: [user, half],
      temperature: 0.3,
      seed: 7,
      custom: { kept: true },
    });
  });
  it('goes on with a beginning that the caller itself has written', () => {
    const own = { role: 'assistant', content: '{"a": ' };
    expect(render({ messages: [user, own] })).toMatchObject({
      messages: [user, { role: 'assistant', content: '{"a": Once upon' }],
    });
  });
  it.each([
    [{ max_tokens: 100 }, { max_tokens: 90 }],
    [{ max_completion_tokens: 100 }, { max_completion_tokens: 90 }],
    [{ max_tokens: 5 }, { max_tokens: 1 }],
  ])('takes what is written off the bound: %o', (body, expected) => {
    expect(render(body)).toMatchObject(expected);
  });
  it('leaves the question of the caller alone', () => {
    const question = openaiChat.parseQuestion({ model: 'm', max_tokens: 9, messages: [user] });
    continueQuestion(question, { messages: [half], writtenTokens: 3 });
    expect(question.body).toEqual({ model: 'm', max_tokens: 9, messages: [user] });
  });
});
