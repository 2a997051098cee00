// Console output fails a test: nothing under test may print.
import { afterEach, beforeEach, expect, vi } from 'vitest';

const methods = ['log', 'info', 'warn', 'error', 'debug'] as const;

beforeEach(() => {
  for (const method of methods) vi.spyOn(console, method).mockImplementation(() => undefined);
});

afterEach(() => {
  for (const method of methods) {
    const calls = vi.mocked(console[method]).mock.calls;
    expect(calls, `console.${method} was called`).toEqual([]);
    vi.mocked(console[method]).mockRestore();
  }
});
