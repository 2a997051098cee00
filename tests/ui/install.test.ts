// What a phone needs to put the app on its home screen: pictures in the sizes that are named, also for systems that cut the shape.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { uiRoot } from '../../scripts/ui/folders.ts';

interface Icon {
  readonly src: string;
  readonly sizes: string;
  readonly type: string;
  readonly purpose?: string;
}
const folder = join(uiRoot, 'public');

interface SiteManifest {
  readonly lang: string;
  readonly icons: readonly Icon[];
  readonly shortcuts: readonly { readonly name: string; readonly url: string }[];
}
const readManifest = (name: string): SiteManifest =>
  JSON.parse(readFileSync(join(folder, name), 'utf8')) as SiteManifest;
const english = readManifest('site.webmanifest');
const german = readManifest('site.de.webmanifest');
const { icons } = english;
const pictures = icons.filter(({ type }) => type === 'image/png');

it.each(pictures)('$src is a PNG of $sizes', ({ src, sizes }) => {
  const bytes = readFileSync(join(folder, src));
  expect(bytes.subarray(1, 4).toString()).toBe('PNG');
  expect(`${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`).toBe(sizes);
});

it('there are both sizes that are asked for, as they are and to be cut', () => {
  const told = pictures.map(({ sizes, purpose = 'any' }) => `${purpose} ${sizes}`);
  expect(told.toSorted()).toEqual(['any 192x192', 'any 512x512', 'maskable 192x192', 'maskable 512x512']);
});

it('in German it is the same app in other words', () => {
  const wordless = ({ shortcuts, ...rest }: SiteManifest): object => ({
    ...rest,
    lang: '',
    description: '',
    shortcuts: shortcuts.map(({ url }) => url),
  });
  expect(wordless(german)).toEqual(wordless(english));
  expect([english.lang, german.lang]).toEqual(['en', 'de']);
  expect(german.shortcuts.map(({ name }) => name)).toEqual(['Neuer Chat', 'Transkribieren']);
});
