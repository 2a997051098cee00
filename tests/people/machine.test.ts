// What a person's key makes the server itself do: where it asks for tokens, and whose identity it asks with.
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Headers, UpstreamCall } from '#lambda/ports.ts';
import { createHouse, owner, type Answer, type House } from './house.ts';

const google = { GOOGLE_CLIENT_ID: 'client', ALLOWED_EMAILS: 'ada@example.com', ADMIN_EMAILS: 'root@example.com' };
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const toAccount = (tokenUri: string): string =>
  JSON.stringify({
    client_email: 'freeway@project.iam.example',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    token_uri: tokenUri,
  });

interface Served {
  readonly house: House;
  readonly calls: UpstreamCall[];
  readonly test: (headers: Headers, body: Record<string, unknown>) => Promise<Answer>;
}

/** A server for several people, none of whom may reach what is private. */
async function serve(): Promise<Served> {
  const calls: UpstreamCall[] = [];
  const house = await createHouse({
    env: google,
    allowPrivate: false,
    others: (call) => {
      calls.push(call);
      return 401;
    },
  });
  const test = (headers: Headers, body: Record<string, unknown>): Promise<Answer> =>
    house.ask('POST /api/credentials/test', { headers, body });
  return { house, calls, test };
}

const machines = [
  { provider: 'azure-openai', base_url: 'https://attacker.example', fields: { apiKey: 'managed-identity' } },
  { provider: 'azure-openai', fields: { apiKey: 'Managed-Identity:client', resource: 'r' } },
  { provider: 'bedrock', base_url: 'https://attacker.example', fields: { apiKey: 'role', region: 'eu-central-1' } },
];

describe('a service account', () => {
  it('names a token endpoint that is bound to public addresses like everything else of its person', async () => {
    const { house, calls, test } = await serve();
    const ada = await house.session('ada@example.com');
    const fields = { apiKey: toAccount('http://169.254.169.254/latest/api/token'), project: 'p' };
    const { status, json } = await test(ada, { provider: 'vertex', fields });
    expect([status, json['outcome']]).toEqual([200, 'wrong_key']);
    expect(calls.map(({ url, publicOnly }) => [url, publicOnly])).toEqual([
      ['http://169.254.169.254/latest/api/token', true],
    ]);
  });
});

describe('the identity of the machine', () => {
  it.each(machines)('is not lent to a member: %j', async (body) => {
    const { house, calls, test } = await serve();
    const { status, json } = await test(await house.session('ada@example.com'), body);
    expect([status, json['outcome']]).toEqual([200, 'wrong_key']);
    expect(json['message']).toMatch(/by only its owner/);
    expect(calls).toEqual([]);
  });

  it('is not lent to those who share a key either, and neither to its calls', async () => {
    const { house, calls } = await serve();
    const ada = await house.session('ada@example.com');
    const [machine] = machines;
    const body = { ...machine, models: [{ id: 'm9' }] };
    const { status } = await house.ask('POST /api/credentials', { headers: ada, body });
    expect(status).toBe(201);
    await house.chat(ada, { model: 'azure-openai/m9', freeway: { max_wait_ms: 0 } });
    expect(calls).toEqual([]);
  });

  it('is the owner’s', async () => {
    const { calls, test } = await serve();
    await test(owner, { provider: 'azure-openai', fields: { apiKey: 'managed-identity', resource: 'r' } });
    expect(calls[0]?.url).toMatch(/^http:\/\/169\.254\.169\.254\//);
  });
});
