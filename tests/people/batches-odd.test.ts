// Batches that are odd: lines nested without end, marks before the first, many batches at once, controls that are none, and a holder that died.
import { describe, expect, it } from 'vitest';
import { createBatchBook, createFileBook } from '#lambda/store/batches.ts';
import { createLineAsker, type BatchWork } from '#lambda/endpoints/batch-asker.ts';
import type { KeptBatch } from '#shared/batch.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { createHouse, owner, type Answer, type House, type HouseInput } from './house.ts';

const ENDPOINT = '/v1/chat/completions';
const quick = { models: [{ id: 'm1', ttftMs: 1_000, tokensPerSecond: 1_000 }] };

const toLine = (id: string, body = `"messages":[{"role":"user","content":"Say ${id}."}]`): string =>
  `{"custom_id":"${id}","method":"POST","body":{"model":"m1",${body}}}`;

async function upload(house: House, text: string): Promise<unknown> {
  const form = new FormData();
  form.append('purpose', 'batch');
  form.append('file', new Blob([text]), 'in.jsonl');
  return (await house.ask('POST /v1/files', { headers: owner, form })).json['id'];
}

async function make(house: House, text: string, headers: Record<string, string> = {}): Promise<Answer> {
  const body = { input_file_id: await upload(house, text), endpoint: ENDPOINT, completion_window: '24h' };
  return house.clock.runUntil(house.ask('POST /v1/batches', { headers: { ...owner, ...headers }, body }));
}

/** Lets time pass without anybody looking. */
async function pass(house: House, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 500) {
    await house.clock.advance(500);
    await new Promise((done) => setImmediate(done));
  }
}

async function open(input: HouseInput = {}): Promise<House> {
  const house = await createHouse({ spec: quick, ...input });
  // What answers for batches is loaded with the first request, which takes real time.
  await house.ask('GET /v1/batches', { headers: owner });
  return house;
}

/** Lets time pass until it has come to its end. */
async function finish(house: House, id: unknown): Promise<Record<string, unknown>> {
  for (let round = 0; round < 100; round++) {
    const batch = await look(house, id);
    if (batch['status'] !== 'validating' && batch['status'] !== 'in_progress') return batch;
    await pass(house, 500);
    await new Promise((done) => setTimeout(done, 5));
  }
  throw new Error('it does not end');
}

/** The same batch once more, under way, as somebody has left it. */
async function leave(house: House, id: unknown, left: Partial<KeptBatch>): Promise<void> {
  const batches = createBatchBook(house.store);
  const done = await batches.get('owner', String(id));
  if (done === null) throw new Error('there is no batch');
  const next = { line: 0, part: 0, offset: 0 };
  const anew = { id: 'batch_left', status: 'validating', endedAtMs: null, completed: 0, next } as const;
  await batches.create({ ...done, ...anew, ...left }, 50);
}

const look = async (house: House, id: unknown): Promise<Record<string, unknown>> =>
  (await house.ask(`GET /v1/batches/${id}`, { headers: owner })).json;

describe('a batch', () => {
  it('with a line that is nested without end is refused, and is not tried for ever', async () => {
    const house = await open();
    const deep = `"messages":${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const { json } = await make(house, [toLine('a'), toLine('b', deep)].join('\n'));
    const over = await finish(house, json['id']);
    expect(over).toMatchObject({
      status: 'failed',
      errors: { data: [{ line: 2, message: expect.stringMatching(/nested/) }] },
    });
    expect(house.provider.books().total().accepted).toBe(0);
  });

  it('may begin with a mark of the order of bytes', async () => {
    const house = await open();
    const { json } = await make(house, `\uFEFF${toLine('a')}\r\n${toLine('b')}\r\n`);
    expect(await finish(house, json['id'])).toMatchObject({ status: 'completed', request_counts: { completed: 2 } });
  });

  it('is refused at once with controls that every request would be refused for', async () => {
    const house = await open();
    for (const [name, value] of [
      ['x-freeway-tier', 'gratis'],
      ['x-freeway-max-wait-ms', ''],
      ['x-freeway-max-wait-ms', '-1'],
      ['x-freeway-max-wait-ms', 'soon'],
    ] as const) {
      const { status, message } = await make(house, toLine('a'), { [name]: value });
      expect([name, value, status, message]).toEqual([name, value, 400, expect.stringContaining('x-freeway')]);
    }
  });

  it('shares what is asked at once with all others', async () => {
    const house = await open({ spec: { models: [{ id: 'm1', ttftMs: 60_000, tokensPerSecond: 1_000 }] } });
    const lines = Array.from({ length: 8 }, (_, index) => toLine(`r${index}`)).join('\n');
    for (let batch = 0; batch < 12; batch++) await make(house, lines);
    await pass(house, 5_000);
    expect(house.provider.books().total().accepted).toBe(16);
  });

  it('that only waits is written anew for its lease alone', async () => {
    const clock = createFakeClock(Date.UTC(2026, 10, 21));
    const store = createMemoryStore(clock);
    const house = await open({
      clock,
      store,
      spec: { models: [{ id: 'm1', ttftMs: 60_000, tokensPerSecond: 1_000 }] },
    });
    await make(house, toLine('a'));
    await pass(house, 10_000);
    const before = store.counts.writes;
    await pass(house, 20_000);
    expect(house.provider.books().total().accepted).toBe(1);
    expect(store.counts.writes - before).toBe(5);
  });

  it('goes on by itself when whoever held it has died', async () => {
    const house = await open();
    const { json } = await make(house, toLine('a'));
    await finish(house, json['id']);
    const asked = house.provider.books().total().accepted;
    await leave(house, json['id'], { lease: { holder: 'the dead', untilMs: house.clock.now() + 10_000 } });
    expect(await look(house, 'batch_left')).toMatchObject({ status: 'validating' });
    await pass(house, 9_000);
    expect(house.provider.books().total().accepted).toBe(asked);
    await pass(house, 11_000);
    expect(house.provider.books().total().accepted).toBe(asked + 1);
  });
});

describe('bounds of one person hold for what comes at once', () => {
  const remove = async (house: House, id: unknown): Promise<void> => {
    expect((await house.ask(`DELETE /v1/files/${id}`, { headers: owner })).status).toBe(200);
  };

  it('on files, and those that are deleted make room', async () => {
    const house = await open();
    const ids = await Promise.all(Array.from({ length: 103 }, () => upload(house, toLine('a'))));
    const kept = ids.filter((id) => id !== undefined);
    expect(kept).toHaveLength(100);
    await remove(house, kept[0]);
    expect(await upload(house, toLine('a'))).toBeDefined();
    expect(await upload(house, toLine('a'))).toBeUndefined();
  });

  it('on files, also where one was begun by somebody who died over it', async () => {
    const house = await open();
    for (let file = 0; file < 99; file++) await upload(house, toLine('a'));
    const files = createFileBook(house.store);
    async function* dying(): AsyncGenerator<string> {
      yield toLine('a');
      await new Promise(() => undefined);
    }
    const dead = { id: 'file-dead', personId: 'owner', name: 'in', createdAtMs: house.clock.now() };
    expect(await files.enter(dead, 100)).toBe(true);
    void files.create({ ...dead, expiresAtMs: house.clock.now() + 1e9 }, dying());
    await house.clock.advance(0);
    expect(await upload(house, toLine('a'))).toBeUndefined();
    await house.clock.advance(3_700_000);
    expect(await upload(house, toLine('a'))).toBeDefined();
    expect(await upload(house, toLine('a'))).toBeUndefined();
  });

  it('on batches under way, in all formats together, and those that end make room', async () => {
    const house = await open({ spec: { models: [{ id: 'm1', ttftMs: 3_600_000 }] } });
    const input_file_id = await upload(house, toLine('a'));
    const params = { model: 'm1', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] };
    const message = { requests: [{ custom_id: 'a', params }] };
    const making = Array.from({ length: 60 }, (_, index) =>
      index % 2 === 0
        ? house.ask('POST /v1/batches', { headers: owner, body: { input_file_id, endpoint: ENDPOINT } })
        : house.ask('POST /v1/messages/batches', { headers: owner, body: message }),
    );
    const made = await house.clock.runUntil(Promise.all(making));
    expect(made.filter(({ status }) => status === 200)).toHaveLength(50);
    expect(made.find(({ status }) => status !== 200)?.message).toContain('50 batches');
    // What was sent for those that were refused is not kept.
    expect((await house.store.query('files#owner')).items).toHaveLength(
      1 + made.filter(({ status, json }) => status === 200 && json['type'] === 'message_batch').length,
    );
    const first = made.find(({ json }) => json['object'] === 'batch')?.json['id'];
    await house.clock.runUntil(house.ask(`POST /v1/batches/${first}/cancel`, { headers: owner }));
    // What is asked of it at the moment is still waited for.
    await pass(house, 620_000);
    const again = { headers: owner, body: { input_file_id, endpoint: ENDPOINT } };
    expect((await house.ask('POST /v1/batches', again)).status).toBe(200);
    expect((await house.ask('POST /v1/batches', again)).status).toBe(400);
  });
});

describe('a batch whose time is over', () => {
  it.each([
    ['is completed when all of its answers came, the last a moment after', 800, ['completed', 1, 0]],
    ['has expired when one was not asked any more', 0, ['expired', 0, 1]],
  ])('%s', async (_, leftMs, expected) => {
    const house = await open();
    const { json } = await make(house, toLine('a'));
    await finish(house, json['id']);
    await leave(house, json['id'], { endsAtMs: house.clock.now() + leftMs });
    const over = await finish(house, 'batch_left');
    const counts = over['request_counts'] as { completed: number; failed: number };
    expect([over['status'], counts.completed, counts.failed]).toEqual(expected);
  });
});

describe('where nothing goes on between requests, a request that takes longer than whoever looks has', () => {
  const INVOCATION_MS = 60_000;
  const slow = { models: [{ id: 'm1', ttftMs: 1_000_000, tokensPerSecond: 1_000 }] };
  const poll = async (house: House, id: unknown): Promise<Record<string, unknown>> => {
    const deadlineAtMs = house.clock.now() + INVOCATION_MS;
    const { json } = await house.clock.runUntil(
      house.ask(`GET /v1/batches/${id}`, { headers: owner, deadlineAtMs }),
      INVOCATION_MS,
    );
    return json;
  };

  it('is asked five times, and ends with an error that says so', async () => {
    const house = await open({ freezes: true, spec: slow });
    const { json } = await make(house, toLine('a'));
    const asked: number[] = [];
    for (let round = 0; round < 8; round++) {
      await poll(house, json['id']);
      await house.clock.advance(130_000);
      asked.push(house.provider.books().total().accepted);
    }
    expect(await poll(house, json['id'])).toMatchObject({ status: 'completed', request_counts: { failed: 1 } });
    expect(new Set(asked.slice(4)).size).toBe(1);
    const errors = await house.ask(`GET /v1/files/file-${json['id']}-error/content`, { headers: owner });
    expect(JSON.parse(errors.text)).toMatchObject({
      custom_id: 'a',
      response: { status_code: 504, body: { error: { message: expect.stringContaining('time for this request') } } },
    });
  });

  it('rests after each time as long as on a server, however often somebody looks', async () => {
    const house = await open({ freezes: true, spec: slow });
    const { json } = await make(house, toLine('a'));
    for (let round = 0; round < 6; round++) await poll(house, json['id']);
    expect(house.provider.books().total().accepted).toBe(3);
    await house.clock.advance(32_000);
    await poll(house, json['id']);
    expect(house.provider.books().total().accepted).toBe(4);
  });

  it('and ends the process each time is begun no more often', async () => {
    const house = await open({ freezes: true, spec: slow });
    const batches = createBatchBook(house.store);
    const { json } = await make(house, toLine('a'));
    const id = String(json['id']);
    for (let round = 0; round < 5; round++) {
      const deadlineAtMs = house.clock.now() + INVOCATION_MS;
      const polling = house.ask(`GET /v1/batches/${id}`, { headers: owner, deadlineAtMs });
      await pass(house, 5_000);
      // What is in the store is what somebody finds who comes after this one was killed.
      const left = await batches.get('owner', id);
      if (left === null) throw new Error('there is no batch');
      await pass(house, INVOCATION_MS);
      await polling;
      await batches.change('owner', id, () => ({ ...left, lease: null }));
      await batches.removeResults(left, ['error']);
    }
    expect(await poll(house, id)).toMatchObject({ status: 'completed', request_counts: { failed: 1 } });
    expect(house.provider.books().total().accepted).toBe(5);
    const errors = await house.ask(`GET /v1/files/file-${id}-error/content`, { headers: owner });
    expect(JSON.parse(errors.text)).toMatchObject({ custom_id: 'a', response: null, error: { code: 'interrupted' } });
  });
});

it.each([
  ['/v1/batches', 'after'],
  ['/v1/files', 'after'],
  ['/v1/messages/batches', 'after_id'],
  ['/v1/messages/batches', 'before_id'],
])('a list of %s that is to go on %s what is not in it does not begin anew', async (path, name) => {
  const house = await open();
  await make(house, toLine('a'));
  const { status, text } = await house.ask(`GET ${path}`, { headers: owner, query: `${name}=gone` });
  expect([status, text]).toEqual([400, expect.stringContaining(name)]);
});

describe('files', () => {
  it('that are deleted while they are read are not taken for empty ones', async () => {
    const house = await open();
    const id = await upload(house, toLine('a'));
    expect(await house.ask(`GET /v1/files/${id}/content`, { headers: owner })).toMatchObject({ status: 200 });
    await house.store.delete({ pk: `file-parts#${id}`, sk: '000000' });
    const { status, message } = await house.ask(`GET /v1/files/${id}/content`, { headers: owner });
    expect([status, message]).toEqual([404, expect.stringContaining('deleted')]);
  });

  it('are counted as they are listed: what holds the requests of other batches is not among them', async () => {
    const house = await open();
    const files = createFileBook(house.store);
    const times = { createdAtMs: house.clock.now(), expiresAtMs: house.clock.now() + 1_000_000 };
    async function* text(): AsyncGenerator<string> {
      yield toLine('a');
    }
    const create = (id: string): Promise<unknown> =>
      files.create({ id, personId: 'owner', name: 'in', ...times }, text());
    for (let file = 0; file < 100; file++) await create(`requests-${file}`);
    expect(await upload(house, toLine('a'))).toMatch(/^file-/);
    for (let file = 1; file < 100; file++) await create(`file-${file}`);
    expect(await upload(house, toLine('a'))).toBeUndefined();
  });
});

it('requests that are put down with the process leave no result, but are asked when the batch goes on', async () => {
  const cutting = new AbortController();
  const written: unknown[] = [];
  const unused = (): never => {
    throw new Error('not to be asked');
  };
  const deps = {
    clock: createFakeClock(0),
    background: { stopping: cutting.signal, cutting: cutting.signal, add: unused },
    batches: { writeResult: async (...given: unknown[]) => void written.push(given) },
    newRequestId: () => 'id',
  };
  const batch = { id: 'b', endpoint: ENDPOINT, headers: {}, createdAtMs: 0, endsAtMs: 1_000 };
  const work = { deps, batch, deadlineAtMs: null } as unknown as BatchWork;
  // Whoever hung up is told nothing.
  const ask = createLineAsker(work, async () => cutting.abort());
  const read = { customId: 'a', body: {} };
  expect(await ask({ line: 0, read, setbacks: 0, isLoose: false })).toMatchObject({ kind: 'wait', isSetback: false });
  expect(written).toEqual([]);
});

it('files of one second are listed in either order, page by page', async () => {
  const house = await open();
  const ids: unknown[] = [];
  for (const _ of [1, 2, 3]) {
    ids.push(await upload(house, toLine('a')));
    await house.clock.advance(10);
  }
  const list = async (query: string): Promise<unknown[]> =>
    ((await house.ask('GET /v1/files', { headers: owner, query })).json['data'] as { id: string }[]).map(
      ({ id }) => id,
    );
  expect(await list('')).toEqual(ids.toReversed());
  expect(await list('order=asc')).toEqual(ids);
  expect(await list(`order=asc&limit=1&after=${String(ids[0])}`)).toEqual([ids[1]]);
});
