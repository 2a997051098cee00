// A transcript that is streamed: its pieces make up its text, however providers write their segments.
import { describe, expect, it } from 'vitest';
import { renderTranscript, toDeltas } from '#lambda/wire/transcription/transcript.ts';

describe('pieces of a stream', () => {
  const cut = (text: string, ...parts: string[]): readonly string[] =>
    toDeltas({
      text,
      segments: parts.map((part, index) => ({ start: index, end: index + 1, text: part, speaker: null })),
    });

  it.each([
    ['with blanks before them', [' one two', ' three.', ' four']],
    ['without any', ['one two', 'three.', 'four']],
    ['with an empty one', ['one two', ' ', 'three.', 'four ']],
    ['that leave out the end', ['one two', 'three.']],
    ['that say something else', ['one two', 'drei']],
    ['that are none', []],
  ])('of segments %s make up the whole', (_, parts) => {
    const deltas = cut('one two three. four', ...parts);
    expect(deltas.join('')).toBe('one two three. four');
    expect(deltas).not.toContain('');
  });

  it('come one for each segment', () => {
    expect(cut('one two three.', ' one two', ' three.')).toEqual(['one two', ' three.']);
    expect(toDeltas({ text: 'one', segments: null })).toEqual(['one']);
    expect(cut('')).toEqual([]);
  });
});

it('captions hold no empty line, which would end them in the middle of what is said', () => {
  const said = { start: 0, end: 1, text: ' One.\n\nTwo. \r\n \r\nThree.\n', speaker: null };
  const transcript = { text: said.text, language: null, duration: 1, segments: [said], words: null };
  const rendering = { task: 'transcribe', words: false, segments: true } as const;
  expect(renderTranscript(transcript, 'srt', rendering)).toBe('1\n00:00:00,000 --> 00:00:01,000\nOne.\nTwo.\nThree.\n');
  expect(renderTranscript(transcript, 'vtt', rendering)).toBe(
    'WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nOne.\nTwo.\nThree.\n',
  );
});
