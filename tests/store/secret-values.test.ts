import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLiveEnvironment } from '#lambda/main-environment.ts';
import type { SecretValues } from '#lambda/ports.ts';
import { createSecretValues } from '#lambda/store/secret-values.ts';
import { startSecretsServer, type SecretsServer } from '../fakes/secrets-manager.ts';

const MINUTE = 60_000;
let server: SecretsServer;
let nowMs = 0;
let told: string[] = [];
let secrets: SecretValues;

beforeEach(async () => {
  server = await startSecretsServer({
    app: '{"GROQ_API_KEY":"gsk_one","PORT":8080,"FREEWAY_PROVIDERS":[{"provider":"groq"}],"NONE":null}',
  });
  nowMs = 1_000;
  told = [];
  const quiet = (): void => undefined;
  const service = {
    endpoint: server.url,
    region: 'eu-central-1',
    credentials: () => Promise.resolve({ accessKeyId: 'a', secretAccessKey: 'b' }),
    attempts: 1,
  };
  secrets = createSecretValues({
    service,
    now: () => nowMs,
    log: {
      debug: quiet,
      info: (event) => told.push(event),
      warn: (event, fields) => told.push(`${event}: ${String(fields?.error)}`),
      error: quiet,
    },
  });
});
afterEach(() => server.close());

describe('secret values', () => {
  it('reads names and values, lists as the JSON that variables hold, and leaves out what is null', async () => {
    expect(await secrets.read('app')).toEqual({
      GROQ_API_KEY: 'gsk_one',
      PORT: '8080',
      FREEWAY_PROVIDERS: '[{"provider":"groq"}]',
    });
  });

  it('asks once in five minutes, however many want it at once', async () => {
    await Promise.all([secrets.read('app'), secrets.read('app'), secrets.read('app')]);
    nowMs += 5 * MINUTE - 1;
    await secrets.read('app');
    expect(server.calls).toBe(1);
    server.secrets.set('app', '{"GROQ_API_KEY":"gsk_two"}');
    nowMs += 1;
    expect(await secrets.read('app')).toEqual({ GROQ_API_KEY: 'gsk_two' });
    expect(server.calls).toBe(2);
  });

  it('asks anew when the clock was set back, by which what was read lies ahead', async () => {
    nowMs = 600 * MINUTE;
    await secrets.read('app');
    server.secrets.set('app', '{"GROQ_API_KEY":"gsk_two"}');
    nowMs -= 60 * MINUTE;
    expect(await secrets.read('app')).toEqual({ GROQ_API_KEY: 'gsk_two' });
  });

  it('goes on with the older value when the service refuses, says so, and tries again half a minute later', async () => {
    await secrets.read('app');
    server.fault = 'AccessDeniedException';
    nowMs += 5 * MINUTE;
    expect(await secrets.read('app')).toMatchObject({ GROQ_API_KEY: 'gsk_one' });
    await secrets.read('app');
    expect(server.calls).toBe(2);
    expect(told).toEqual([
      'secret.stale: The secret "app" could not be read (AccessDeniedException). Allow the role secretsmanager:GetSecretValue on it, and kms:Decrypt on its key.',
    ]);
    nowMs += 30_000;
    server.fault = null;
    await secrets.read('app');
    expect(server.calls).toBe(3);
    expect(told.slice(1)).toEqual(['secret.fresh']);
  });

  it('says once that a value is stale, again when the reason is another, and once that it is fresh', async () => {
    await secrets.read('app');
    nowMs += 5 * MINUTE;
    const faults = ['AccessDeniedException', 'AccessDeniedException', 'InternalServiceError', null, null];
    for (const fault of faults) {
      server.fault = fault;
      await secrets.read('app');
      nowMs += 5 * MINUTE;
    }
    expect(told.map((line) => /^secret.stale.*\((.*)\)|.*/.exec(line)?.[1] ?? line)).toEqual([
      'AccessDeniedException',
      'InternalServiceError',
      'secret.fresh',
    ]);
  });

  it('rejects with advice when there never was a value', async () => {
    await expect(secrets.read('other')).rejects.toThrow(
      'The secret "other" could not be read (ResourceNotFoundException). There is no such secret in this region.',
    );
    server.fault = 'InternalServiceError';
    await expect(secrets.read('other')).rejects.toThrow(/\(InternalServiceError\)\. Check that AWS can be reached/);
    server.fault = null;
    server.secrets.set('text', 'hunter2');
    await expect(secrets.read('text')).rejects.toThrow('The secret "text" must be a JSON object');
    await expect(secrets.read('text')).rejects.not.toThrow(/hunter2/);
  });
});

describe('live environment', () => {
  it('is the variables themselves when no secret is named', async () => {
    const variables = { PORT: '1' };
    const live = createLiveEnvironment(variables, { read: () => Promise.reject(new Error('not asked for')) });
    expect(await live.read()).toBe(variables);
  });

  it('puts the variables above the secret, and stays the same object until something changes', async () => {
    const live = createLiveEnvironment({ FREEWAY_SECRET_ID: 'app', PORT: '1' }, secrets);
    const first = await live.read();
    expect(first).toMatchObject({ FREEWAY_SECRET_ID: 'app', GROQ_API_KEY: 'gsk_one', PORT: '1' });
    nowMs += 5 * MINUTE;
    expect(await live.read()).toBe(first);
    server.secrets.set('app', '{"GROQ_API_KEY":"gsk_two"}');
    nowMs += 5 * MINUTE;
    expect(await live.read()).toEqual({ FREEWAY_SECRET_ID: 'app', GROQ_API_KEY: 'gsk_two', PORT: '1' });
  });

  it('a variable that is left empty, as a stack sets those it was not told, does not hide what the secret says', async () => {
    server.secrets.set('app', '{"GOOGLE_CLIENT_ID":"from-the-secret"}');
    const live = createLiveEnvironment({ FREEWAY_SECRET_ID: 'app', GOOGLE_CLIENT_ID: '', ADMIN_EMAILS: ' ' }, secrets);
    expect(await live.read()).toMatchObject({ GOOGLE_CLIENT_ID: 'from-the-secret', ADMIN_EMAILS: ' ' });
  });
});
