// Names that stand for others: by the first pattern that fits, and only where it does.
import { describe, expect, it } from 'vitest';
import { modelAliases } from '#catalog/aliases.ts';
import { findAlias } from '#lambda/routing/aliases.ts';
import { createWorld, toEntry } from '../gateway/harness.ts';

describe('findAlias', () => {
  it.each([
    ['claude-opus-4-8', 'auto:reasoning'],
    ['claude-3-5-sonnet-20241022', 'auto:large'],
    ['Claude-Haiku-4-5', 'auto:small'],
    ['claude-haiku-4-5:free', 'auto:small:free'],
    ['gpt-6.1-codex', 'auto:reasoning'],
    ['gemini-3.8-flash', 'auto:large'],
    ['anthropic/claude-opus-4-8', null],
    ['gpt-4o', null],
    ['my-claude-opus', null],
  ])('%s stands for %s', (name, expected) => {
    expect(findAlias(modelAliases, name)).toBe(expected);
  });
  it('is turned off by null', () => {
    expect(findAlias([['claude-*', null], ...modelAliases], 'claude-opus-4-8')).toBeNull();
  });
});

describe('a request for a model nobody has', () => {
  const models = [{ id: 'm1' }];
  it('is served by what stands for it', async () => {
    const world = await createWorld({ providers: [{ name: 'alpha', models }] });
    const { status, headers } = await world.ask({ model: 'claude-sonnet-4-6' });
    expect({ status, route: headers['x-freeway-route'] }).toEqual({ status: 200, route: 'openai-compatible/m1' });
  });
  it('wishes for a size, and takes what is there', async () => {
    const of = (size: 'small' | 'reasoning', priority: number) =>
      toEntry(size, { priority, models: [{ id: size, kind: 'chat', context: 131_072, size, capabilities: [] }] });
    const providers = ['small', 'reasoning'].map((name) => ({ name, models: [{ id: name }] }));
    const world = await createWorld({ providers, entries: [of('small', 10), of('reasoning', 20)] });
    const routeOf = async (model: string) => (await world.ask({ model })).headers['x-freeway-route'];
    expect(await routeOf('claude-opus-4-8')).toBe('openai-compatible/reasoning');
    expect(await routeOf('claude-haiku-4-5')).toBe('openai-compatible/small');
    world.providers['reasoning']!.script(['503', '503', '503', '503']);
    expect(await routeOf('claude-opus-4-8')).toBe('openai-compatible/small');
  });
  it('is served as the setting says', async () => {
    const FREEWAY_MODEL_ALIASES = '{"gpt-4o": "m1", "claude-*": null}';
    const world = await createWorld({ providers: [{ name: 'alpha', models }], env: { FREEWAY_MODEL_ALIASES } });
    expect((await world.ask({ model: 'gpt-4o' })).status).toBe(200);
    const refused = await world.ask({ model: 'claude-sonnet-4-6' });
    expect(refused.error()).toMatchObject({ code: 'model_not_found' });
  });
  it('is refused at the start where the setting is none', async () => {
    for (const FREEWAY_MODEL_ALIASES of ['[]', '{"a": 1}', 'x'])
      await expect(createWorld({ providers: [], env: { FREEWAY_MODEL_ALIASES } })).rejects.toThrow(
        /JSON object such as/,
      );
  });
});
