// Where calls go and with which headers: what is remembered of one credential must never be another one's.
import { expect, it } from 'vitest';
import { createCalls } from '#lambda/gateway/calls.ts';
import type { Credential } from '#lambda/gateway/credentials.ts';
import type { ReplyReader } from '#lambda/gateway/operation.ts';
import type { Headers, Upstream, UpstreamCall } from '#lambda/ports.ts';
import { createFakeClock } from '../fakes/clock.ts';

const toCredential = (host: string, own: Headers): Credential =>
  ({ baseUrl: `http://${host}/v1`, authorize: () => own, sign: null }) as unknown as Credential;

interface Told {
  readonly told: Pick<UpstreamCall, 'url' | 'headers'>[];
  readonly ask: (credential: Credential, path: string) => void;
}

/** Notes which calls go out. */
function createTold(): Told {
  const told: Told['told'] = [];
  const upstream: Upstream = {
    start: ({ url, headers }) => {
      told.push({ url, headers });
      return { abort: () => undefined, pause: () => undefined, resume: () => undefined };
    },
    close: async () => undefined,
  };
  const ask = (credential: Credential, path: string): void =>
    createCalls({
      credential,
      upstream,
      clock: createFakeClock(0),
      reader: {} as ReplyReader,
      unsigned: () => undefined,
    }).start({ path, headers: shared, body: '{}', firstContentTimeoutMs: 1, idleTimeoutMs: 1, usualContentMs: 1 });
  return { told, ask };
}
const shared = Object.freeze({ 'content-type': 'application/json' });

it('every credential is asked at its own place with its own key, whoever was asked before', () => {
  const { told, ask } = createTold();
  // Those without a key of their own may have the very same headers.
  const keyless = Object.freeze({});
  const a = toCredential('a.test', keyless);
  const b = toCredential('b.test', keyless);
  const c = toCredential('c.test', Object.freeze({ authorization: 'Bearer c' }));
  for (const credential of [a, b, a, c, a, a]) ask(credential, '/chat');
  ask(a, '/embeddings');
  expect(told.map(({ url, headers }) => `${url} ${headers['authorization'] ?? '-'}`)).toEqual([
    'http://a.test/v1/chat -',
    'http://b.test/v1/chat -',
    'http://a.test/v1/chat -',
    'http://c.test/v1/chat Bearer c',
    'http://a.test/v1/chat -',
    'http://a.test/v1/chat -',
    'http://a.test/v1/embeddings -',
  ]);
  expect(told[4]?.headers).not.toBe(told[3]?.headers);
  // What is the same is rendered once.
  expect(told[5]?.headers).toBe(told[4]?.headers);
});

it.each([
  ['https://api.fireworks.ai/inference/v1', 'https://audio.example/v1/audio/transcriptions'],
  ['http://127.0.0.1:9101/v1', 'http://127.0.0.1:9101/v1/audio/transcriptions'],
  ['https://proxy.example/tenant-7/fireworks/v1', 'https://proxy.example/tenant-7/fireworks/v1/audio/transcriptions'],
  ['https://proxy.example/tenant-7', 'https://proxy.example/tenant-7/v1/audio/transcriptions'],
])('what another host serves is asked below %s where that is the base URL', (baseUrl, url) => {
  const { told, ask } = createTold();
  const provider = { baseUrl: 'https://api.fireworks.ai/inference/v1' };
  const credential = { baseUrl, provider, authorize: () => ({}), sign: null } as unknown as Credential;
  ask(credential, 'https://audio.example/v1/audio/transcriptions');
  expect(told.map((call) => call.url)).toEqual([url]);
});
