// Recorded replies to embeddings, images and moderation, read; vectors there and back.
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeFloats, decodeText, encodeFloats } from '#lambda/wire/base64.ts';
import { parseEmbeddings, renderEmbeddings } from '#lambda/wire/embeddings/question.ts';
import { parseVectors, renderVectors } from '#lambda/wire/embeddings/reply.ts';
import { parsePictures } from '#lambda/wire/images/question.ts';
import { dialects } from '#lambda/wire/index.ts';
import { parseVerdicts } from '#lambda/wire/moderations/question.ts';
import { providers } from '#catalog/index.ts';
import { modelSchema } from '#shared/catalog.ts';

const folder = new URL('../fixtures/operations/', import.meta.url);
const context = { dialect: dialects.generic, nowMs: 1_790_000_000_000, native: null };

interface File {
  readonly request: { readonly body: Record<string, unknown> };
  readonly response: { readonly body: string };
}
const readFixture = (name: string): File => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as File;
const embeddings = readdirSync(folder).filter((name) => name.includes('embed'));

describe('vectors', () => {
  it.each(embeddings)('of %s are read whole and told in both ways', (name) => {
    const { request, response } = readFixture(name);
    for (const format of ['float', 'base64'] as const) {
      const question = parseEmbeddings({ input: request.body['input'], encoding_format: format });
      const read = parseVectors(response.body, question, context);
      if (!('embeddings' in read)) throw new Error(read.failure.message);
      const { vectors, usage } = read.embeddings;
      expect(vectors[0]?.length).toBeGreaterThanOrEqual(1_024);
      expect(usage?.inputTokens).toBeGreaterThan(0);
      const told = parseVectors(renderVectors(read.embeddings, question, 'm'), question, context);
      const again = 'embeddings' in told ? told.embeddings.vectors : [];
      expect(again[0]).toHaveLength(vectors[0]?.length ?? 0);
      expect(
        Math.max(...vectors.flatMap((one, at) => one.map((x, i) => Math.abs(x - (again[at]?.[i] ?? 9))))),
      ).toBeLessThan(1e-6);
    }
  });

  it('any floats survive base64, as Node writes them too', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 40 }),
        (floats) => {
          const text = encodeFloats(floats);
          expect(text).toBe(Buffer.from(Float32Array.from(floats).buffer).toString('base64'));
          expect(decodeFloats(text)).toEqual(floats);
        },
      ),
    );
  });

  it('bytes in base64 are the text that a strict decoder finds in them, or none', () => {
    const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    const find = (bytes: Uint8Array): string | null => {
      try {
        return strict.decode(bytes);
      } catch {
        return null;
      }
    };
    const edges = [
      0x00, 0x7f, 0x80, 0xbf, 0xc0, 0xc2, 0xdf, 0xe0, 0xa0, 0xed, 0x9f, 0xef, 0xf0, 0x90, 0xf4, 0x8f, 0xf5,
    ];
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc.array(fc.constantFrom(...edges), { maxLength: 6 }).map((some) => Uint8Array.from(some)),
      fc.string({ unit: 'binary', maxLength: 20 }).map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(bytes, (some) => {
        expect(decodeText(Buffer.from(some).toString('base64'))).toBe(find(some));
      }),
      { numRuns: 5_000 },
    );
    const long = 'Grüße, 世界 🚦. '.repeat(2_000);
    expect(decodeText(Buffer.from(long).toString('base64'))).toBe(long);
  });

  it.each([
    ['too few', { data: [{ index: 0, embedding: [1, 2] }] }],
    ['of different lengths', { data: [{ embedding: [1, 2] }, { embedding: [1] }] }],
    ['that are no numbers', { data: [{ embedding: [1, null] }, { embedding: [1, 2] }] }],
    ['in broken base64', { data: [{ embedding: '%%%%' }, { embedding: [1, 2] }] }],
    ['an error under 200', { error: { message: 'nope' } }],
  ])('%s are no answer', (_, body) => {
    const read = parseVectors(JSON.stringify(body), parseEmbeddings({ input: ['a', 'b'] }), context);
    expect(read).toHaveProperty('failure');
  });

  it('come back in the order of the inputs, whatever order they were sent in', () => {
    const body = {
      data: [
        { index: 1, embedding: [2] },
        { index: 0, embedding: [1] },
      ],
    };
    const read = parseVectors(JSON.stringify(body), parseEmbeddings({ input: ['a', 'b'] }), context);
    expect(read).toMatchObject({ embeddings: { vectors: [[1], [2]] } });
  });

  it('of the model’s own length need no word of it, others are asked for in the provider’s word', () => {
    const quirks = providers.find(({ id }) => id === 'voyage')?.quirks ?? [];
    const target = { model: 'v', quirks, stripped: [], wantUsage: true, maxOutputTokens: null };
    const model = modelSchema.parse({ id: 'v', kind: 'embedding', dimensions: 1_024 });
    const render = (dimensions: number): unknown =>
      JSON.parse(renderEmbeddings(parseEmbeddings({ input: 'a', dimensions }), target, model));
    expect(render(1_024)).toEqual({ input: 'a', model: 'v' });
    expect(render(256)).toEqual({ input: 'a', model: 'v', output_dimension: 256 });
  });
});

describe('pictures and judgements', () => {
  it('a recorded picture is passed on as it stands', () => {
    const { body } = readFixture('openai-image-plain-dall_e_2.json').response;
    expect(parsePictures(body, context)).toEqual({ text: body, usage: { images: 1 } });
  });

  it('pictures without a picture are no answer', () => {
    expect(parsePictures('{"created":1,"data":[]}', context)).toHaveProperty('failure');
    expect(parsePictures('{"created":1,"data":[{"revised_prompt":"x"}]}', context)).toHaveProperty('failure');
  });

  it('a recorded judgement is passed on as it stands', () => {
    const { body } = readFixture('openai-moderation-vision-omni_moderation_latest.json').response;
    expect(parseVerdicts(body, context)).toMatchObject({ text: body });
    expect(parseVerdicts('{"results":[]}', context)).toHaveProperty('failure');
  });
});
