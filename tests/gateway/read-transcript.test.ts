// What a transcript is said to have used and cost.
import { expect, test } from 'vitest';
import type { AttemptOutcome } from '#lambda/gateway/operation.ts';
import { createTranscriptReader, type TranscriptReading } from '#lambda/gateway/read-transcript.ts';
import { readFlat } from '#lambda/wire/transcription/flat.ts';
import { context } from '../wire/streams.ts';

test.each([
  ['tells its cost', { cost: 0.00010625 }, { audioSeconds: 10, reportedCostUsd: 0.00010625 }],
  ['does not', {}, { audioSeconds: 10 }],
])('a provider that %s', (_name, usage, expected) => {
  const told: unknown[] = [];
  const reading = {
    input: { piece: { seconds: 10 }, onTranscript: () => undefined },
    target: { ask: {}, wire: { next: (body: string) => ({ kind: 'transcript', transcript: readFlat(body) }) } },
    dialect: context.dialect,
    context: {
      nowMs: () => 0,
      commit: (_type: string, used: unknown) => ({ end: () => void told.push(used) }),
      finish: ({ usage: used }: AttemptOutcome) => void told.push(used),
    },
    believe: () => null,
  } as unknown as TranscriptReading;
  const reader = createTranscriptReader(reading);
  reader.onHead(200, {});
  reader.onData(new TextEncoder().encode(JSON.stringify({ text: 'Hello.', usage })));
  reader.onEnd();
  expect(told).toEqual([expected, expected]);
});
