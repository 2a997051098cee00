// German pages are German to the last word: what the catalog says to people has German words, and no words are kept for what it no longer says.
import { expect, it } from 'vitest';
import { findProvider, freeOffers, known } from '../../ui/src/features/providers/catalog.ts';
import { germanTexts, toGermanText } from '../../ui/src/features/providers/catalog-de.ts';
import { providerMessages } from '../../ui/src/features/providers/messages.ts';

const offers = freeOffers.flatMap(({ freeOffer }) => freeOffer ?? []);
const fields = known.flatMap((provider) => provider.fields.flatMap(({ label, hint }) => [label, hint ?? label]));
/** Told with a key that is shared, and may not serve others. */
const notes = known.flatMap(({ terms: { serveOthers, note } }) => (serveOthers === false ? (note ?? []) : []));

it('every offer, every field, every hint and every note on sharing has German words: add those of a new one to catalog-de.ts', () => {
  expect(offers.length).toBeGreaterThan(10);
  expect([...offers, ...fields, ...notes].filter((text) => !germanTexts.has(text))).toEqual([]);
});

it('no German words are left of a text that is gone', () => {
  const said = new Set([...offers, ...fields, ...notes, ...known.map(({ name }) => name)]);
  expect([...germanTexts].filter((text) => !said.has(text))).toEqual([]);
});

it('figures are the same in both languages', () => {
  const figuresOf = (text: string): readonly string[] =>
    [...text.matchAll(/\d[\d.,]*/g)].map(([figure]) => figure.replace(/\D/g, '')).toSorted();
  for (const text of germanTexts) expect(figuresOf(toGermanText(text)), text).toEqual(figuresOf(text));
});

it('a name that is no word stays as it is', () => expect(toGermanText('Acme AI')).toBe('Acme AI'));

it('why a shared key serves its owner alone is said in the language of the page', () => {
  const { en, de } = providerMessages;
  const sambanova = findProvider('sambanova');
  expect(en.heldBack('The words of the server.', sambanova)).toBe('The words of the server.');
  expect(de.heldBack('The words of the server.', sambanova)).toBe(
    'Nach den Bedingungen von SambaNova Cloud darf ein Schlüssel nicht anderen dienen (Die Bedingungen untersagen, die Dienste an Dritte weiterzugeben.). Bis du begründest, warum er es darf, dient er nur dir.',
  );
  // What an admin has added is known to the server alone.
  expect(de.heldBack('The words of the server.', undefined)).toBe('The words of the server.');
});
