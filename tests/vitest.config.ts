// How the tests are run: every *.test.ts and *.test.tsx under tests/, in Node, and console output fails a test.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.{ts,tsx}'],
    setupFiles: ['tests/setup.ts'],
    environment: 'node',
    // Deadlines of waiting say that something hangs, not how fast this machine is: a test that passes does not spend them.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
