// How large the web app may be, in bytes after gzip: a build that grows past it fails.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { closureOf, type Manifest } from './files.ts';

const KB = 1_000;
/** From the study of what a phone on a slow network bears. */
const uiBudgets = { login: 75 * KB, shell: 125 * KB, first: 190 * KB, lazy: 110 * KB, css: 12 * KB } as const;

export interface Measured {
  readonly name: string;
  readonly bytes: number;
  readonly budget: number;
}

const CHAT = 'src/features/chat/page.tsx';

/** What is there already when a chunk is asked for: all that those who ask for it have loaded. */
function loadedBefore(manifest: Manifest, key: string): Set<string> {
  const askers = Object.keys(manifest).filter((asker) => manifest[asker]?.dynamicImports?.includes(key));
  const sets = askers.map((asker) => closureOf(manifest, asker));
  const [first = new Set<string>(), ...rest] = sets;
  return new Set([...first].filter((one) => rest.every((set) => set.has(one))));
}

/** Measures a build: sign-in, shell, shell with chat, the style sheets of the first load, and each chunk that is loaded later. */
export function measureUi(folder: string, manifest: Manifest): readonly Measured[] {
  const sizes = new Map<string, number>();
  const sizeOf = (file: string): number => {
    const known = sizes.get(file);
    if (known !== undefined) return known;
    const size = gzipSync(readFileSync(join(folder, file)), { level: 9 }).length;
    sizes.set(file, size);
    return size;
  };
  const scripts = (keys: Iterable<string>): number =>
    [...keys].reduce((sum, key) => sum + sizeOf(manifest[key]?.file ?? ''), 0);
  const shell = closureOf(manifest, 'index.html');
  const login = closureOf(manifest, 'login.html');
  const first = new Set([...shell, ...closureOf(manifest, CHAT)]);
  const styles = new Set([...first].flatMap((key) => manifest[key]?.css ?? []));
  const later = Object.keys(manifest).filter((key) => manifest[key]?.isDynamicEntry === true && key !== CHAT);
  return [
    { name: 'login', bytes: scripts(login), budget: uiBudgets.login },
    { name: 'shell', bytes: scripts(shell), budget: uiBudgets.shell },
    { name: 'first load', bytes: scripts(first), budget: uiBudgets.first },
    { name: 'styles', bytes: [...styles].reduce((sum, file) => sum + sizeOf(file), 0), budget: uiBudgets.css },
    ...later.map((key) => ({
      name: key.replace(/^src\//, ''),
      bytes: scripts([...closureOf(manifest, key)].filter((one) => !loadedBefore(manifest, key).has(one))),
      budget: uiBudgets.lazy,
    })),
  ];
}
