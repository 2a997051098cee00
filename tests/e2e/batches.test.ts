// Batches with the official clients: many requests at once, answered by what is free, whoever is killed, cancelled or revoked meanwhile.
import { setTimeout as sleep } from 'node:timers/promises';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI, { toFile } from 'openai';
import type { Batch } from 'openai/resources/batches';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '#lambda/clock.ts';
import type { Clock } from '#lambda/ports.ts';
import { createFakeProvider, type FakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider } from '../fakes/provider/server.ts';
import type { FakeProviderSpec } from '../fakes/provider/spec.ts';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

const ENDPOINT = '/v1/chat/completions';
const HOUR = 3_600_000;

interface Served {
  readonly fake: FakeProvider;
  readonly baseUrl: string;
}

let server: Started;
let closing: (() => Promise<unknown>)[] = [];

async function serve(name: string, spec: Partial<FakeProviderSpec> = {}): Promise<Served> {
  const models = [{ id: 'm1', ttftMs: 2, tokensPerSecond: 1_000_000, maxOutput: 500_000, context: 1_000_000 }];
  const fake = createFakeProvider({ name, models, answer: 'echo', keepRequests: 2_000, ...spec }, { now: Date.now });
  const { baseUrl, close } = await serveFakeProvider(fake);
  closing.push(close);
  return { fake, baseUrl };
}

async function start(
  entries: readonly Record<string, unknown>[],
  more: { env?: Record<string, string>; clock?: Clock } = {},
): Promise<void> {
  server = await startServer(entries, { FREEWAY_DEMO: 'off', ...more.env }, more.clock ? { clock: more.clock } : {});
  closing.push(() => server.stop());
}

beforeEach(() => (closing = []));
afterEach(async () => {
  // The server first, then those whom it asks.
  for (const close of closing.toReversed()) await close();
});

const client = (apiKey = OWNER_KEY): OpenAI => new OpenAI({ apiKey, baseURL: `${server.url}/v1`, maxRetries: 0 });

type Line = Readonly<Record<string, unknown>>;
const toLine = (id: string, prompt = `Say ${id}.`, model = 'm1'): Line => ({
  custom_id: id,
  method: 'POST',
  url: ENDPOINT,
  body: { model, messages: [{ role: 'user', content: prompt }] },
});
const toText = (lines: readonly Line[]): string => lines.map((line) => JSON.stringify(line)).join('\n');
const toLines = (count: number, model?: string): Line[] =>
  Array.from({ length: count }, (_, index) => toLine(`r${index}`, undefined, model));

const upload = async (text: string | Uint8Array, by = client()): Promise<string> =>
  (await by.files.create({ file: await toFile(Buffer.from(text), 'in.jsonl'), purpose: 'batch' })).id;

async function make(lines: readonly Line[], headers: Record<string, string> = {}, by = client()): Promise<Batch> {
  const input_file_id = await upload(toText(lines), by);
  return by.batches.create({ input_file_id, endpoint: ENDPOINT, completion_window: '24h' }, { headers });
}

async function until(id: string, isSo: (batch: Batch) => boolean, by = client()): Promise<Batch> {
  let batch: Batch | null = null;
  for (const endMs = Date.now() + 20_000; Date.now() < endMs; await sleep(30)) {
    batch = await by.batches.retrieve(id);
    if (isSo(batch)) return batch;
  }
  throw new Error(`It stays ${JSON.stringify(batch)}`);
}
const isOver = ({ status }: Batch): boolean =>
  !['validating', 'in_progress', 'finalizing', 'cancelling'].includes(status);
const finish = (id: string, by = client()): Promise<Batch> => until(id, isOver, by);

/** What is looked at in an answer. */
interface AnswerBody {
  readonly choices: readonly [{ readonly message: { readonly content: string } }];
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
}

interface Result {
  readonly custom_id: string;
  readonly response: { readonly status_code: number; readonly request_id: string; readonly body: AnswerBody } | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

async function read(fileId: string | undefined, by = client()): Promise<Result[]> {
  const text = await (await by.files.content(fileId ?? 'none')).text();
  expect(text.endsWith('\n')).toBe(true);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Result);
}

const freewayOf = (batch: Batch) =>
  (batch as unknown as { freeway: { cost_usd: number; free: number; paid: number; waiting: object | null } }).freeway;

describe('a batch', () => {
  it('is answered line by line, in the order of its file, with what each used', async () => {
    const alpha = await serve('alpha');
    await start([toEntry('alpha', alpha.baseUrl)]);
    const made = await make(toLines(30));
    expect(made).toMatchObject({ object: 'batch', status: 'validating', endpoint: ENDPOINT, errors: null });
    const batch = await finish(made.id);
    expect(batch).toMatchObject({
      status: 'completed',
      model: 'm1',
      request_counts: { total: 30, completed: 30, failed: 0 },
    });
    expect(batch.error_file_id).toBeUndefined();
    const results = await read(batch.output_file_id);
    expect(results.map(({ custom_id }) => custom_id)).toEqual(toLines(30).map(({ custom_id }) => custom_id));
    for (const { custom_id, response, error } of results) {
      expect([response?.status_code, error]).toEqual([200, null]);
      expect(response?.body.choices[0].message.content).toContain(`Say ${custom_id}.`);
      expect(response?.request_id).toMatch(/./);
    }
    const used = results.map(({ response }) => response?.body.usage);
    expect(batch.usage).toMatchObject({
      input_tokens: used.reduce((sum, use) => sum + (use?.prompt_tokens ?? 0), 0),
      output_tokens: used.reduce((sum, use) => sum + (use?.completion_tokens ?? 0), 0),
    });
    expect(freewayOf(batch)).toMatchObject({ cost_usd: 0, free: 30, paid: 0, waiting: null });
    expect(alpha.fake.books().total()).toMatchObject({ accepted: 30, limited: 0 });
  });

  it('gives its files back as they came, lists and deletes them', async () => {
    const alpha = await serve('alpha');
    await start([toEntry('alpha', alpha.baseUrl)]);
    // Long lines, whose characters of two units come to lie on every kind of place.
    const text = `\uFEFF${'😀é'.repeat(70_001)}\r\n\r\n${'x'.repeat(250_000)}`;
    const id = await upload(text);
    expect(await (await client().files.content(id)).text()).toBe(text.slice(1));
    expect(Buffer.from(await (await client().files.content(id)).arrayBuffer()).toString()).toBe(text);
    expect(await client().files.retrieve(id)).toMatchObject({
      object: 'file',
      bytes: Buffer.byteLength(text),
      filename: 'in.jsonl',
      purpose: 'batch',
    });
    const second = await upload('{}');
    const listed: string[] = [];
    for await (const file of client().files.list({ limit: 1, order: 'asc' })) listed.push(file.id);
    expect(listed.toSorted()).toEqual([id, second].toSorted());
    expect(await client().files.delete(id)).toEqual({ id, object: 'file', deleted: true });
    await expect(client().files.retrieve(id)).rejects.toMatchObject({ status: 404 });
    await expect(client().files.content(id)).rejects.toMatchObject({ status: 404 });
  });

  it('keeps answers that are too long for one place of the store', async () => {
    const alpha = await serve('alpha');
    const models = [{ id: 'm1', context: 1_000_000, maxOutput: 500_000 }];
    await start([toEntry('alpha', alpha.baseUrl, { models })]);
    const prompt = '😀 word '.repeat(30_000);
    const made = await make([toLine('short'), toLine('long', prompt), toLine('last')]);
    const results = await read((await finish(made.id)).output_file_id);
    expect(results.map(({ custom_id }) => custom_id)).toEqual(['short', 'long', 'last']);
    expect(results[1]?.response?.body.choices[0].message.content).toContain(prompt.trim());
  });

  it('waits for what is free, though it could pay, and says so', async () => {
    const limit = { models: ['m1'], unit: 'requests', max: 5 } as const;
    const alpha = await serve('alpha', { limits: [{ ...limit, clock: { kind: 'fixed', seconds: 2 } }] });
    const dear = await serve('dear');
    await start([
      toEntry('alpha', alpha.baseUrl, {
        pools: [{ ...limit, scope: 'credential', clock: { kind: 'rolling', seconds: 2 } }],
      }),
      toEntry('dear', dear.baseUrl, { tier: 'paid' }),
    ]);
    const made = await make(toLines(14));
    const waiting = await until(made.id, (batch) => freewayOf(batch).waiting !== null || isOver(batch));
    expect(waiting.status).toBe('in_progress');
    expect(freewayOf(waiting).waiting).toMatchObject({ code: 'exhausted', why: expect.stringMatching(/./) as unknown });
    expect(await finish(made.id)).toMatchObject({ status: 'completed', request_counts: { total: 14, completed: 14 } });
    expect(alpha.fake.books().total()).toMatchObject({ accepted: 14, limited: 0 });
    expect(dear.fake.books().total().accepted).toBe(0);
  });

  it('pays at once where it is told not to wait, and where nothing free could serve it', async () => {
    const limit = { models: ['m1'], unit: 'requests', max: 3 } as const;
    const day = { kind: 'calendar', every: 'day', zone: 'UTC' } as const;
    const price = { inputPerMillionUsd: 3, outputPerMillionUsd: 7 };
    const alpha = await serve('alpha', { limits: [{ ...limit, clock: day }] });
    const dear = await serve('dear', {
      models: [
        { id: 'm1', ttftMs: 2 },
        { id: 'm2', ttftMs: 2 },
      ],
    });
    await start([
      toEntry('alpha', alpha.baseUrl, { pools: [{ ...limit, scope: 'credential', clock: day }] }),
      toEntry('dear', dear.baseUrl, { tier: 'paid', models: [{ id: 'm1' }, { id: 'm2', price }] }),
    ]);
    const only = await finish((await make(toLines(4, 'm2'))).id);
    expect([only.request_counts?.completed, freewayOf(only).paid]).toEqual([4, 4]);
    const { input_tokens: read = 0, output_tokens: written = 0 } = only.usage ?? {};
    expect(read * written).toBeGreaterThan(0);
    expect(freewayOf(only).cost_usd).toBeCloseTo((read * 3 + written * 7) / 1_000_000, 12);
    const eager = await finish((await make(toLines(6), { 'x-freeway-max-wait-ms': '0' })).id);
    expect([eager.request_counts?.completed, freewayOf(eager).free, freewayOf(eager).paid]).toEqual([6, 3, 3]);
    expect(alpha.fake.books().total().limited).toBe(0);
  });

  it('pays for the rest in the last tenth of its time, and ends what is left when that is over', async () => {
    const limit = { models: ['*'], unit: 'requests', max: 1 } as const;
    const never = { kind: 'rolling', seconds: 40 * 86_400 } as const;
    const alpha = await serve('alpha');
    const dear = await serve('dear');
    let aheadMs = 0;
    const clock: Clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
    await start(
      [
        toEntry('alpha', alpha.baseUrl, { pools: [{ ...limit, scope: 'credential', clock: never }] }),
        toEntry('dear', dear.baseUrl, { tier: 'paid' }),
      ],
      { clock },
    );
    const made = await make(toLines(3));
    const strict = await make(toLines(3), { 'x-freeway-tier': 'free' });
    await until(made.id, (batch) => freewayOf(batch).waiting !== null);
    aheadMs = 22 * HOUR;
    await finish(made.id).then((batch) => expect(batch).toMatchObject({ status: 'completed' }));
    expect(dear.fake.books().total().accepted).toBeGreaterThan(0);
    expect((await client().batches.retrieve(strict.id)).status).toBe('in_progress');
    aheadMs = 25 * HOUR;
    const over = await finish(strict.id);
    expect(over.status).toBe('expired');
    const { completed = 0, failed = 0 } = over.request_counts ?? {};
    expect([completed + failed, failed > 0]).toEqual([3, true]);
    const errors = await read(over.error_file_id);
    expect(errors.every(({ response, error }) => response === null && error?.code === 'batch_expired')).toBe(true);
    expect(alpha.fake.books().total().accepted + dear.fake.books().total().accepted).toBe(3 + completed);
  });

  it('puts what can not be answered into a file of its own', async () => {
    const alpha = await serve('alpha');
    await start([toEntry('alpha', alpha.baseUrl)]);
    const made = await make([toLine('good'), toLine('odd', 'Hi.', 'nobody-has-this'), toLine('fine')]);
    const batch = await finish(made.id);
    expect(batch).toMatchObject({ status: 'completed', request_counts: { total: 3, completed: 2, failed: 1 } });
    expect((await read(batch.output_file_id)).map(({ custom_id }) => custom_id)).toEqual(['good', 'fine']);
    const [error] = await read(batch.error_file_id);
    expect(error).toMatchObject({
      custom_id: 'odd',
      response: { status_code: 404, body: { error: { code: 'model_not_found' } } },
    });
    const [output = '', errors = ''] = [batch.output_file_id, batch.error_file_id];
    expect(await client().files.delete(output)).toMatchObject({ deleted: true });
    await expect(client().files.content(output)).rejects.toMatchObject({ status: 404 });
    expect((await client().batches.retrieve(made.id)).output_file_id).toBeUndefined();
    expect(await read(errors)).toHaveLength(1);
  });

  it('answers embeddings and the other formats too', async () => {
    const models = [
      { id: 'm1', ttftMs: 2 },
      { id: 'e1', kind: 'embedding' as const },
    ];
    const alpha = await serve('alpha', { models });
    await start([toEntry('alpha', alpha.baseUrl, { models: [{ id: 'm1' }, { id: 'e1', kind: 'embedding' }] })]);
    const bodies = {
      '/v1/completions': { model: 'm1', prompt: 'Hi.' },
      '/v1/embeddings': { model: 'e1', input: ['one', 'two'] },
      '/v1/responses': { model: 'm1', input: 'Hi.' },
      '/v1/messages': { model: 'm1', max_tokens: 20, messages: [{ role: 'user', content: 'Hi.' }] },
    } as const;
    for (const [url, body] of Object.entries(bodies)) {
      const input_file_id = await upload(toText([{ custom_id: 'a', method: 'POST', url, body }]));
      const endpoint = url as '/v1/embeddings';
      const { id } = await client().batches.create({ input_file_id, endpoint, completion_window: '24h' });
      const batch = await finish(id);
      expect([url, batch.request_counts?.completed, (batch.usage?.input_tokens ?? 0) > 0]).toEqual([url, 1, true]);
    }
  });

  it('is refused as a whole, and nobody asked, where lines of its file are wrong', async () => {
    const alpha = await serve('alpha');
    await start([toEntry('alpha', alpha.baseUrl)]);
    const canary = 'canary-prompt-5512';
    const text = [
      JSON.stringify(toLine('a')),
      `{"custom_id": "b", ${canary}`,
      '',
      JSON.stringify(toLine('a')),
      JSON.stringify({ ...toLine('c'), url: '/v1/embeddings' }),
      JSON.stringify({ ...toLine('d'), body: { model: 'm1', stream: true } }),
      JSON.stringify({ ...toLine('e'), custom_id: 7 }),
    ].join('\r\n');
    const make2 = async (content: string): Promise<Batch> => {
      const input_file_id = await upload(content);
      return finish(
        (await client().batches.create({ input_file_id, endpoint: ENDPOINT, completion_window: '24h' })).id,
      );
    };
    const batch = await make2(text);
    expect(batch.status).toBe('failed');
    expect(batch.errors?.data?.map(({ code, line, param }) => [code, line, param])).toEqual([
      ['invalid_json_line', 2, null],
      ['duplicate_custom_id', 3, 'custom_id'],
      ['mismatched_url', 4, 'url'],
      ['invalid_request', 5, 'body.stream'],
      ['invalid_request', 6, 'custom_id'],
    ]);
    expect(JSON.stringify(batch)).not.toContain(canary);
    expect((await make2('\n \n')).errors?.data?.[0]?.code).toBe('empty_file');
    expect(alpha.fake.books().total().accepted).toBe(0);
  });

  it.each([
    [{ endpoint: '/v1/audio/speech' }, 'endpoint', 400],
    [{ completion_window: '1h' }, 'completion_window', 400],
    [{ metadata: { a: 1 } }, 'metadata.a', 400],
    [{ input_file_id: 'file-of-nobody' }, 'input_file_id', 404],
  ])('says what is wrong with %j', async (wrong, param, status) => {
    await start([toEntry('alpha', 'http://127.0.0.1:9/v1')]);
    const input_file_id = await upload('{}');
    const body = { input_file_id, endpoint: ENDPOINT, completion_window: '24h', ...wrong } as never;
    await expect(client().batches.create(body)).rejects.toMatchObject({ status, param });
  });

  it('takes no files but those of batches, and only text', async () => {
    await start([toEntry('alpha', 'http://127.0.0.1:9/v1')]);
    const file = await toFile(Buffer.from('{}'), 'a.jsonl');
    await expect(client().files.create({ file, purpose: 'assistants' })).rejects.toMatchObject({ param: 'purpose' });
    await expect(upload(Uint8Array.from([0x7b, 0xff, 0x7d]))).rejects.toThrow(/UTF-8/);
    const form = { method: 'POST', headers: { authorization: `Bearer ${OWNER_KEY}` }, body: '{}' };
    expect(await (await fetch(`${server.url}/v1/files`, form)).text()).toContain('multipart/form-data');
    expect((await fetch(`${server.url}/v1/files`)).status).toBe(401);
  });
});

async function makeKey(terms: Record<string, unknown> = {}): Promise<{ id: string; key: string }> {
  const reply = await fetch(`${server.url}/api/keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'bot', ...terms }),
  });
  return (await reply.json()) as { id: string; key: string };
}

describe('a batch under way', () => {
  const slow = { models: [{ id: 'm1', ttftMs: 60, tokensPerSecond: 100_000 }] };

  it('asks nobody any more once it is cancelled, and keeps what it has', async () => {
    const alpha = await serve('alpha', slow);
    await start([toEntry('alpha', alpha.baseUrl)]);
    const made = await make(toLines(500));
    await until(made.id, () => alpha.fake.books().total().accepted > 8);
    const cancelled = await client().batches.cancel(made.id);
    expect(['cancelling', 'cancelled']).toContain(cancelled.status);
    const over = await finish(made.id);
    expect(over.status).toBe('cancelled');
    const asked = alpha.fake.books().total().accepted;
    expect(asked).toBeLessThan(100);
    expect(await read(over.output_file_id)).toHaveLength(asked);
    await sleep(300);
    expect(alpha.fake.books().total().accepted).toBe(asked);
    await expect(client().batches.cancel(made.id)).rejects.toThrow(/can not be cancelled any more: it is cancelled/);
  });

  it('goes on after a restart with what is left, and nothing is asked twice', async () => {
    const alpha = await serve('alpha', slow);
    await start([toEntry('alpha', alpha.baseUrl)]);
    const made = await make(toLines(60));
    await until(made.id, () => alpha.fake.books().total().accepted > 12);
    await server.close();
    const before = alpha.fake.books().total().accepted;
    expect(before).toBeLessThan(60);
    await start([toEntry('alpha', alpha.baseUrl)], { env: { FREEWAY_DATA: server.folder } });
    const over = await finish(made.id);
    expect(over).toMatchObject({ status: 'completed', request_counts: { total: 60, completed: 60, failed: 0 } });
    expect(await read(over.output_file_id)).toHaveLength(60);
    expect(alpha.fake.books().total().accepted).toBe(60);
  });

  it('ends when the key it was made with is revoked', async () => {
    const alpha = await serve('alpha', slow);
    let aheadMs = 0;
    await start([toEntry('alpha', alpha.baseUrl)], {
      clock: { ...systemClock, now: () => systemClock.now() + aheadMs },
    });
    const { id, key } = await makeKey();
    const made = await make(toLines(2_000), {}, client(key));
    await until(made.id, () => alpha.fake.books().total().accepted > 4, client(key));
    await fetch(`${server.url}/api/keys/${id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${OWNER_KEY}` },
    });
    aheadMs = 20_000;
    const over = await finish(made.id);
    expect(over.status).toBe('failed');
    expect(over.errors?.data?.[0]).toMatchObject({
      code: 'unauthenticated',
      message: expect.stringMatching(/revoked/),
    });
    const asked = alpha.fake.books().total().accepted;
    await sleep(300);
    expect(alpha.fake.books().total().accepted).toBe(asked);
  });

  it('keeps to the limits of its key by waiting', async () => {
    const alpha = await serve('alpha');
    await start([toEntry('alpha', alpha.baseUrl)]);
    const { key } = await makeKey({ requests_per_minute: 6 });
    const made = await make(toLines(8), {}, client(key));
    const waiting = await until(made.id, (batch) => freewayOf(batch).waiting !== null, client(key));
    expect(waiting.request_counts).toMatchObject({ total: 8, failed: 0 });
    expect(alpha.fake.books().total().accepted).toBeLessThanOrEqual(6);
  });
});

describe('in Anthropic’s format', () => {
  const anthropic = (): Anthropic => new Anthropic({ apiKey: OWNER_KEY, baseURL: server.url, maxRetries: 0 });
  const toRequest = (custom_id: string, model = 'm1'): Anthropic.Messages.BatchCreateParams.Request => ({
    custom_id,
    params: { model, max_tokens: 50, messages: [{ role: 'user', content: `Say ${custom_id}.` }] },
  });
  const untilEnded = async (id: string): Promise<Anthropic.Messages.MessageBatch> => {
    for (const endMs = Date.now() + 20_000; Date.now() < endMs; await sleep(30)) {
      const batch = await anthropic().messages.batches.retrieve(id);
      if (batch.processing_status === 'ended') return batch;
    }
    throw new Error('it does not end');
  };
  const results = async (id: string): Promise<Anthropic.Messages.MessageBatchIndividualResponse[]> => {
    const all: Anthropic.Messages.MessageBatchIndividualResponse[] = [];
    for await (const result of await anthropic().messages.batches.results(id)) all.push(result);
    return all;
  };

  it('is answered, each request with a result of its own', async () => {
    const alpha = await serve('alpha');
    await start([toEntry('alpha', alpha.baseUrl)]);
    const requests = [toRequest('a'), toRequest('b', 'nobody-has-this'), toRequest('c')];
    const made = await anthropic().messages.batches.create({ requests });
    expect(made).toMatchObject({ type: 'message_batch', processing_status: 'in_progress', results_url: null });
    expect(made.request_counts).toMatchObject({ processing: 3, succeeded: 0 });
    await expect(results(made.id)).rejects.toThrow(/No batch `results_url`/);
    const over = await untilEnded(made.id);
    expect(over.request_counts).toEqual({ processing: 0, succeeded: 2, errored: 1, canceled: 0, expired: 0 });
    expect(over).toMatchObject({ freeway: { model: null, free: 2 } });
    const told = await results(made.id);
    expect(told.map(({ custom_id, result }) => [custom_id, result.type])).toEqual([
      ['a', 'succeeded'],
      ['b', 'errored'],
      ['c', 'succeeded'],
    ]);
    expect(told[0]?.result).toMatchObject({ message: { type: 'message', content: [{ type: 'text' }] } });
    expect(told[1]?.result).toMatchObject({ error: { type: 'error', error: { type: 'not_found_error' } } });
    expect(alpha.fake.books().total().accepted).toBe(2);
    expect(await client().files.list()).toMatchObject({ data: [] });
    expect((await client().batches.list()).data).toEqual([]);
    expect(await anthropic().messages.batches.delete(made.id)).toEqual({ id: made.id, type: 'message_batch_deleted' });
    await expect(anthropic().messages.batches.retrieve(made.id)).rejects.toMatchObject({ status: 404 });
  });

  it('tells of what was not asked because it was cancelled, and turns the pages of its list both ways', async () => {
    const alpha = await serve('alpha', { models: [{ id: 'm1', ttftMs: 80 }] });
    await start([toEntry('alpha', alpha.baseUrl)]);
    const requests = Array.from({ length: 200 }, (_, index) => toRequest(`r${index}`));
    const made = await anthropic().messages.batches.create({ requests });
    await expect.poll(() => alpha.fake.books().total().served).toBeGreaterThan(2);
    await anthropic().messages.batches.cancel(made.id);
    const { request_counts: counts } = await untilEnded(made.id);
    expect(counts.canceled).toBeGreaterThan(100);
    expect(counts.canceled + counts.succeeded).toBe(200);
    const told = await results(made.id);
    expect(told.map(({ custom_id }) => custom_id)).toEqual(requests.map(({ custom_id }) => custom_id));
    expect(told.filter(({ result }) => result.type === 'canceled')).toHaveLength(counts.canceled);
    expect(alpha.fake.books().total().accepted).toBe(counts.succeeded);
    const more = [await anthropic().messages.batches.create({ requests: [toRequest('x')] })];
    expect(await untilEnded(more[0]?.id ?? '')).toMatchObject({ freeway: { model: 'm1' } });
    more.push(await anthropic().messages.batches.create({ requests: [toRequest('y')] }));
    const ids: string[] = [];
    for await (const { id } of anthropic().messages.batches.list({ limit: 1 })) ids.push(id);
    expect(ids.toSorted()).toEqual([made.id, ...more.map(({ id }) => id)].toSorted());
    const back = await anthropic().messages.batches.list({ limit: 1, before_id: ids[2] ?? '' });
    expect([back.data.map(({ id }) => id), back.has_more]).toEqual([[ids[1]], true]);
  });

  it.each([
    [[], 'requests'],
    [[{ custom_id: 'a b', params: {} }], 'requests.0.custom_id'],
    [[toRequest('a'), toRequest('a')], 'requests.1.custom_id'],
    [[{ custom_id: 'a', params: { stream: true } }], 'requests.0.params.stream'],
  ])('is refused where requests are wrong: %j', async (requests, param) => {
    await start([toEntry('alpha', 'http://127.0.0.1:9/v1')]);
    const refused = anthropic().messages.batches.create({ requests: requests as never });
    await expect(refused).rejects.toMatchObject({ status: 400, error: { type: 'error', error: { param } } });
  });
});
