import { describe, expect, it } from 'vitest';
import { providers } from '#catalog/index.ts';
import { recognise } from '#shared/recognise.ts';

const hex = (length: number): string => '0123456789abcdef'.repeat(8).slice(0, length);

describe('recognise', () => {
  it.each([
    ['gsk_abcdefghijklmnop', 'groq'],
    ['sk-ant-api03-abcdefghij', 'anthropic'],
    ['sk-or-v1-abcdefghijkl', 'openrouter'],
    ['sk-proj-abcdefghijklmn', 'openai'],
    ['csk-abcdefghijklmnop', 'cerebras'],
    [`AIza${'a'.repeat(35)}`, 'gemini'],
    ['nvapi-abcdefghijklmnop', 'nvidia'],
    ['xai-abcdefghijklmnop', 'xai'],
  ])('a bare key %s', (key, provider) => {
    const { found } = recognise(`  ${key}\n`, providers);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ fields: { apiKey: key }, name: null });
    expect(found[0]?.providers[0]).toBe(provider);
  });

  it('leaves the choice where several providers write keys alike, and where none does', () => {
    expect(recognise(hex(32), providers).found[0]?.providers.length).toBeGreaterThan(1);
    expect(recognise('something-long-that-is-no-key', providers).found).toEqual([
      { providers: [], fields: { apiKey: 'something-long-that-is-no-key' }, name: null },
    ]);
  });

  it('a whole .env: names, quotes, comments, exports, second keys and fields that belong together', () => {
    const text = `
      # my keys
      export GROQ_API_KEY="gsk_one_0123456789"   # the first
      GROQ_API_KEY_2=gsk_two_0123456789
      AZURE_OPENAI_API_KEY='${hex(32)}'
      AZURE_OPENAI_RESOURCE=my-resource
      MISTRAL_API_KEY: abcdefghijklmnopqrstuvwxyz012345
      PORT=3000
      DATABASE_URL=postgres://user:secret@host/db
      STRIPE_SECRET_KEY=rk_live_nothing_of_ours
      MY_LLM_KEY=sk-or-v1-abcdefghijkl
      OPENAI_API_KEY=
    `;
    const { found, unknown } = recognise(text, providers);
    expect(found.map(({ providers: [id], fields, name }) => [id, fields, name])).toEqual([
      ['groq', { apiKey: 'gsk_one_0123456789' }, 'GROQ_API_KEY'],
      ['groq', { apiKey: 'gsk_two_0123456789' }, 'GROQ_API_KEY_2'],
      ['azure-openai', { apiKey: hex(32), resource: 'my-resource' }, 'AZURE_OPENAI_API_KEY'],
      ['mistral', { apiKey: 'abcdefghijklmnopqrstuvwxyz012345' }, 'MISTRAL_API_KEY'],
      ['openrouter', { apiKey: 'sk-or-v1-abcdefghijkl' }, 'MY_LLM_KEY'],
    ]);
    expect(unknown).toEqual(['STRIPE_SECRET_KEY']);
  });

  it('reads JSON lines, and finds nothing in nothing', () => {
    expect(recognise('{\n  "GROQ_API_KEY": "gsk_one_0123456789",\n}', providers).found).toMatchObject([
      { providers: ['groq'] },
    ]);
    for (const text of ['', '\n\n', '# only a comment', 'hello there'])
      expect(recognise(text, providers)).toEqual({ found: [], unknown: [] });
  });
});
