// How V8 is set for a server, a second after its start.
import { flushCompileCache } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { giveBackAtRest } from './rest.ts';

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

/**
 * Compiled code that is kept, Node's own and ours, is taken only under the flags under which it was compiled. So a start runs without
 * any, which saves a third of its time, and what was compiled for it is written before they are set.
 */
export function tune(): void {
  flushCompileCache();
  // In one call: what has been called often by now would be optimised at the next, which takes 5 MB of the compiler's code into memory.
  setFlagsFromString(flags.join(' '));
  giveBackAtRest();
}
