// German pages are German to the last word: what the catalog says to people has German words, and no words are kept for what it no longer says.
import { expect, it } from 'vitest';
import { freeOffers, known } from '../../ui/src/features/providers/catalog.ts';
import { germanTexts, toGermanText } from '../../ui/src/features/providers/catalog-de.ts';

const offers = freeOffers.flatMap(({ freeOffer }) => freeOffer ?? []);
const fields = known.flatMap((provider) => provider.fields.flatMap(({ label, hint }) => [label, hint ?? label]));

it('every offer, every field and every hint has German words: add those of a new one to catalog-de.ts', () => {
  expect(offers.length).toBeGreaterThan(10);
  expect([...offers, ...fields].filter((text) => !germanTexts.has(text))).toEqual([]);
});

it('no German words are left of a text that is gone', () => {
  const said = new Set([...offers, ...fields, ...known.map(({ name }) => name)]);
  expect([...germanTexts].filter((text) => !said.has(text))).toEqual([]);
});

it('figures are the same in both languages', () => {
  const figuresOf = (text: string): readonly string[] =>
    [...text.matchAll(/\d[\d.,]*/g)].map(([figure]) => figure.replace(/\D/g, '')).toSorted();
  for (const text of germanTexts) expect(figuresOf(toGermanText(text)), text).toEqual(figuresOf(text));
});

it('a name that is no word stays as it is', () => expect(toGermanText('Acme AI')).toBe('Acme AI'));
