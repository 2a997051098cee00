// A key whose free use is over until its window ends: it is left alone until then, and not asked every hour.
import { describe, expect, it } from 'vitest';
import { createWorld, START_MS, toEntry } from './harness.ts';

const HOUR_MS = 3_600_000;
const json = { 'content-type': 'application/json' };

/** In each provider's own words, and for how many hours of the twenty-four from noon, UTC, on it is away. */
const cases = [
  {
    provider: 'cloudflare',
    model: '@cf/openai/gpt-oss-20b',
    status: 429,
    body: {
      success: false,
      errors: [{ code: 3036, message: 'You have used up your daily free allocation of 10,000 neurons.' }],
    },
    hours: 12,
  },
  {
    provider: 'huggingface',
    model: 'openai/gpt-oss-20b',
    status: 402,
    body: { error: 'You have exceeded your monthly included credits for Inference Providers.' },
    hours: 24,
  },
  {
    provider: 'cohere',
    model: 'command-a-03-2025',
    status: 429,
    body: { message: 'You are using a Trial key, which is limited to 1000 API calls / month.' },
    hours: 24,
  },
] as const;

describe.each(cases)('$provider', ({ provider, model, status, body, hours }) => {
  it('is asked again when its window is over, or after a day', async () => {
    const world = await createWorld({
      providers: [{ name: provider, keepRequests: 50, models: [{ id: model }] }],
      entries: [toEntry(provider, { provider, models: [], allowedModels: [model] })],
    });
    const asked = world.providers[provider]!;
    asked.script([{ kind: 'raw', status, headers: json, body: JSON.stringify(body) }]);
    const ask = async (): Promise<number> =>
      (await world.ask({ model: `${provider}/${model}`, freeway: { max_wait_ms: 0 } })).status;
    for (let hour = 0; hour < hours; hour++) {
      await world.clock.advance(START_MS + hour * HOUR_MS + HOUR_MS / 2 - world.clock.now());
      expect(await ask()).toBe(503);
    }
    expect(asked.received()).toHaveLength(1);
    await world.clock.advance(2 * HOUR_MS);
    expect(await ask()).toBe(200);
  });
});
