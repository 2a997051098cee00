// Batches and their files belong to whoever made them, and are carried out with what that person may do at that moment.
import { describe, expect, it } from 'vitest';
import type { Headers } from '#lambda/ports.ts';
import { CallerError } from '#shared/failures.ts';
import { createMemoryRecordings } from '../fakes/memory-recordings.ts';
import { createHouse, owner, type Answer, type House, type HouseInput } from './house.ts';

const google = { env: { GOOGLE_CLIENT_ID: 'x', ALLOWED_EMAILS: 'ada@example.com,ben@example.com' } };
const quick = { models: [{ id: 'm1', ttftMs: 1_000, tokensPerSecond: 1_000 }] };

async function memberOf(house: House, name: string, more: Record<string, unknown> = {}): Promise<Headers> {
  const email = `${name}@example.com`;
  return (await house.key({ personId: house.people.idOf(email), email, ...more })).headers;
}

async function upload(house: House, headers: Headers, lines: number): Promise<Answer> {
  const body = { model: 'm1', messages: [{ role: 'user', content: 'hello' }] };
  const toLine = (_: unknown, index: number): string =>
    JSON.stringify({ custom_id: `r${index}`, method: 'POST', body });
  const form = new FormData();
  form.append('purpose', 'batch');
  form.append('file', new Blob([Array.from({ length: lines }, toLine).join('\n')]), 'in.jsonl');
  return house.ask('POST /v1/files', { headers, form });
}

async function make(house: House, headers: Headers, lines = 3): Promise<Answer> {
  const { json } = await upload(house, headers, lines);
  const body = { input_file_id: json['id'], endpoint: '/v1/chat/completions', completion_window: '24h' };
  return house.clock.runUntil(house.ask('POST /v1/batches', { headers, body }));
}

/** Lets time pass until the batch has come to its end. */
async function finish(house: House, headers: Headers, id: unknown): Promise<Record<string, unknown>> {
  for (let round = 0; round < 400; round++) {
    const { json } = await house.ask(`GET /v1/batches/${id}`, { headers });
    if (json['status'] !== 'validating' && json['status'] !== 'in_progress') return json;
    await house.clock.advance(500);
    await new Promise((done) => setImmediate(done));
  }
  throw new Error('it does not end');
}

async function open(input: HouseInput = {}): Promise<House> {
  const house = await createHouse({ ...google, spec: quick, ...input });
  // What answers for batches is loaded with the first request, which takes real time.
  await house.ask('GET /v1/batches', { headers: owner });
  return house;
}

describe('a batch', () => {
  it('and its files are shown to nobody else, not even the owner', async () => {
    const house = await open();
    const [ada, ben] = [await memberOf(house, 'ada'), await memberOf(house, 'ben')];
    const made = await make(house, ada);
    const over = await finish(house, ada, made.json['id']);
    expect(over).toMatchObject({ status: 'completed', request_counts: { completed: 3 } });
    const [id, input, output] = [over['id'], over['input_file_id'], over['output_file_id']];
    const places = [`GET /v1/batches/${id}`, `POST /v1/batches/${id}/cancel`, `DELETE /v1/files/${input}`];
    const files = [input, output].flatMap((file) => [`GET /v1/files/${file}`, `GET /v1/files/${file}/content`]);
    for (const headers of [ben, owner])
      for (const place of [...places, ...files])
        expect([place, (await house.ask(place, { headers })).status]).toEqual([place, 404]);
    for (const list of ['GET /v1/batches', 'GET /v1/files'])
      expect((await house.ask(list, { headers: ben })).json['data']).toEqual([]);
    expect((await house.ask(`GET /v1/files/${output}/content`, { headers: ada })).text.split('\n')).toHaveLength(4);
    const stolen = { input_file_id: input, endpoint: '/v1/chat/completions', completion_window: '24h' };
    expect((await house.ask('POST /v1/batches', { headers: ben, body: stolen })).status).toBe(404);
  });

  it('needs a key that may make requests', async () => {
    const house = await open();
    const headers = await memberOf(house, 'ada', { scopes: ['usage', 'manage'] });
    const asked = ['GET /v1/batches', 'GET /v1/files', 'GET /v1/files/file-x', 'POST /v1/batches'];
    for (const place of asked) {
      const { status, message } = await house.ask(place, { headers });
      expect([place, status]).toEqual([place, 403]);
      expect(message).toContain('that needs the scope inference, and it has usage, manage');
    }
    expect((await house.ask('GET /v1/batches')).status).toBe(401);
  });

  it('ends when whoever made it may come in no more, and asks nobody from then on', async () => {
    const house = await open();
    const ada = await memberOf(house, 'ada');
    const made = await make(house, ada, 200);
    const id = house.people.idOf('ada@example.com');
    await house.clock.advance(5_000);
    const body = { email: 'ada@example.com', role: 'member' };
    const invited = await house.ask('POST /api/people', { headers: owner, body });
    expect([invited.status, invited.text]).toEqual([201, expect.any(String)]);
    expect((await house.ask(`PATCH /api/people/${id}`, { headers: owner, body: { blocked: true } })).status).toBe(200);
    for (let round = 0; round < 60; round++) {
      await house.clock.advance(500);
      await new Promise((done) => setImmediate(done));
    }
    const asked = house.provider.books().total().accepted;
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThan(200);
    await house.clock.advance(60_000);
    expect(house.provider.books().total().accepted).toBe(asked);
    await house.ask(`PATCH /api/people/${id}`, { headers: owner, body: { blocked: false } });
    const over = await finish(house, ada, made.json['id']);
    expect(over).toMatchObject({ status: 'failed', errors: { data: [{ message: expect.stringMatching(/blocked/) }] } });
  });

  it('asks by whatever its person may ask by then: a model that was taken away is refused', async () => {
    const house = await open();
    const ada = await memberOf(house, 'ada', { models: ['m2'] });
    const over = await finish(house, ada, (await make(house, ada)).json['id']);
    expect(over).toMatchObject({ status: 'completed', request_counts: { completed: 0, failed: 3 } });
    expect(house.provider.books().total().accepted).toBe(0);
  });
});

it('whoever is removed leaves no files, batches or recordings to whoever is given the same address', async () => {
  const transcribing = { id: 't1', kind: 'transcription' as const };
  const house = await open({
    env: { GOOGLE_CLIENT_ID: 'x' },
    entry: { models: [{ id: 'm1', kind: 'chat' }, transcribing] },
  });
  const invite = async (): Promise<string> =>
    String((await house.ask('POST /api/people', { headers: owner, body: { email: 'ada@example.com' } })).json['id']);
  const id = await invite();
  const before = await memberOf(house, 'ada');
  const done = await finish(house, before, (await make(house, before)).json['id']);
  const recording = { size_bytes: 1_000, options: { timestamps: 'none' } };
  expect((await house.ask('POST /api/transcriptions', { headers: before, body: recording })).status).toBe(201);
  // One is under way.
  await make(house, before);
  expect((await house.ask(`DELETE /api/people/${id}`, { headers: owner })).status).toBe(204);
  expect(await invite()).toBe(id);
  const after = await memberOf(house, 'ada');
  for (const list of ['/v1/batches', '/v1/files', '/api/transcriptions'])
    expect([list, (await house.ask(`GET ${list}`, { headers: after })).json['data']]).toEqual([list, []]);
  await house.clock.advance(60_000);
  const left = [`batch-results#${done['id']}`, `file-parts#${done['input_file_id']}`, `batches#${id}`, 'batches-open'];
  for (const pk of left) expect([pk, (await house.store.query(pk)).items]).toEqual([pk, []]);
});

it('whoever is removed when recordings can not be deleted leaves none behind once that is tried again', async () => {
  let isAway = true;
  const removed: string[] = [];
  const remove = async ({ id }: { readonly id: string }): Promise<void> => {
    if (isAway) throw new CallerError('exhausted', 'The bucket does not answer.');
    removed.push(id);
  };
  const house = await createHouse({
    env: { GOOGLE_CLIENT_ID: 'x' },
    entry: { models: [{ id: 't1', kind: 'transcription' }] },
    recordings: { ...createMemoryRecordings(), remove },
  });
  const invited = await house.ask('POST /api/people', { headers: owner, body: { email: 'ada@example.com' } });
  const ada = await memberOf(house, 'ada');
  const recording = { size_bytes: 1_000, options: { timestamps: 'none' } };
  const made = await house.ask('POST /api/transcriptions', { headers: ada, body: recording });
  const leave = async (): Promise<number> =>
    (await house.ask(`DELETE /api/people/${invited.json['id']}`, { headers: owner })).status;
  expect(await leave()).toBe(503);
  isAway = false;
  expect(await leave()).toBe(204);
  expect(removed).toEqual([made.json['id']]);
});
