// A key that may use some models reaches no others: at every URL, in every format, by every name, and whatever it says in header and body at once.
import { beforeAll, describe, expect, it } from 'vitest';
import type { Headers } from '#lambda/ports.ts';
import type { ModelKind } from '#shared/catalog.ts';
import { createHouse, owner, type Asking, type House } from './house.ts';

const messages = [{ role: 'user', content: 'hello' }];
const contents = [{ role: 'user', parts: [{ text: 'hello' }] }];

function toForm(model: string): FormData {
  const form = new FormData();
  form.append('model', model);
  // A second of silence, as the head says.
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + 32_000, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(16_000, 24);
  head.writeUInt32LE(32_000, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(32_000, 40);
  form.append('file', new Blob([head, Buffer.alloc(32_000)], { type: 'audio/wav' }), 'silence.wav');
  return form;
}

const modelOf = (id: string, kind: ModelKind) => ({
  id,
  kind,
  context: 131_072,
  maxOutput: 1_024,
  size: 'large' as const,
  capabilities: kind === 'chat' ? ['tools' as const] : [],
});
const ids = { chat: ['m1', 'm2'], embedding: ['e1', 'e2'], transcription: ['w1', 'w2'] } as const;
const kinds = ['chat', 'embedding', 'transcription'] as const;

/** `failing`: a model that never answers. */
const open = (failing?: string): Promise<House> =>
  createHouse({
    entry: { models: kinds.flatMap((kind) => ids[kind].map((id) => modelOf(id, kind))) },
    spec: {
      models: kinds.flatMap((kind) =>
        ids[kind].map((id) => ({ id, kind, ttftMs: 1, ...(id === failing ? { fault: '500' } : {}) })),
      ),
    },
  });

/** Loaded by the first request otherwise, in real time. */
beforeAll(() => Promise.all([import('#lambda/endpoints/foreign-fields.ts'), import('#lambda/endpoints/shadow.ts')]));

const chat = (more: Record<string, unknown> = {}): Asking => ({ body: { model: 'm2', messages, ...more } });
const toCache: Headers = { 'x-freeway-cache': '600' };

/** Each asks for what the key may not use, and is answered by it when somebody asks who may. */
const asked: readonly (readonly [line: string, asking: Asking])[] = [
  ['POST /v1/chat/completions', chat()],
  ['POST /v1/chat/completions', chat({ stream: true })],
  ['POST /v1/chat/completions', chat({ model: 'M2' })],
  ['POST /v1/chat/completions', chat({ model: 'alpha/m2' })],
  ['POST /v1/chat/completions', chat({ model: 'openai-compatible/m2' })],
  ['POST /v1/chat/completions', chat({ model: 'm2:free' })],
  ['POST /v1/chat/completions', chat({ model: 'auto', models: ['m2'] })],
  ['POST /v1/chat/completions', chat({ freeway: { tier: 'any', privacy: 'any', providers: { only: ['alpha'] } } })],
  ['POST /v1/chat/completions', chat({ provider: { order: ['alpha'], allow_fallbacks: false } })],
  ['POST /v1/chat/completions', { ...chat(), headers: toCache }],
  ['POST /v1/chat/completions', { ...chat(), headers: { 'x-freeway-providers': '{"only": ["alpha"]}' } }],
  ['POST /api/v1/chat/completions', chat()],
  ['POST /v1/v1/chat/completions', chat()],
  ['POST /chat/completions', chat()],
  ['POST /v1/completions', { body: { model: 'm2', prompt: 'hello' } }],
  ['POST /v1/responses', { body: { model: 'm2', input: 'hello' } }],
  ['POST /v1/messages', { body: { model: 'm2', max_tokens: 16, messages } }],
  ['POST /v1beta/models/m2:generateContent', { body: { contents } }],
  ['POST /v1beta/models/m2:generateContent', { body: { contents, model: 'm1' } }],
  ['POST /v1beta/models/models%2Fm2:generateContent', { body: { contents } }],
  ['POST /v1beta/models/m2:streamGenerateContent', { body: { contents }, query: 'alt=sse' }],
  ['POST /v1/models/m2:generateContent', { body: { contents } }],
  ['POST /v1/embeddings', { body: { model: 'e2', input: 'hello' } }],
  ['POST /v1beta/models/e2:embedContent', { body: { content: contents[0], model: 'models/e1' } }],
  ['POST /v1beta/models/e2:batchEmbedContents', { body: { requests: [{ model: 'models/e2', content: contents[0] }] } }],
  ['POST /v1/audio/transcriptions', { form: toForm('w2') }],
  ['POST /v1/audio/translations', { form: toForm('w2') }],
];

/** What the provider let in of models that the key may not use. */
const reached = ({ provider }: House): number =>
  provider
    .books()
    .lines()
    .filter(({ model }) => model.endsWith('2'))
    .reduce((sum, { accepted }) => sum + accepted, 0);

describe('a key for some models', () => {
  it.each(asked)('reaches no other: %s %j', async (line, asking) => {
    const house = await open();
    const { headers } = await house.key({ models: ['m1', 'e1', 'w1'] });
    const ask = (who: Headers) =>
      house.clock.runUntil(house.ask(line, { ...asking, headers: { ...asking.headers, ...who } }));
    expect((await ask(owner)).status).toBe(200);
    expect(reached(house)).toBe(1);
    const refused = await ask(headers);
    expect([refused.status, reached(house)]).toEqual([403, 1]);
    expect(refused.message).toMatch(/The API key "bot" may not use "[a-z-/]*2(?::free)?", only: m1, e1, w1/i);
  });

  it.each([
    ['models', { models: ['m1', 'm2'] }],
    ['fallbacks', { fallbacks: ['m2'] }],
    ['nothing', { model: 'auto' }],
  ])('is led to no other by what fails, whatever it lists beside: %s', async (_name, more) => {
    const house = await open('m1');
    const { headers } = await house.key({ models: ['m1', 'e1', 'w1'] });
    const body = { model: 'm1', freeway: { max_wait_ms: 0 }, ...more };
    expect((await house.chat(headers, body)).status).toBeGreaterThanOrEqual(500);
    expect(reached(house)).toBe(0);
    const whole = await house.chat(owner, body);
    expect([whole.status, reached(house)]).toEqual([200, 1]);
  });

  it.each(['split', 'shadow'])('is led to no other by a %s that everybody takes part in', async (kind) => {
    const house = await open();
    const trial = { name: 'try-m2', kind, percent: 100, models: ['m1'], variant: { model: 'm2' } };
    expect((await house.ask('PUT /api/rollout/experiments', { headers: owner, body: trial })).status).toBe(200);
    const { headers } = await house.key({ models: ['m1'] });
    // The first request of an instance finds nothing read; it reads.
    await house.chat(headers, { model: 'm1' });
    const told = await house.chat(headers, { model: 'm1' });
    expect([told.status, told.headers['x-freeway-route']]).toEqual([200, 'openai-compatible/m1']);
    await house.clock.advance(10_000);
    expect(reached(house)).toBe(0);
    await house.chat(owner, { model: 'm1' });
    await house.clock.advance(10_000);
    expect(reached(house)).toBe(1);
  });
});
