// What forms and uploads are refused for stands beside the English sentence as a code with its values, which pages say in words of their own.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reasonSchema } from '#shared/api/reason.ts';
import { createFakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';
import { OWNER_KEY, startServer, type Started } from './local.ts';

let server: Started;
let served: FakeServer;
beforeAll(async () => {
  const provider = createFakeProvider({ name: 'alpha', models: [{ id: 'm1' }] }, { now: Date.now });
  served = await serveFakeProvider(provider);
  server = await startServer([], { FREEWAY_DEMO: 'off', ALLOWED_EMAILS: 'listed@example.com' });
});
afterAll(async () => {
  await server.stop();
  await served.close();
});

interface Told {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>> & { readonly error?: Readonly<Record<string, unknown>> };
}

async function ask(line: string, body?: unknown): Promise<Told> {
  const [method = '', path = ''] = line.split(' ');
  const reply = await fetch(`${server.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: reply.status, json: (await reply.json()) as Told['json'] };
}

const template = { id: 'mine', name: 'Mine', base_url: 'https://mine.example/v1', models: [] };
const compatible = (more: object): object => ({ provider: 'openai-compatible', ...more });

describe('the reason of a refusal', () => {
  it.each([
    ['POST /api/people', { email: 'no address' }, { code: 'field', field: 'email', fault: 'format', of: 'regex' }],
    ['POST /api/people', {}, { code: 'field', field: 'email', fault: 'missing' }],
    ['POST /api/people', { email: 'a@b.example', colour: 1 }, { code: 'field', field: 'body', fault: 'unknown', of: 'colour' }],
    ['POST /api/keys', { name: '' }, { code: 'field', field: 'name', fault: 'missing' }],
    ['POST /api/keys', { name: 'x'.repeat(500) }, { code: 'field', field: 'name', fault: 'too_big', of: 'string' }],
    ['POST /api/keys', { name: 'x', expires_at: '2020-01-01T00:00:00Z' }, { code: 'refused', what: 'past' }],
    ['POST /api/credentials', { provider: 'groq', fields: {}, priority: -1 }, { code: 'field', field: 'priority', fault: 'too_small', bound: 0, of: 'number' }],
    ['POST /api/credentials', { provider: 'none' }, { code: 'refused', what: 'no_provider', values: { id: 'none' } }],
    ['POST /api/credentials', { provider: 'groq', fields: { colour: 'x' } }, { code: 'refused', what: 'field_unknown', values: { name: 'colour', provider: 'Groq' } }],
    ['POST /api/credentials', { provider: 'groq' }, { code: 'refused', what: 'field_missing', values: { label: expect.any(String) } }],
    ['POST /api/credentials', compatible({ fields: { baseUrl: 'x y', apiKey: 'k' } }), { code: 'refused', what: 'no_address', values: { text: 'x y' } }],
    ['DELETE /api/keys/nobody', undefined, { code: 'refused', what: 'missing' }],
    ['PATCH /api/settings/installation', { alerts: { email_to: ['a@b.example'] } }, { code: 'refused', what: 'mail_needs_sender' }],
    ['POST /api/import', { text: 'just words' }, { code: 'refused', what: 'nothing_recognised' }],
    ['GET /api/usage?from=2026-02-02&to=2026-02-01', undefined, { code: 'refused', what: 'range_backwards' }],
    ['POST /api/transcriptions', { size_bytes: 0 }, { code: 'refused', what: 'recording_empty' }],
    ['POST /api/transcriptions', { size_bytes: 2 ** 50 }, { code: 'refused', what: 'recording_too_large', values: { bytes: 2 ** 50 } }],
  ])('%s %j', async (line, body, why) => {
    const { status, json } = await ask(line, body);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(json.error?.['message']).toEqual(expect.any(String));
    expect(json.error?.['why']).toMatchObject(why);
    expect(reasonSchema.safeParse(json.error?.['why']).success).toBe(true);
  }); // prettier-ignore

  it('is told of people and providers that are there already', async () => {
    expect((await ask('POST /api/people', { email: 'ada@example.com' })).status).toBe(201);
    const { json } = await ask('POST /api/people', { email: 'ada@example.com' });
    expect(json.error?.['why']).toEqual({ code: 'refused', what: 'on_the_list', values: { email: 'ada@example.com' } });
    expect((await ask('POST /api/templates', template)).json).toMatchObject({ id: 'mine' });
    const again = await ask('POST /api/templates', template);
    expect(again.json.error?.['why']).toEqual({ code: 'refused', what: 'provider_exists', values: { id: 'mine' } });
  });

  it('is told of a credential that somebody else has changed, and of one whose key would go elsewhere', async () => {
    const given = await ask('POST /api/credentials', compatible({ base_url: served.baseUrl, fields: { apiKey: 'k' } }));
    const path = `/api/credentials/${String(given.json['id'])}`;
    const moved = await ask(`PATCH ${path}`, { base_url: 'https://elsewhere.example/v1' });
    expect(moved.json.error?.['why']).toMatchObject({
      what: 'key_moves',
      values: { from: new URL(served.baseUrl).origin, to: 'https://elsewhere.example' },
    });
    const both = await Promise.all(['a', 'b', 'c'].map((name) => ask(`PATCH ${path}`, { name })));
    const late = both.find(({ status }) => status !== 200);
    expect(late?.json.error?.['why']).toMatchObject({ what: 'changed_meanwhile' });
  });

  it('is kept with a recording that can’t be read', async () => {
    const models = [{ id: 'w1', kind: 'transcription' }];
    await ask('POST /api/credentials', compatible({ base_url: served.baseUrl, fields: { apiKey: 'k2' }, models }));
    const bytes = Buffer.from('no sound at all, whatever its name says');
    const job = (await ask('POST /api/transcriptions', { name: 'talk.mp3', size_bytes: bytes.length })).json;
    expect(job).toMatchObject({ status: 'uploading' });
    const { parts } = job['upload'] as { readonly parts: readonly { readonly url: string }[] };
    const url = new URL(parts[0]?.url ?? '', server.url);
    expect((await fetch(url, { method: 'PUT', body: bytes })).status).toBe(200);
    await ask(`POST /api/transcriptions/${String(job['id'])}/start`, {});
    const failure = async (): Promise<unknown> =>
      (await ask(`GET /api/transcriptions/${String(job['id'])}`)).json['error'];
    await expect
      .poll(failure, { timeout: 20_000 })
      .toMatchObject({ code: 'invalid_request', why: { code: 'refused', what: 'not_audio' } });
  });
});
