// The demo's cast: entries Freeway accepts, providers that answer at them, and say that they are simulated.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { providerEntrySchema } from '#shared/credentials.ts';
import { cast } from '../fakes/demo/cast.ts';
import { type DemoProviders, startDemoProviders } from '../fakes/demo/providers.ts';
import { ask } from './client.ts';

describe('the demo providers', () => {
  let demo: DemoProviders;
  beforeAll(async () => void (demo = await startDemoProviders()));
  afterAll(() => demo.close());

  it('are described by valid entries with honest names, free before paid', () => {
    expect(demo.entries).toHaveLength(cast.length);
    for (const entry of demo.entries) {
      expect(providerEntrySchema.safeParse(entry).success, entry.name).toBe(true);
      expect(entry.name).toMatch(/^Simulated /);
      expect(entry.baseUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/);
    }
    expect(demo.entries.map(({ tier }) => tier)).toEqual(['free', 'free', 'free', 'free', 'free', 'paid']);
    expect(new Set(demo.entries.map(({ apiKey }) => apiKey)).size).toBe(cast.length);
  });

  it('answer at their entries, each in its own name, and count it', async () => {
    const messages = [{ role: 'user', content: 'Who are you?' }];
    for (const entry of demo.entries.filter(({ name }) => /Alpha|Omega/.test(name ?? ''))) {
      const model = entry.models?.find(({ kind }) => kind === 'chat')?.id;
      const url = `${entry.baseUrl}/chat/completions`;
      const body = { model, messages, max_tokens: 20 };
      const seen = await ask({ url, body, headers: { authorization: `Bearer ${entry.apiKey}` } });
      expect(seen.status, seen.body).toBe(200);
      expect(seen.body).toContain('This answer is simulated.');
      expect(demo.books()[entry.name ?? '']?.total()).toMatchObject({ accepted: 1, served: 1 });
      expect((await ask({ url, body })).status).toBe(401);
    }
  });
});
