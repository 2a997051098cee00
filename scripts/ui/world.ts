// The server that pictures are taken of and measurements are made on: the real one, with simulated providers that give one answer.
import type { BrowserContext, Page } from 'playwright-core';
import { systemClock } from '#lambda/clock.ts';
import { startLocal, type LocalServer } from '#lambda/main.local.ts';
import { createFakeProvider } from '../../tests/fakes/provider/core.ts';
import { serveFakeProvider } from '../../tests/fakes/provider/server.ts';
import { makeFolder } from '../temporary.ts';
import { uiDist } from './folders.ts';

const OWNER_KEY = 'owner-key-of-the-pictures-0123456789';

const models = [
  { id: 'llama-3.3-70b', size: 'large', context: 131_072, maxOutput: 8_192, capabilities: ['tools', 'json'] },
  { id: 'vision-mini', size: 'small', context: 1_000_000, maxOutput: 8_192, capabilities: ['tools', 'vision', 'json'] },
];
const price = { inputPerMillionUsd: 0.59, outputPerMillionUsd: 0.79 };

/** What the providers of a world say, and how fast. */
export interface Speech {
  readonly answer: string;
  readonly tokensPerSecond: number;
}

export interface World {
  readonly server: LocalServer;
  /** Makes the first provider refuse its next call. */
  readonly refuseOnce: () => void;
  readonly close: () => Promise<void>;
}

/** Starts server and providers in a folder of their own. */
export async function openWorld({ answer, tokensPerSecond }: Speech): Promise<World> {
  const data = makeFolder('freeway-pictures-');
  const fakes = ['Home', 'Work'].map((name) =>
    createFakeProvider(
      { name, answer: () => answer, models: models.map(({ id }) => ({ id, ttftMs: 80, tokensPerSecond })) },
      systemClock,
    ),
  );
  const served = await Promise.all(fakes.map((fake) => serveFakeProvider(fake)));
  const entries = served.map(({ baseUrl }, at) => ({
    provider: 'openai-compatible',
    name: fakes[at]?.name,
    baseUrl,
    apiKey: 'k',
    tier: 'free',
    priority: at,
    models: models.map((model) => ({ ...model, price })),
  }));
  const env = {
    PORT: '0',
    FREEWAY_DATA: data,
    FREEWAY_OWNER_KEY: OWNER_KEY,
    FREEWAY_PROVIDERS: JSON.stringify(entries),
  };
  const server = await startLocal({ env, writeLog: () => undefined, siteFolder: uiDist });
  return {
    server,
    refuseOnce: () => fakes[0]?.script(['429-after-1']),
    close: async () => {
      await server.close();
      await Promise.all(served.map((one) => one.close()));
    },
  };
}

/** A page whose person is signed in. */
export async function openSignedIn(context: BrowserContext, { url }: LocalServer): Promise<Page> {
  const page = await context.newPage();
  await page.request.post(`${url}/api/session/local`, { data: { token: OWNER_KEY }, headers: { origin: url } });
  return page;
}
