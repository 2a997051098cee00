// What tests of the docs read: the pages that people read, and the code they speak of.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export const readText = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Files of a folder whose names end so, by their paths in the project. */
export const listFiles = (folder: string, ending: RegExp): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => ending.test(path) && !path.includes('node_modules'))
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`);

/** All of them as one text. */
export const textOf = (folder: string, ending: RegExp): string => listFiles(folder, ending).map(readText).join('\n');

/** The pages, the front door first. */
export const pages: readonly string[] = ['README.md', ...listFiles('docs', /\.md$/)];
export const docs = pages.map(readText).join('\n');

/** What the first group of a pattern finds in a text, each once. */
export const namesIn = (text: string, pattern: RegExp): string[] =>
  [...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? ''))].toSorted();

/** A page from a heading to the next one of its level or above. Throws when there is none. */
export function partOf(page: string, heading: string): string {
  const text = readText(page);
  const from = text.indexOf(`\n${heading}\n`);
  if (from < 0) throw new Error(`${page} has no heading "${heading}".`);
  const level = heading.indexOf(' ');
  const rest = text.slice(from + heading.length + 1);
  const end = rest.search(new RegExp(`^#{1,${level}} `, 'm'));
  return end < 0 ? rest : rest.slice(0, end);
}
