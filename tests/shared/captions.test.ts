// Captions as players read them, whatever is said.
import { expect, it } from 'vitest';
import { toSrt, toVtt } from '#shared/captions.ts';

const cues = [
  { start: 0, end: 1.25, text: ' One.\n\nTwo. \r\n \r\nThree.\n' },
  { start: 3_661.0004, end: 3_662, text: 'Q&A: 1 < 2, a --> b, &amp; <b>' },
];

it('SubRip holds no empty line and no second arrow', () =>
  expect(toSrt(cues)).toBe(
    '1\n00:00:00,000 --> 00:00:01,250\nOne.\nTwo.\nThree.\n\n2\n01:01:01,000 --> 01:01:02,000\nQ&A: 1 < 2, a -> b, &amp; <b>\n',
  ));

it('WebVTT shows every sign as it was said', () => {
  const [head, first, second] = toVtt(cues).split('\n\n');
  expect(head).toBe('WEBVTT');
  expect(first).toBe('00:00:00.000 --> 00:00:01.250\nOne.\nTwo.\nThree.');
  expect(second).toBe('01:01:01.000 --> 01:01:02.000\nQ&amp;A: 1 &lt; 2, a --&gt; b, &amp;amp; &lt;b&gt;\n');
});

it('a time before the beginning is the beginning', () =>
  expect(toVtt([{ start: -0.02, end: 0.5, text: 'Hm' }])).toContain('00:00:00.000 --> 00:00:00.500'));
