// What was written and not sent is there again after another page, goes when it was sent, and is nobody else's; what fails in a dialog is told there.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findAxeFaults, openRig, type Rig } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await openRig([{ spec: { name: 'alpha', models: [{ id: 'm1', ttftMs: 5, tokensPerSecond: 2_000 }] } }]);
});
afterAll(() => rig.close());

const goTo = (page: Page, name: string): Promise<void> => page.getByRole('link', { name, exact: true }).click();

it.each([
  ['Explain', 'the request', (page: Page) => page.getByLabel('Request', { exact: true })],
  ['Providers', 'pasted text', (page: Page) => page.getByLabel('Paste a key, or a whole .env file')],
  ['Settings', 'a budget', (page: Page) => page.getByLabel('US dollars a day').first()],
])('%s: %s is there again', async (link, _, fieldOf) => {
  const page = await rig.openPage('/');
  await goTo(page, link);
  await fieldOf(page).fill('12.5');
  await goTo(page, 'Chat');
  await page.getByRole('heading', { name: 'What can I help with?' }).waitFor();
  await goTo(page, link);
  await expect.poll(() => fieldOf(page).inputValue()).toBe('12.5');
  // In memory alone: a reload ends it.
  await page.reload();
  await fieldOf(page).waitFor();
  expect(await fieldOf(page).inputValue()).not.toBe('12.5');
  await page.context().close();
});

it('what was saved is not what was written before', async () => {
  const page = await rig.openPage('/settings');
  const day = page.getByLabel('US dollars a day').first();
  await day.fill('7');
  await page.getByRole('form', { name: 'Budget of the installation' }).getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved').first().waitFor();
  await page.request.patch(`${rig.server.url}/api/settings/installation`, {
    data: { budget: { usd_per_day: 9, usd_per_month: null, mode: 'hard' } },
    headers: { origin: rig.server.url },
  });
  await goTo(page, 'Chat');
  await page.reload();
  await goTo(page, 'Settings');
  await expect.poll(() => day.inputValue()).toBe('9');
  await page.context().close();
});

it.each([
  ['en-GB', /Actions for/, 'Revoke', 'The server could not be reached.'],
  ['de-DE', /Aktionen für/, 'Widerrufen', 'Der Server ist nicht erreichbar.'],
])('a key that could not be revoked keeps its dialog, with the reason: %s', async (locale, menu, revoke, why) => {
  const page = await rig.openPage('/keys', { locale });
  await page.request.post(`${rig.server.url}/api/keys`, {
    data: { name: `key for ${locale}` },
    headers: { origin: rig.server.url },
  });
  await page.reload();
  const row = page.getByRole('listitem').filter({ hasText: `key for ${locale}` });
  await row.getByRole('button', { name: menu }).click();
  await page.getByRole('menuitem', { name: revoke }).click();
  const dialog = page.getByRole('dialog');
  await page.route('**/api/keys/*', (route) => route.abort());
  await dialog.getByRole('button', { name: revoke }).click();
  await dialog.getByRole('alert').filter({ hasText: why }).waitFor();
  expect(await findAxeFaults(page)).toEqual([]);
  await page.unroute('**/api/keys/*');
  await dialog.getByRole('button', { name: revoke }).click();
  await dialog.waitFor({ state: 'hidden' });
  await row.waitFor({ state: 'hidden' });
  await page.context().close();
});

it('what a form is refused for is said in the language of the page', async () => {
  const page = await rig.openPage('/people', { locale: 'de-DE' });
  for (const told of [null, 'ada@example.com steht schon auf der Liste.']) {
    await page.getByRole('button', { name: 'Einladen' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox').first().fill('ada@example.com');
    await dialog.getByRole('button', { name: 'Einladen' }).click();
    if (told === null) await dialog.waitFor({ state: 'hidden' });
    else await dialog.getByRole('alert').filter({ hasText: told }).waitFor();
  }
  await page.context().close();
});
