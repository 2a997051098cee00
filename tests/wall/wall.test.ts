// The wall in its fast profile: sixteen provider faults over JSON and SSE, on real sockets, with the gateway's waits an eighth as long, on every surface.
import { beforeAll, describe, expect, it } from 'vitest';
import { scenarios } from '../../scripts/wall/scenarios.ts';
import { runWall, type WallResult } from '../../scripts/wall/wall.ts';

describe.each(['chat', 'messages', 'responses', 'gemini'] as const)('the fault wall before %s', (surface) => {
  let result: WallResult;

  beforeAll(async () => {
    result = await runWall({ speed: 8, surface });
  });

  it.each(scenarios)('$id $title', ({ id }) => {
    const rows = result.rows.filter((row) => row.id === id);
    expect(rows.map(({ mode, faults }) => ({ mode, faults }))).toEqual([
      { mode: 'json', faults: [] },
      { mode: 'sse', faults: [] },
    ]);
  });
  it('leaves the server answering', () => {
    expect(result.alive).toBe(true);
  });
});
