// Keys in the browser: recognised on the device alone, tested side by side, told precisely what is wrong, and never seen again.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRig, type Rig } from './rig.ts';

const GOOD = 'canary-good-key-0123456789abcd';
const OTHER = 'canary-other-key-0123456789wxyz';
const WRONG = 'canary-wrong-key-0123456789efgh';

let rig: Rig;
beforeAll(async () => {
  const models = [{ id: 'm1', ttftMs: 5, tokensPerSecond: 2_000 }];
  rig = await openRig([
    { spec: { name: 'alpha', models, keys: [GOOD, OTHER, 'canary-alpha-key-7f3a9c'] } },
    { spec: { name: 'beta', models, keys: [GOOD, 'canary-beta-key-7f3a9c'] } },
  ]);
});
afterAll(() => rig.close());

const addressOf = (at: number): string => rig.server.config.entries[at]?.baseUrl ?? '';
const askedWith = (at: number): readonly (string | undefined)[] =>
  (rig.providers[at]?.received() ?? []).map(({ headers }) => headers['authorization']);
const pasteBox = (page: Page) => page.getByLabel('Paste a key, or a whole .env file');
const rowOf = (page: Page, name: string) => page.getByRole('listitem').filter({ hasText: name });

/** Everything the page asks of the server, except to read. */
function watchWrites(page: Page): string[] {
  const asked: string[] = [];
  page.on('request', (request) => request.method() !== 'GET' && asked.push(request.url()));
  return asked;
}

it.each([
  ['gsk_0123456789abcdefghij', 'Groq'],
  ['AQ.Ab8RN6J0123456789abcdefghij', 'Google Gemini (AI Studio)'],
  ['sk-or-v1-0123456789abcdef0123456789abcdef', 'OpenRouter'],
  ['sk-ant-api03-0123456789abcdef', 'Anthropic'],
])('knows whose key %s is, and asks nobody', async (key, name) => {
  const page = await rig.openPage('/providers');
  const asked = watchWrites(page);
  await pasteBox(page).fill(key);
  const found = page.locator('form').getByRole('listitem');
  await found.getByText(name, { exact: true }).waitFor();
  expect(await found.textContent()).not.toContain(key);
  await page.getByRole('button', { name: 'Add this key' }).waitFor();
  expect(asked).toEqual([]);
  await page.context().close();
});

it('asks whose key it is where several could be, and sends nothing until it is told', async () => {
  const page = await rig.openPage('/providers');
  const asked = watchWrites(page);
  await pasteBox(page).fill('sk-0123456789abcdef0123456789abcdef');
  const choice = page.getByRole('combobox', { name: 'Which provider is it?' });
  await expect
    .poll(() => choice.locator('option').allTextContents())
    .toEqual(expect.arrayContaining(['DeepSeek', 'OpenAI']));
  expect(await page.getByRole('button', { name: 'Add this key' }).isDisabled()).toBe(true);
  expect(asked).toEqual([]);
  await page.context().close();
});

it('takes a whole .env: shown before it is sent, tested side by side, the wrong key explained', async () => {
  const page = await rig.openPage('/providers');
  await pasteBox(page).fill(
    [
      '# providers',
      `VLLM_API_KEY=${GOOD}`,
      `VLLM_BASE_URL=${addressOf(0)}`,
      `export OPENAI_COMPATIBLE_API_KEY="${WRONG}"`,
      `OPENAI_COMPATIBLE_BASE_URL=${addressOf(1)}`,
      'STRIPE_SECRET_KEY=x',
    ].join('\n'),
  );
  await page.getByText('Not recognised, and left out: STRIPE_SECRET_KEY').waitFor();
  await page.getByRole('button', { name: 'Add 2 keys' }).click();
  const own = page.getByRole('region', { name: 'Your credentials' });
  await own.getByRole('listitem').filter({ hasText: 'abcd' }).getByText('Works').waitFor();
  const found = page.locator('form').getByRole('listitem');
  await found.filter({ hasText: 'VLLM_API_KEY' }).getByText('Added', { exact: true }).waitFor();
  const wrong = found.filter({ hasText: 'OPENAI_COMPATIBLE_API_KEY' });
  await wrong.getByText('The provider does not accept this key.').waitFor();
  await pasteBox(page).fill('');
  await page.context().close();
});

it('edits without the key, which stays; a replaced one shows its new ending', async () => {
  const page = await rig.openPage('/providers');
  await page.getByRole('button', { name: 'Add by form' }).click();
  await page.getByLabel('Name').fill('Mine');
  await page.getByLabel('API key').fill(GOOD);
  await page.getByLabel('Base URL').fill(addressOf(0));
  await page.getByRole('button', { name: 'Save' }).click();
  await rowOf(page, 'Mine').getByText('Works').waitFor();
  await page.getByRole('button', { name: 'Actions for Mine' }).click();
  await page.getByRole('menuitem', { name: 'Edit' }).click();
  await page.getByLabel('Name').fill('Edited');
  await page.getByRole('button', { name: 'Save' }).click();
  await rowOf(page, 'Edited').getByRole('button', { name: 'Test' }).click();
  await page.getByText('Edited: Works.').first().waitFor();
  expect(askedWith(0)).toContain(`Bearer ${GOOD}`);
  await page.getByRole('button', { name: 'Actions for Edited' }).click();
  await page.getByRole('menuitem', { name: 'Replace key' }).click();
  await page.getByLabel('API key').fill(OTHER);
  await page.getByRole('button', { name: 'Save' }).click();
  await rowOf(page, 'Edited').getByText('ends in wxyz').waitFor();
  await rowOf(page, 'Edited').getByRole('button', { name: 'Test' }).click();
  await expect.poll(() => askedWith(0)).toContain(`Bearer ${OTHER}`);
  await page.context().close();
});

describe('a test says precisely what is wrong', () => {
  it.each([
    ['a wrong key', WRONG, () => addressOf(0), 'Wrong key'],
    ['nobody at the address', GOOD, () => 'http://127.0.0.1:9/v1', 'Not reachable'],
    ['a page that is no API', GOOD, () => `${rig.server.url}/nothing`, 'Wrong address'],
  ])('%s', async (name, key, address, outcome) => {
    const page = await rig.openPage('/providers');
    await page.getByRole('button', { name: 'Add by form' }).click();
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('API key').fill(key);
    await page.getByLabel('Base URL').fill(address());
    await page.getByLabel('Models').fill('m1');
    await page.getByRole('button', { name: 'Save' }).click();
    await rowOf(page, name).getByText(outcome, { exact: true }).waitFor();
    await page.context().close();
  });
});

it('in German, offers, fields and the endpoint of one’s own are German, too, and an offer is read to its end', async () => {
  const page = await rig.openPage('/providers', { locale: 'de-DE', viewport: { width: 320, height: 640 } });
  await page.getByRole('button', { name: /^Alle \d+/ }).click();
  await page.getByText('Jeden Tag Nutzung für 0,11 $ (10.000 Neurons).').waitFor();
  const long = page.getByText('Verlangt eine Telefonnummer.');
  await long.waitFor();
  expect(await long.evaluate(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight)).toBeLessThanOrEqual(1);
  await page.getByRole('button', { name: 'Mit Formular hinzufügen' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('API-Schlüssel').waitFor();
  expect(await dialog.getByLabel('Name').inputValue()).toBe('Jeder OpenAI-kompatible Endpunkt');
  await page.context().close();
});
