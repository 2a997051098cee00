// How the tests are run: every *.test.ts and *.test.tsx under tests/, in Node, and console output fails a test.
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { Sequencer } from './sequence.ts';
import { useOwnTemporary } from './temporary.ts';

useOwnTemporary();

const all = 'tests/**/*.test.{ts,tsx}';
const browser = 'tests/e2e/browser/**/*.test.ts';
/** Rooms without input, output and state: their files may share a process, whose start costs more than they do. */
const pure = 'tests/{shared,catalog,wire,routing}/**/*.test.ts';

export default defineConfig({
  test: {
    setupFiles: ['tests/setup.ts'],
    environment: 'node',
    // Deadlines of waiting say that something hangs, not how fast this machine is: a test that passes does not spend them.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    // Most tests wait, for other processes and for time: more of them than processors can be under way.
    maxWorkers: Math.max(3, availableParallelism()),
    sequence: { sequencer: Sequencer },
    projects: [
      { extends: true, test: { name: 'browser', include: [browser], globalSetup: ['tests/e2e/browser/prepare.ts'] } },
      { extends: true, test: { name: 'processes', include: [all], exclude: [browser, pure] } },
      { extends: true, test: { name: 'pure', include: [pure], isolate: false } },
    ],
  },
});
