// Keys of providers that only transcribe: tested at a path that answers whoever has a key, since they have no list of models.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { providers } from '#catalog/index.ts';
import { systemClock } from '#lambda/clock.ts';
import { testCredential } from '#lambda/gateway/credential-test.ts';
import { createUndiciUpstream } from '#lambda/http/upstream-undici.ts';
import { dialects } from '#lambda/wire/index.ts';
import { serveTranscribers, type Transcribers } from '../fakes/transcribers.ts';

let fakes: Transcribers;
const upstream = createUndiciUpstream();
beforeEach(async () => {
  fakes = await serveTranscribers();
});
afterEach(() => fakes.close());

const checked = providers.filter(({ paths }) => paths['check'] !== undefined);

async function outcomeOf(id: string, status: number): Promise<string> {
  const provider = checked.find((known) => known.id === id);
  if (!provider) throw new Error(`no provider ${id}`);
  fakes.faults.set(`GET ${provider.paths['check']}`, [status, status === 200 ? {} : { error: 'no' }]);
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
