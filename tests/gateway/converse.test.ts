// A provider that speaks two formats at two places: models of the second are called beside its base URL, by the names they have.
import { createHash, createHmac } from 'node:crypto';
import { expect, it, vi } from 'vitest';
import { providers } from '#catalog/index.ts';
import { toCredential } from '#lambda/gateway/credentials.ts';
import type { UpstreamCall } from '#lambda/ports.ts';
import { canonicalAnswer } from '../fakes/provider/answer.ts';
import { createWorld, toEntry } from './harness.ts';

const profile = 'arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/abc';

it.each([false, true])('a profile is asked by its name, streamed: %s', async (stream) => {
  const world = await createWorld({
    providers: [{ name: 'alpha', models: [{ id: profile }], keepRequests: 1 }],
    entries: [
      toEntry('alpha', {
        provider: 'bedrock',
        baseUrl: 'http://alpha.test/v1/openai/v1',
        models: [{ id: profile, kind: 'chat', wire: 'bedrock-converse', size: 'large' }],
      }),
    ],
  });
  const reply = await world.ask({ model: profile, stream });
  expect(reply.content()).toBe(canonicalAnswer);
  expect(reply.text).toContain(`"model":"${profile}"`);
  expect(reply.text).toMatch(/"id":"gen-/);
  const call = stream ? 'converse-stream' : 'converse';
  expect(world.providers['alpha']?.received()).toMatchObject([
    { path: `/model/${encodeURIComponent(profile)}/${call}`, headers: { authorization: 'Bearer key-of-alpha' } },
  ]);
});

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** The signature as AWS describes it, worked out apart from the signer: parts of the path are encoded twice. */
function toSignature({ url, method, headers, body }: UpstreamCall, secret: string): string {
  const { host, pathname } = new URL(url);
  const path = pathname.split('/').map(encodeURIComponent).join('/');
  const names = /SignedHeaders=([^,]+)/.exec(headers['authorization'] ?? '')?.[1]?.split(';') ?? [];
  const told = names.map((name) => `${name}:${name === 'host' ? host : headers[name]}\n`).join('');
  const request = [method, path, '', told, names.join(';'), sha256(String(body))].join('\n');
  const date = headers['x-amz-date'] ?? '';
  const scope = `${date.slice(0, 8)}/eu-central-1/bedrock/aws4_request`;
  const parts = scope.split('/');
  const key = parts.reduce<string | Buffer>((known, part) => hmac(known, part), `AWS4${secret}`);
  return hmac(key, ['AWS4-HMAC-SHA256', date, scope, sha256(request)].join('\n')).toString('hex');
}

it('the role we run under signs calls to profiles', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'ASIAROLE000000000000');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret-of-the-role');
  vi.stubEnv('AWS_SESSION_TOKEN', 'session-of-the-role');
  const provider = providers.find(({ id }) => id === 'bedrock');
  if (!provider) throw new Error('no such provider');
  const entry = { ...toEntry('x'), baseUrl: undefined, provider: provider.id, apiKey: 'role', region: 'eu-central-1' };
  const { sign, baseUrl } = toCredential(entry, provider);
  const call: UpstreamCall = {
    method: 'POST',
    url: new URL(`${baseUrl}/../../model/${encodeURIComponent(profile)}/converse`).href,
    headers: { 'content-type': 'application/json' },
    body: '{}',
    headTimeoutMs: 0,
    idleTimeoutMs: 0,
  };
  const upstream = { start: () => expect.unreachable(), close: () => Promise.resolve() };
  const signed = await sign?.(call, { upstream, clock: { now: () => Date.UTC(2026, 10, 21, 12) } });
  expect(signed?.url).toBe(
    `https://bedrock-runtime.eu-central-1.amazonaws.com/model/${encodeURIComponent(profile)}/converse`,
  );
  expect(signed?.headers).toMatchObject({ 'x-amz-security-token': 'session-of-the-role' });
  const signature = signed && toSignature(signed, 'secret-of-the-role');
  expect(signed?.headers['authorization']).toContain(`Credential=ASIAROLE000000000000/20261121/eu-central-1/bedrock`);
  expect(signed?.headers['authorization']).toMatch(new RegExp(`Signature=${signature}$`));
  vi.unstubAllEnvs();
});
