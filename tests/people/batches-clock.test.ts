// Batches under way when the clock of the machine is set back: who may no more is not asked for, and the work of the dead is taken over.
import { beforeEach, expect, it } from 'vitest';
import { createBatchBook } from '#lambda/store/batches.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { createHouse, owner, type House } from './house.ts';

const HOUR = 3_600_000;
const ENDPOINT = '/v1/chat/completions';
const LINES = 200;

let house: House;
let fake: FakeClock;
let aheadMs: number;

beforeEach(async () => {
  fake = createFakeClock(Date.UTC(2026, 10, 21));
  aheadMs = 0;
  const spec = { models: [{ id: 'm1', ttftMs: 1_000, tokensPerSecond: 1_000 }] };
  house = await createHouse({ clock: { ...fake, now: () => fake.now() + aheadMs }, spec });
  // What answers for batches is loaded with the first request, which takes real time.
  await house.ask('GET /v1/batches', { headers: owner });
});

/** Lets time pass without anybody looking. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 500) {
    await fake.advance(500);
    await new Promise((done) => setTimeout(done, 1));
  }
}

async function begin(headers: Readonly<Record<string, string>>): Promise<string> {
  const form = new FormData();
  const body = { model: 'm1', messages: [{ role: 'user', content: 'hi' }] };
  const lines = Array.from({ length: LINES }, (_, index) =>
    JSON.stringify({ custom_id: `r${index}`, method: 'POST', url: ENDPOINT, body }),
  );
  form.append('purpose', 'batch');
  form.append('file', new Blob([lines.join('\n')]), 'in.jsonl');
  const { json: file } = await house.ask('POST /v1/files', { headers, form });
  const wanted = { input_file_id: file['id'], endpoint: ENDPOINT };
  return String((await house.ask('POST /v1/batches', { headers, body: wanted })).json['id']);
}

const accepted = (): number => house.provider.books().total().accepted;

/** How many more are asked within a minute after the clock was set back and what it is about was done. */
async function countAfter(act: () => Promise<void>): Promise<number> {
  await pass(3_000);
  aheadMs = -HOUR;
  await act();
  const before = accepted();
  expect(before).toBeGreaterThan(0);
  await pass(60_000);
  return accepted() - before;
}

it('a batch of a key that is revoked then ends as soon as with any other clock', async () => {
  const { id, headers } = await house.key();
  await begin(headers);
  const asked = await countAfter(async () => {
    expect((await house.ask(`DELETE /api/keys/${id}`, { headers: owner })).status).toBe(204);
  });
  expect(asked).toBeLessThan(LINES / 2);
});

it('how far it has come goes on being written down', async () => {
  const id = await begin(owner);
  await pass(3_000);
  aheadMs = -HOUR;
  const batches = createBatchBook(house.store);
  const before = (await batches.get('owner', id))?.completed ?? 0;
  await pass(20_000);
  expect((await batches.get('owner', id))?.completed).toBeGreaterThan(before + 20);
});

it('the work of whoever was killed before that is taken over by another', async () => {
  const id = await begin(owner);
  await pass(100_000);
  const batches = createBatchBook(house.store);
  const done = await batches.get('owner', id);
  if (done === null) throw new Error('there is no batch');
  const before = accepted();
  expect([done.status, before]).toEqual(['completed', LINES]);
  const lease = { holder: 'the dead', untilMs: house.clock.now() + HOUR };
  const left = { id: 'batch_left', status: 'validating', endedAtMs: null, completed: 0, lease } as const;
  await batches.create({ ...done, ...left, next: { line: 0, part: 0, offset: 0 } }, 50);
  await house.ask('GET /v1/batches/batch_left', { headers: owner });
  await pass(10_000);
  expect(accepted()).toBe(before);
  await pass(10_000);
  expect(accepted()).toBeGreaterThan(before);
});
