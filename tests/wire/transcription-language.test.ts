// Which language is meant, however people write it.
import { describe, expect, it } from 'vitest';
import { parseTranscriptionForm } from '#lambda/wire/transcription/question.ts';

const languageOf = (language: string): string | null =>
  parseTranscriptionForm({ language: [language] }, 'transcribe').language;

describe('a language', () => {
  it.each([
    ['en', 'en'],
    ['EN', 'en'],
    ['en-US', 'en'],
    ['en_GB', 'en'],
    ['de_DE.UTF-8', 'de'],
    ['zh-Hant-TW', 'zh'],
    ['zh_Hans_CN', 'zh'],
    ['sr-Latn-RS', 'sr'],
    ['es-419', 'es'],
    ['de-CH-1996', 'de'],
    ['en-US-u-ca-gregory', 'en'],
    ['eng', 'en'],
    ['cmn-Hans', 'zh'],
    ['yue', 'yue'],
    [' fr ', 'fr'],
  ])('%s is told as %s', (given, told) => {
    expect(languageOf(given)).toBe(told);
  });

  it.each([
    ['nb-NO', 'no'],
    ['nob', 'no'],
    ['no', 'no'],
    ['fil-PH', 'tl'],
    ['tl', 'tl'],
    ['jw', 'jw'],
  ])('with two codes is told by the one that models know: %s as %s', (given, told) => {
    expect(languageOf(given)).toBe(told);
  });

  it.each(['', 'auto', 'Auto', 'und'])('that is "%s" is to be found out', (given) => {
    expect(languageOf(given)).toBeNull();
  });

  it.each(['xx', 'english', 'deutsch', 'e', '-', 'en-', '../en', 'en fr', 'en,fr', 'en\r\nx: y'])(
    'that is "%s" is none, and what one looks like is said',
    (given) => {
      expect(() => languageOf(given)).toThrow(/must be a code such as "en", "de-AT" or "zh-Hant-TW"/);
    },
  );
});
