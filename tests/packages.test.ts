// The list of packages is whole: `npm ci` refuses one that lacks what other systems than the writer's need, on every system.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

interface Entry {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const { packages } = JSON.parse(
  readFileSync(fileURLToPath(new URL('../package-lock.json', import.meta.url)), 'utf8'),
) as { readonly packages: Readonly<Record<string, Entry>> };

/** Where `name` may lie for who lies at `place`: beside it, or in a folder further out. */
function placesOf(name: string, place: string): string[] {
  const folders = place === '' ? [] : place.split(/(?:^|\/)node_modules\//).slice(1);
  return Array.from({ length: folders.length + 1 }, (_, depth) =>
    [...folders.slice(0, depth), name].map((folder) => `node_modules/${folder}`).join('/'),
  );
}

it('holds every package that another asks for, those of other systems too', () => {
  const missing = Object.entries(packages).flatMap(([place, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies }).filter(
      (name) => !placesOf(name, place).some((path) => path in packages),
    ),
  );
  expect(missing).toEqual([]);
});
