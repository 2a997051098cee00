// Calls authorised by tokens and signatures: what is asked of whom, how long it is kept, and what a wrong key is told.
import { generateKeyPairSync, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { providers } from '#catalog/index.ts';
import { createSigner, SigningError, type Signer } from '#lambda/gateway/authorize.ts';
import { toCredential } from '#lambda/gateway/credentials.ts';
import type { Upstream, UpstreamCall } from '#lambda/ports.ts';
import { toEntry } from './harness.ts';

const nowMs = Date.UTC(2026, 10, 21, 12);
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const account = JSON.stringify({
  client_email: 'freeway@project.iam.example',
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  private_key_id: 'k1',
  token_uri: 'https://tokens.example/token',
});
const application = '11111111-2222-3333-4444-555555555555:66666666-7777-8888-9999-000000000000:app:secret';

/** A token endpoint that numbers its tokens. */
function createTokens(
  reply: (count: number) => { status?: number; body: unknown } = (n) => ({
    body: { access_token: `t${n}`, expires_in: 3600 },
  }),
) {
  const asked: UpstreamCall[] = [];
  const clock = { ms: nowMs, now: () => clock.ms };
  const upstream: Upstream = {
    start: (call, listener) => {
      asked.push(call);
      const { status = 200, body } = reply(asked.length);
      listener.onHead(status, {});
      listener.onData(new TextEncoder().encode(JSON.stringify(body)));
      listener.onEnd();
      return { abort: () => undefined, pause: () => undefined, resume: () => undefined };
    },
    close: () => Promise.resolve(),
  };
  return { asked, clock, means: { upstream, clock } };
}

const call: UpstreamCall = {
  method: 'POST',
  url: 'https://bedrock-runtime.eu-central-1.amazonaws.com/openai/v1/chat/completions',
  headers: { 'content-type': 'application/json' },
  body: '{"model":"m"}',
  headTimeoutMs: 0,
  idleTimeoutMs: 0,
};

function signerOf(providerId: string, apiKey: string, fields: Record<string, string> = {}): Signer | null {
  const provider = providers.find(({ id }) => id === providerId);
  if (!provider) throw new Error('no such provider');
  return toCredential({ ...toEntry('x'), baseUrl: undefined, provider: providerId, apiKey, ...fields }, provider).sign;
}

const formOf = ({ body }: UpstreamCall): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(String(body)));

describe('a service account', () => {
  it('signs a statement, gets a token once, and another one before it ends', async () => {
    const { asked, clock, means } = createTokens();
    const sign = signerOf('vertex', account, { project: 'p' })!;
    const [first, second] = await Promise.all([sign(call, means), sign(call, means)]);
    expect([first.headers['authorization'], second.headers['authorization']]).toEqual(['Bearer t1', 'Bearer t1']);
    clock.ms += 3_400_000;
    expect((await sign(call, means)).headers['authorization']).toBe('Bearer t1');
    clock.ms += 100_000;
    expect((await sign(call, means)).headers['authorization']).toBe('Bearer t2');
    expect(asked.map(({ url }) => url)).toEqual(['https://tokens.example/token', 'https://tokens.example/token']);
    const [head = '', claims = '', signature = ''] = formOf(asked[0]!)['assertion']!.split('.');
    expect(verify('RSA-SHA256', Buffer.from(`${head}.${claims}`), publicKey, Buffer.from(signature, 'base64url'))).toBe(
      true,
    );
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toEqual({
      iss: 'freeway@project.iam.example',
      scope: 'https://www.googleapis.com/auth/cloud-platform',
      aud: 'https://tokens.example/token',
      iat: nowMs / 1000,
      exp: nowMs / 1000 + 3_600,
    });
  });

  it.each([
    ['not JSON', /service account/],
    [JSON.stringify({ client_email: 'a', private_key: 'b' }), /can not be read/],
  ])('%s is told apart', async (key, message) => {
    const sign = signerOf('vertex', key, { project: 'p' })!;
    await expect(sign(call, createTokens().means)).rejects.toThrow(message);
  });

  it('that is refused is told by the code alone, and asked for again', async () => {
    const { asked, means } = createTokens((count) =>
      count === 1
        ? { status: 400, body: { error: 'invalid_grant', error_description: 'secret' } }
        : { body: { access_token: 'late' } },
    );
    const sign = signerOf('vertex', account, { project: 'p' })!;
    const refused = await sign(call, means).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(SigningError);
    expect(String(refused)).toMatch(/Google gave no token: invalid_grant/);
    expect(String(refused)).not.toMatch(/secret/);
    expect((await sign(call, means)).headers['authorization']).toBe('Bearer late');
    expect(asked).toHaveLength(2);
  });
});

describe('an identity of Entra', () => {
  it('is an application with its secret, colons and all', async () => {
    const { asked, means } = createTokens();
    const sign = signerOf('azure-openai', application, { resource: 'r' })!;
    expect((await sign(call, means)).headers['authorization']).toBe('Bearer t1');
    expect(asked[0]?.url).toBe(
      'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/oauth2/v2.0/token',
    );
    expect(formOf(asked[0]!)).toMatchObject({
      client_secret: 'app:secret',
      scope: 'https://cognitiveservices.azure.com/.default',
    });
  });

  it('or that of the machine', async () => {
    const { asked, means } = createTokens();
    await signerOf('azure-openai', 'managed-identity', { resource: 'r' })!(call, means);
    expect(asked[0]).toMatchObject({ method: 'GET', headers: { metadata: 'true' }, body: null });
    expect(asked[0]?.url).toMatch(
      /^http:\/\/169\.254\.169\.254\/.*resource=https%3A%2F%2Fcognitiveservices.azure.com$/,
    );
  });

  it('a plain key takes none of this', () => {
    expect(signerOf('azure-openai', '0123456789abcdef0123456789abcdef', { resource: 'r' })).toBeNull();
    expect(signerOf('bedrock', 'ABSKQmVkcm9jaw==')).toBeNull();
  });
});

describe('access keys of AWS', () => {
  it('sign the whole request for the region of its URL, with the session where there is one', async () => {
    const { means } = createTokens();
    const sign = signerOf('bedrock', 'ASIAEXAMPLE123456789:secret/key:session==', { region: 'eu-central-1' })!;
    const { headers, url, body } = await sign(call, means);
    expect([url, body]).toEqual([call.url, call.body]);
    expect(headers).toMatchObject({ 'x-amz-date': '20261121T120000Z', 'x-amz-security-token': 'session==' });
    expect(headers['authorization']).toMatch(
      /^AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE123456789\/20261121\/eu-central-1\/bedrock\/aws4_request, SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$/,
    );
    const other = await sign({ ...call, body: '{"model":"n"}' }, means);
    expect(other.headers['authorization']).not.toBe(headers['authorization']);
  });
});

describe('a sealed key', () => {
  it('is opened by each call, and signs as what it is then', async () => {
    const provider = providers.find(({ id }) => id === 'azure-openai')!;
    let key = 'plain';
    const sign = createSigner({
      provider,
      baseUrl: 'https://r.example',
      trust: { publicOnly: false, mayBeMachine: true },
      apiKey: undefined,
      open: () => key,
      toHeaders: (apiKey) => ({ 'api-key': apiKey ?? '' }),
    })!;
    const { asked, means } = createTokens();
    expect((await sign(call, means)).headers['api-key']).toBe('plain');
    key = application;
    expect((await sign(call, means)).headers['authorization']).toBe('Bearer t1');
    expect(asked).toHaveLength(1);
  });
});

it.each([
  [
    'us-central1',
    'https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/endpoints/openapi',
  ],
  ['global', 'https://aiplatform.googleapis.com/v1/projects/p/locations/global/endpoints/openapi'],
])('the location %s has an address of its own', (location, url) => {
  const provider = providers.find(({ id }) => id === 'vertex')!;
  const entry = { ...toEntry('x'), baseUrl: undefined, provider: 'vertex', apiKey: account, project: 'p', location };
  expect(toCredential(entry, provider).baseUrl).toBe(url);
});
