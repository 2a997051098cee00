// Any name survives the way through a header.
import { expect, it } from 'vitest';
import { fromHeaderText, toHeaderText } from '#shared/header-text.ts';
import { createRandom } from '../fakes/random.ts';

it('is itself where it is ASCII', () => expect(toHeaderText('My key (free), #2')).toBe('My key (free), #2'));

it('is readable, and tells names apart that are in no Latin script', () => {
  expect(toHeaderText('Büro')).toBe('B%C3%BCro');
  expect(toHeaderText('我的')).not.toBe(toHeaderText('你的'));
});

it('comes back whole, whatever it is', () => {
  const random = createRandom(3);
  const signs = ['a', '%', '%41', '\n', '\r', '\t', 'ü', '我', '🙂', ' ', ',', '\u0000', '~', '\u007f'];
  for (let run = 0; run < 500; run++) {
    const name = Array.from({ length: 12 }, () => signs[Math.floor(random() * signs.length)]).join('');
    const told = toHeaderText(name);
    expect(told).toMatch(/^[\x20-\x7e]*$/);
    expect(fromHeaderText(told)).toBe(name);
  }
});

it('half of a sign is no reason to fail', () => {
  expect(toHeaderText('a\ud83d')).toBe('a%EF%BF%BD');
  expect(fromHeaderText('100 % %C3')).toBe('100 % %C3');
});
