// The environment of a server on one machine, when its secret changes, can't be read, or says what can't be used.
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Environment } from '#lambda/config.ts';
import type { LiveEnvironment } from '#lambda/main-environment.ts';
import type { Log } from '#lambda/ports-telemetry.ts';
import { createLog } from '#lambda/telemetry/log.ts';
import { createLook, openEnvironment } from '../../scripts/live-environment.ts';
import { startSecretsServer, type SecretsServer } from '../fakes/secrets-manager.ts';

const FIVE_MINUTES = 5 * 60_000;
let server: SecretsServer;
let lines: string[];
let log: Log;
let nowMs: number;
let environment: LiveEnvironment;

beforeEach(async () => {
  server = await startSecretsServer({ app: '{"GROQ_API_KEY":"one"}' });
  lines = [];
  nowMs = 1_000;
  log = createLog({ level: 'info', write: (line) => lines.push(line), now: () => nowMs });
  // Where it is asked, and as whom, is read from the process.
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: server.url,
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
  });
  environment = openEnvironment({ variables: { FREEWAY_SECRET_ID: 'app', PORT: '1' }, now: () => nowMs, log });
});
afterEach(async () => {
  for (const name of ['AWS_ENDPOINT_URL_SECRETS_MANAGER', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])
    delete process.env[name];
  await server.close();
});

const told = (): unknown[] => lines.map((line) => JSON.parse(line));

it('says when a secret is stale, and goes on with what it said last', async () => {
  const used: Environment[] = [];
  const first = await environment.read();
  expect(first).toMatchObject({ GROQ_API_KEY: 'one', PORT: '1' });
  const look = createLook({ environment, log, first }, async (env) => void used.push(env));
  server.fault = 'AccessDeniedException';
  nowMs += FIVE_MINUTES;
  await look();
  expect(told()).toEqual([
    expect.objectContaining({
      level: 'warn',
      event: 'secret.stale',
      error: expect.stringMatching(/^The secret "app" could not be read \(AccessDeniedException\)\. Allow the role /),
    }),
  ]);
  expect(used).toEqual([]);
  server.fault = null;
  server.secrets.set('app', '{"GROQ_API_KEY":"two"}');
  nowMs += FIVE_MINUTES;
  await look();
  await look();
  expect(used).toEqual([expect.objectContaining({ GROQ_API_KEY: 'two' })]);
  expect(told().slice(1)).toEqual([expect.objectContaining({ level: 'info', event: 'secret.fresh' })]);
});

it('says once that it can not be read, again when the reason is another, and once that it is well', async () => {
  const first = await environment.read();
  let fault: string | null = null;
  const read = (): Promise<Environment> => (fault === null ? Promise.resolve(first) : Promise.reject(new Error(fault)));
  const look = createLook({ environment: { read }, log, first }, async () => undefined);
  for (fault of ['denied', 'denied', 'away', null, null]) await look();
  expect(told()).toEqual([
    expect.objectContaining({ event: 'config.refused', error: 'denied' }),
    expect.objectContaining({ event: 'config.refused', error: 'away' }),
    expect.objectContaining({ level: 'info', event: 'config.accepted' }),
  ]);
});

it('says once what is wrong with what a secret says now', async () => {
  const first = await environment.read();
  const look = createLook({ environment, log, first }, ({ FREEWAY_PROVIDERS: wrong }) =>
    wrong === undefined ? Promise.resolve() : Promise.reject(new Error('PORT is "abc".')),
  );
  server.secrets.set('app', '{"FREEWAY_PROVIDERS":"["}');
  nowMs += FIVE_MINUTES;
  await look();
  await look();
  expect(told()).toEqual([
    expect.objectContaining({ level: 'error', event: 'config.refused', error: 'PORT is "abc".' }),
  ]);
  server.secrets.set('app', '{"GROQ_API_KEY":"one"}');
  nowMs += FIVE_MINUTES;
  await look();
  await look();
  expect(told().slice(1)).toEqual([expect.objectContaining({ level: 'info', event: 'config.accepted' })]);
});
