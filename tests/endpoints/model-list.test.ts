// Which names are listed: those of models that are served today, and `auto` for those it leads to.
import { expect, test } from 'vitest';
import { listModels, servedTo } from '#lambda/endpoints/model-list.ts';
import type { Fleet } from '#lambda/gateway/fleet.ts';
import type { Principal } from '#shared/people.ts';
import { toCandidate } from '../fakes/candidates.ts';

const candidates = [
  toCandidate({ modelId: 'young', sizeRank: 0 }),
  toCandidate({ modelId: 'old', sizeRank: 2, retiredAtMs: 1_000 }),
  toCandidate({ modelId: 'judge', sizeRank: 1, onlyByName: true }),
];
const anybody = { models: null, key: null } as Principal;
const idsAt = (nowMs: number): string[] =>
  listModels(servedTo(anybody, { candidates } as unknown as Fleet, nowMs)).map(({ id }) => id);

test('what has retired is listed no more, nor the names that only it was meant by', () => {
  expect(idsAt(999)).toEqual(expect.arrayContaining(['auto:reasoning', 'auto:large', 'old', 'acme/old', 'judge']));
  const later = idsAt(1_000);
  expect(later).toEqual(expect.arrayContaining(['auto', 'auto:small', 'young', 'judge', 'acme/judge']));
  for (const id of ['old', 'acme/old', 'auto:reasoning', 'auto:large']) expect(later).not.toContain(id);
});

test('auto means nobody who is to be named', () => {
  const [auto] = listModels(candidates);
  expect(auto?.candidates.map(({ modelId }) => modelId)).toEqual(['young', 'old']);
});
