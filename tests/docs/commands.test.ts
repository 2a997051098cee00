// Commands that the docs name are there, with the options they name, and the README tells of every one.
import { expect, it } from 'vitest';
import { usage as deployUsage } from '../../scripts/deploy/options.ts';
import { docs, namesIn, readText, textOf } from './sources.ts';

const { scripts } = JSON.parse(readText('package.json')) as { readonly scripts: Readonly<Record<string, string>> };

/** Steps of `npm test` that can be taken alone; it names them itself. */
const steps = ['types', 'lint', 'format', 'unit'];

it('the README tells of every command', () => {
  const readme = readText('README.md');
  const told = [...namesIn(readme, /npm run ([a-z:]+)/g), ...namesIn(readme, /npm (start|test)\b/g)];
  expect(Object.keys(scripts).filter((name) => !told.includes(name) && !steps.includes(name))).toEqual([]);
});

it('every command that the docs name is there', () => {
  expect(namesIn(docs, /npm run ([a-z:]+)/g).filter((name) => !(name in scripts))).toEqual([]);
});

it('every option of a command that the docs name is known to its code', () => {
  const code = textOf('scripts', /\.m?ts$/);
  const named = [...docs.matchAll(/npm run ([a-z:]+) -- ([^`\n]*)/g)].flatMap(([, , rest = '']) =>
    namesIn(rest, /--([a-z-]+)/g),
  );
  expect(named.length).toBeGreaterThan(6);
  expect(
    named.filter((name) => !code.includes(`'${name}'`) && !code.includes(`--${name}`) && !code.includes(`${name}: {`)),
  ).toEqual([]);
});

it('the pages tell of every option of a deployment', () => {
  // Asked for by those who change the stack itself.
  const inner = ['write-template'];
  const options = namesIn(deployUsage, /--([a-z-]+)/g).filter((name) => !inner.includes(name));
  expect(options.filter((name) => !docs.includes(`--${name}`))).toEqual([]);
});
