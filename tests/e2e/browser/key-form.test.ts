// The form of a new key: a name is enough; what else it may do is summed up in a line, and decided where that is opened.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { findAxeFaults, openRig, type Rig } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await openRig([{ spec: { name: 'alpha', models: [{ id: 'm1', ttftMs: 5, tokensPerSecond: 2_000 }] } }]);
});
afterAll(() => rig.close());

/** What the server is asked to make. */
function watchMade(page: Page): unknown[] {
  const made: unknown[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/api/keys')) made.push(request.postDataJSON());
  });
  return made;
}

it('asks for a name alone, and says what the key may do', async () => {
  const page = await rig.openPage('/keys');
  const made = watchMade(page);
  await page.getByRole('button', { name: 'Create key' }).click();
  const dialog = page.getByRole('dialog', { name: 'Create key' });
  await dialog.getByLabel('Name').waitFor();
  const asked = dialog.locator('input, select, textarea').filter({ visible: true });
  expect(await asked.count()).toBe(1);
  await dialog
    .getByText('All your models, paid ones as the installation allows · no limits of its own · never expires')
    .waitFor();
  await page.keyboard.type('Nightly');
  await page.keyboard.press('Enter');
  await page.locator('[data-secret]').waitFor();
  expect(made).toMatchObject([{ name: 'Nightly', tier: 'any', privacy: 'any', usd: null, expires_at: null }]);
  await page.context().close();
});

it('sums up what was decided, and opens what is wrong inside', async () => {
  const page = await rig.openPage('/keys', { viewport: { width: 390, height: 844 } });
  await page.getByRole('button', { name: 'Create key' }).click();
  const dialog = page.getByRole('dialog', { name: 'Create key' });
  await dialog.getByLabel('Name').fill('Nightly');
  await dialog.getByText('Limits and rights').click();
  await dialog.getByLabel('May it pay?').selectOption({ label: 'Never: free models only' });
  await dialog.getByLabel('Privacy').selectOption('no_training');
  await dialog.getByLabel('Requests a day').fill('1,000');
  await dialog.getByLabel('Expires').selectOption({ label: 'In 30 days' });
  await dialog
    .getByText(
      'Free models only · only providers known not to train on prompts · 1,000 requests a day · expires in 30 days',
    )
    .waitFor();
  expect(await findAxeFaults(page)).toEqual([]);
  const usd = dialog.getByLabel('US dollars a month');
  await usd.fill('five');
  await dialog.getByText('Limits and rights').click();
  await usd.waitFor({ state: 'hidden' });
  await dialog.getByRole('button', { name: 'Create', exact: true }).click();
  await expect.poll(() => usd.evaluate((field) => field === document.activeElement)).toBe(true);
  await dialog.getByText('An amount such as 2.50').waitFor();
  await page.context().close();
});

it('says it in German', async () => {
  const page = await rig.openPage('/keys', { locale: 'de-DE' });
  await page.getByRole('button', { name: 'Schlüssel anlegen' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Grenzen und Rechte').click();
  await dialog.getByLabel('US-Dollar im Monat').fill('2,50');
  await dialog
    .getByText(/^Alle deine Modelle, bezahlte, soweit die Installation es erlaubt · 2,50\s\$ im Monat · läuft nie ab$/)
    .waitFor();
  await page.context().close();
});
