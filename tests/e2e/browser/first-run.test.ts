// Sixty seconds: a fresh install without any key, the printed link, a key, and the first free answer.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '#lambda/clock.ts';
import { canonicalAnswer } from '../../fakes/provider/answer.ts';
import { createFakeProvider } from '../../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../../fakes/provider/server.ts';
import { findAxeFaults, lastAnswer, openRig, say, type Rig } from './rig.ts';

const KEY = 'canary-first-key-0123456789';
const provider = createFakeProvider(
  { name: 'alpha', models: [{ id: 'm1', ttftMs: 5, tokensPerSecond: 2_000 }], keys: [KEY], keepRequests: 50 },
  systemClock,
);

let served: FakeServer;
let rig: Rig;
beforeAll(async () => {
  served = await serveFakeProvider(provider);
  rig = await openRig([], { env: { FREEWAY_DEMO: 'off' } });
});
afterAll(async () => {
  await rig.close();
  await served.close();
});

it('whoever asks, or wants a recording written, before there is a key is shown where to add one', async () => {
  const page = await rig.openPage('/');
  await say(page, 'Hello');
  await page.getByRole('alert').getByRole('button', { name: 'Add a key' }).click();
  await page.getByText('No credential yet').waitFor();
  await page.getByRole('link', { name: 'Transcribe' }).click();
  await page.getByText('Nobody here can transcribe yet.').waitFor();
  expect(await findAxeFaults(page)).toEqual([]);
  await page.getByRole('button', { name: 'Add a key' }).click();
  await page.getByText('No credential yet').waitFor();
  await page.context().close();
});

it('in German, too, it is said why there is no answer', async () => {
  const page = await rig.openPage('/', { locale: 'de-DE' });
  const field = page.getByRole('textbox', { name: 'Nachricht', exact: true });
  await field.fill('Hallo');
  await field.press('Enter');
  await page.getByRole('alert').getByText('Noch kein Zugang hier kann das. Füge einen hinzu').waitFor();
  await page.context().close();
});

it('a key is missing, is given, and answers, all within a minute', async () => {
  const startedAtMs = Date.now();
  const page = await rig.newPage();
  await page.goto(rig.server.signInUrl ?? '');
  await page.getByText('No model can be reached yet').waitFor();
  await page.getByRole('link', { name: 'Add a key' }).click();
  await page.getByText('No credential yet').waitFor();
  await page
    .getByLabel('Paste a key, or a whole .env file')
    .fill(`OPENAI_COMPATIBLE_API_KEY=${KEY}\nOPENAI_COMPATIBLE_BASE_URL=${served.baseUrl}`);
  await page.getByRole('button', { name: 'Add this key' }).click();
  await page.getByRole('listitem').getByText('Works').waitFor();
  await page.getByRole('link', { name: 'Chat' }).click();
  await say(page, 'Hello');
  expect(await lastAnswer(page)).toBe(canonicalAnswer);
  expect(await page.locator('[data-receipt]').textContent()).toContain('m1');
  expect(Date.now() - startedAtMs).toBeLessThan(60_000);
  expect(provider.received().at(-1)?.headers['authorization']).toBe(`Bearer ${KEY}`);
  await page.context().close();
});

it('finds a model server on this computer, and is told when there is none', async ({ skip }) => {
  const page = await rig.openPage('/providers');
  const look = page.getByRole('button', { name: 'Look on this computer' });
  const ollama = createFakeProvider(
    { name: 'here', models: [{ id: 'llama-here', ttftMs: 5, tokensPerSecond: 2_000 }] },
    systemClock,
  );
  const here = await serveFakeProvider(ollama, { port: 11_434 }).catch(() => null);
  skip(here === null, 'a real one listens at this address');
  await look.click();
  const section = page.getByRole('region', { name: 'Ollama or vLLM on this computer?' });
  const found = section.getByRole('listitem').filter({ hasText: 'Ollama' });
  await found.getByText(/1 model$/).waitFor();
  await found.getByRole('button', { name: 'Add' }).click();
  await found.getByText('Added', { exact: true }).waitFor();
  await here?.close();
  await look.click();
  await page.getByText('Nothing answers at their usual addresses.').waitFor();
  await page.context().close();
});
