// Transcripts of models that lost the thread, told from those of people who repeat themselves.
import { describe, expect, it } from 'vitest';
import { isLoop } from '#lambda/wire/transcription/loops.ts';

const poem = Array.from({ length: 400 }, (_, at) => `w${at % 57}`).join(' ');

describe('the same over and over', () => {
  it.each([
    ['one word', 'you '.repeat(40), true],
    ['a phrase', 'Thank you for watching! '.repeat(12), true],
    ['a phrase, in different cases', 'Thank you. thank you. '.repeat(12), true],
    ['from the middle on', `${poem} ${'And so on and on. '.repeat(120)}`, true],
    ['without spaces', '字幕志愿者杨茜茜'.repeat(12), true],
    ['a refrain', `${poem} ${'na na hey hey '.repeat(12)}`, false],
    ['a verse of many words', poem, false],
    ['somebody who stutters', 'no no no no no, I said no', false],
    ['nothing', '', false],
    ['numbers that are counted', Array.from({ length: 200 }, (_, at) => at).join(' '), false],
    [
      'without spaces, of one who speaks',
      Array.from({ length: 300 }, (_, at) => String.fromCodePoint(0x4e00 + at)).join(''),
      false,
    ],
  ])('%s', (_, text, looped) => {
    expect(isLoop(text.trim())).toBe(looped);
  });
});
