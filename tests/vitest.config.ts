// How the tests are run: every *.test.ts and *.test.tsx under tests/, in Node, and console output fails a test.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.{ts,tsx}'],
    setupFiles: ['tests/setup.ts'],
    environment: 'node',
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // On a busy machine a browser may be slow; what is polled for comes sooner everywhere else.
    expect: { poll: { timeout: 10_000 } },
  },
});
