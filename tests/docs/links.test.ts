// No link leads nowhere: each one inside the project names a file that is there, and a heading that is in it.
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pages, readText, root } from './sources.ts';

const withoutCode = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, 'code');

/** The name under which a heading is linked to. */
const toAnchor = (heading: string): string =>
  heading
    .replace(/`/g, '')
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');

const anchorsOf = (page: string): string[] =>
  [
    ...readText(page)
      .replace(/^```[\s\S]*?^```/gm, '')
      .matchAll(/^#{1,6} (.+)$/gm),
  ].map(([, heading = '']) => toAnchor(heading));

const linksOf = (page: string): string[] =>
  [...withoutCode(readText(page)).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));

describe.each(pages)('%s', (page) => {
  const targets = linksOf(page).map((target) => {
    const [path = '', anchor = ''] = target.split('#');
    return { target, file: path === '' ? page : normalize(join(dirname(page), path)), anchor };
  });

  it('links to files that are there', () => {
    expect(targets.filter(({ file }) => !existsSync(join(root, file))).map(({ target }) => target)).toEqual([]);
  });

  it('links to headings that are there', () => {
    const named = targets.filter(({ anchor, file }) => anchor !== '' && file.endsWith('.md'));
    const lost = named.filter(({ anchor, file }) => !anchorsOf(file).includes(anchor));
    expect(lost.map(({ target }) => target)).toEqual([]);
  });
});

it('every page can be reached from the front door', () => {
  const reached = new Set(['README.md']);
  for (const page of reached)
    for (const link of linksOf(page)) {
      const file = normalize(join(dirname(page), link.split('#')[0] ?? ''));
      if (pages.includes(file)) reached.add(file);
    }
  expect(pages.filter((page) => !reached.has(page))).toEqual([]);
});
