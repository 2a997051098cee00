// Names of models by which other routers' users ask: the same model is found, whoever serves it here, and never another one.
import { describe, expect, it } from 'vitest';
import { providers } from '#catalog/index.ts';
import { parseForeign, toPlainName, withoutMaker } from '#lambda/routing/foreign-names.ts';
import { createModelNames } from '#lambda/routing/selector.ts';
import { toCandidate } from '../fakes/candidates.ts';

const candidates = [
  toCandidate({ providerId: 'groq', modelId: 'openai/gpt-oss-120b', family: 'gpt-oss-120b' }),
  toCandidate({ providerId: 'cerebras', modelId: 'gpt-oss-120b', family: 'gpt-oss-120b' }),
  toCandidate({ providerId: 'gemini', modelId: 'gemini-2.5-flash' }),
  toCandidate({
    providerId: 'cloudflare',
    modelId: '@cf/meta/llama-3.3-70b-instruct-fp8-fast',
    family: 'llama-3.3-70b',
  }),
  toCandidate({ providerId: 'anthropic', modelId: 'claude-sonnet-4-5' }),
  toCandidate({ providerId: 'together', modelId: 'Qwen/Qwen3.5-9B', family: 'qwen3.5-9b' }),
];
const served = { candidates, names: createModelNames(candidates), providers };
const routesOf = (name: string): string[] =>
  (parseForeign(name, served)?.among ?? []).map((index) => candidates[index]?.route ?? '');

describe('a name of another router', () => {
  it.each([
    ['openai/gpt-oss-120b:nitro', ['groq/openai/gpt-oss-120b']],
    ['gpt-oss-120b:floor:online', ['groq/openai/gpt-oss-120b', 'cerebras/gpt-oss-120b']],
    ['google/gemini-2.5-flash', ['gemini/gemini-2.5-flash']],
    ['google-ai-studio/gemini-2.5-flash', ['gemini/gemini-2.5-flash']],
    ['meta-llama/llama-3.3-70b-instruct', ['cloudflare/@cf/meta/llama-3.3-70b-instruct-fp8-fast']],
    ['meta-llama/Llama-3.3-70B-Instruct:free', ['cloudflare/@cf/meta/llama-3.3-70b-instruct-fp8-fast']],
    ['Meta-Llama-3_3-70B-Instruct', ['cloudflare/@cf/meta/llama-3.3-70b-instruct-fp8-fast']],
    ['anthropic/claude-sonnet-4.5', ['anthropic/claude-sonnet-4-5']],
    ['claude-sonnet-4-5-20250929', ['anthropic/claude-sonnet-4-5']],
    ['together_ai/Qwen/Qwen3.5-9B', ['together/Qwen/Qwen3.5-9B']],
    ['openai.gpt-oss-120b-1:0', ['groq/openai/gpt-oss-120b', 'cerebras/gpt-oss-120b']],
  ])('%s means %j', (name, routes) => expect(routesOf(name)).toEqual(routes));

  it.each([
    // Pinned to somebody who is not here, or who does not have it.
    'sambanova/gpt-oss-120b',
    'fireworks_ai/gpt-oss-120b',
    'cerebras/gemini-2.5-flash',
    // Others of the same kin.
    'anthropic/claude-sonnet-4.6',
    'gpt-oss-20b',
    'google/gemini-2.5-flash-lite',
    'meta-llama/llama-3.3-8b-instruct',
    'nobody/gpt-oss-120b',
    '',
    '/',
    ':nitro',
  ])('%j means nobody', (name) => expect(parseForeign(name, served)).toBeNull());

  it('keeps what it asks for: free stays free, and the name is the one that was asked for', () => {
    expect(parseForeign('google/gemini-2.5-flash:free', served)).toMatchObject({
      name: 'google/gemini-2.5-flash:free',
      freeOnly: true,
    });
    expect(parseForeign('meta-llama/llama-3.3-70b-instruct', served)).toMatchObject({ freeOnly: false });
  });

  it('that is a pin stays one, by whatever name of the provider', () => {
    const both = [
      ...candidates,
      toCandidate({ providerId: 'vertex', modelId: 'google/gemini-2.5-flash', family: 'gemini-2.5-flash' }),
    ];
    const fleet = { candidates: both, names: createModelNames(both), providers };
    expect(parseForeign('vertex_ai/gemini-2.5-flash', fleet)?.among).toEqual([6]);
    expect(parseForeign('google-vertex/gemini-2.5-flash', fleet)?.among).toEqual([6]);
  });
});

describe('parts of names', () => {
  it.each([
    ['a/b:nitro', 'a/b'],
    ['a/b:thinking:free', 'a/b:free'],
    ['qwen3.5:397b', 'qwen3.5:397b'],
    ['auto:fast', 'auto:fast'],
  ])('%s is plainly %s', (name, plain) => expect(toPlainName(name)).toBe(plain));
  it.each([
    ['anthropic/claude-opus-4.1:online', 'claude-opus-4.1'],
    ['claude-opus-4.1', null],
    ['a/b/c', null],
  ])('%s without its maker is %s', (name, bare) => expect(withoutMaker(name)).toBe(bare));
});
