// Keys of providers that only transcribe, tested at a path that answers whoever has a key; and addresses that are refused before any key is sent.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { providers } from '#catalog/index.ts';
import { systemClock } from '#lambda/clock.ts';
import { testCredential } from '#lambda/gateway/credential-test.ts';
import { createUpstream } from '#lambda/http/upstream.ts';
import { sendWebhook, toWebhookSecret } from '#lambda/telemetry/webhook.ts';
import { dialects } from '#lambda/wire/index.ts';
import { serveTranscribers, type Transcribers } from '../fakes/transcribers.ts';

let fakes: Transcribers;
const upstream = createUpstream();
beforeEach(async () => {
  fakes = await serveTranscribers();
});
afterEach(() => fakes.close());

const checked = providers.filter(({ paths }) => paths['check'] !== undefined);

async function outcomeOf(id: string, status: number): Promise<string> {
  const provider = checked.find((known) => known.id === id);
  if (!provider) throw new Error(`no provider ${id}`);
  fakes.faults.set(`GET ${new URL(`${fakes.url}${provider.paths['check']}`).pathname}`, [
    status,
    status === 200 ? {} : { error: 'no' },
  ]);
  const entry = { provider: id, apiKey: 'k', baseUrl: fakes.url, enabled: true, priority: 100, weight: 1 };
  const deps = { upstream, clock: systemClock, dialectOf: ({ dialect }: typeof provider) => dialects[dialect] };
  return (await testCredential(entry, provider, deps)).outcome;
}

describe('keys for transcription', () => {
  it.each(checked.map(({ id }) => id))('of %s are told right from wrong, at no cost', async (id) => {
    expect(await outcomeOf(id, 200)).toBe('works');
    expect(await outcomeOf(id, 401)).toBe('wrong_key');
    expect(await outcomeOf(id, 404)).toBe('wrong_url');
    expect(fakes.seen.map(({ call }) => call.startsWith('GET '))).toEqual([true, true, true]);
  });
});

describe('addresses that people give on a shared installation', () => {
  it.each([
    ['http://provider.example/v1', /begins with http.*https/],
    ['http://169.254.169.254/v1', /not on the public internet/],
    ['https://localhost:1/v1', /not on the public internet/],
  ])('%s is refused in words', async (baseUrl, words) => {
    const provider = providers.find(({ id }) => id === 'openai-compatible');
    if (!provider) throw new Error('no such provider');
    const key = { provider: provider.id, apiKey: 'k', baseUrl, enabled: true, priority: 100, weight: 1 };
    const deps = { upstream, clock: systemClock, dialectOf: ({ dialect }: typeof provider) => dialects[dialect] };
    const { outcome, message } = await testCredential({ ...key, publicOnly: true }, provider, deps);
    expect(outcome).toBe('wrong_url');
    expect(message).toMatch(words);
  });

  it('hold for webhooks, too', async () => {
    const secret = toWebhookSecret(new Uint8Array(32));
    const alert = { id: 'a1', at: '2026-11-21T12:00:00Z', kind: 'test', subject: 's', text: 't' } as const;
    const send = (url: string): Promise<string | null> =>
      sendWebhook({ upstream, clock: systemClock, url, secret, allowPrivate: false }, { ...alert, deliveries: [] });
    expect(await send('http://hooks.example/alerts')).toMatch(/must begin with https/);
    expect(await send('https://localhost:1/alerts')).toMatch(/not on the public internet/);
  });
});
