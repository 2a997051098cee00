// The wall in its fast profile: sixteen provider faults over JSON and SSE, on real sockets, with the gateway's waits an eighth as long, on every surface and before providers of other formats.
import { beforeAll, describe, expect, it } from 'vitest';
import { scenarios } from '../../scripts/wall/scenarios.ts';
import { runWall, type WallResult } from '../../scripts/wall/wall.ts';

const sides = [
  ...(['chat', 'messages', 'responses', 'gemini'] as const).map((surface) => ({
    surface,
    wire: 'openai-chat' as const,
  })),
  ...(['anthropic', 'bedrock-converse', 'gemini'] as const).map((wire) => ({
    surface: 'chat' as const,
    wire,
  })),
  { surface: 'gemini' as const, wire: 'gemini' as const },
];

describe.each(sides)('the fault wall between $surface and $wire', ({ surface, wire }) => {
  let result: WallResult;

  beforeAll(async () => {
    result = await runWall({ speed: 8, surface, wire });
    // Its clock stands still while this machine does something else.
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
