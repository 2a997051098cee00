// `npm start` and `npm run demo`: starts from the packed form where that is up to date, else from the sources, and packs them for the next time.
import { flushCompileCache } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { findPacked, keepPacked } from './packed.ts';

/**
 * Code is optimised after hundreds of requests, not thousands, and across more of its small functions: measured side by side, a request on a
 * warm server takes a sixth less time. By one compiler only: the other one's jobs are many at once, and what they free stays with the
 * allocator, a quarter of all memory under load. The heap may grow by less before it is collected. What is new is collected by one thread: of
 * so little so few survive that sharing the work takes more than the work. The names are of Node 24's V8, which is the one that runs this.
 */
const flags = [
  '--no-maglev',
  '--invocation-count-for-turbofan=300',
  '--minimum-invocations-after-ic-update=100',
  '--max-inlined-bytecode-size=1000',
  '--max-inlined-bytecode-size-cumulative=3000',
  '--heap-growing-percent=40',
  '--no-parallel-scavenge',
];

/** How long after the start they are set, which is then over. */
const TUNE_AFTER_MS = 1_000;

/**
 * Compiled code that is kept, Node's own and ours, is taken only under the flags under which it was compiled. So a start runs without
 * any, which saves a third of its time, and what was compiled for it is written before they are set.
 */
async function tune(): Promise<void> {
  const [{ setFlagsFromString }, { giveBackAtRest }] = await Promise.all([import('node:v8'), import('./rest.ts')]);
  flushCompileCache();
  // In one call: what has been called often by now would be optimised at the next, which takes 5 MB of the compiler's code into memory.
  setFlagsFromString(flags.join(' '));
  giveBackAtRest();
}

/** Packing waits until the start itself is over. */
const PACK_AFTER_MS = 3_000;
const toPath = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** In a process of its own, which may outlive us, and may fail: then the next start reads the sources again. */
async function pack(): Promise<void> {
  const { spawn } = await import('node:child_process');
  const { npm_lifecycle_event: _, ...env } = process.env;
  const packing = spawn(process.execPath, [toPath('node24.mjs'), toPath('pack-main.ts')], { stdio: 'ignore', env });
  packing.on('error', () => undefined);
  packing.unref();
}

const packed = findPacked();
if (packed === null) {
  await import('./serve.ts');
  setTimeout(() => void pack(), PACK_AFTER_MS).unref();
} else {
  await import(pathToFileURL(packed).href);
  keepPacked(packed);
}
setTimeout(() => void tune(), TUNE_AFTER_MS).unref();
