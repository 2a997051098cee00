// Quotas on the pages: of keys, people and everybody, set by hand, refused when they are none, and shown with what is left.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { findAxeFaults, lastAnswer, openRig, say, type Rig } from './rig.ts';

const facts = { size: 'large', context: 131_072, maxOutput: 8_192, capabilities: ['tools'] };
const model = { id: 'm1', ttftMs: 5, tokensPerSecond: 5_000 };
let rig: Rig;
beforeAll(async () => {
  rig = await openRig([{ spec: { name: 'alpha', models: [model] }, entry: { models: [{ id: 'm1', ...facts }] } }]);
});
afterAll(() => rig.close());

const ask = async (key: string): Promise<number> => {
  const reply = await fetch(`${rig.server.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'Hello' }] }),
  });
  await reply.arrayBuffer();
  return reply.status;
};

/** What pages send to change something. */
function watchChanges(page: Page): unknown[] {
  const sent: unknown[] = [];
  page.on('request', (request) => {
    if (request.method() === 'PATCH') sent.push(request.postDataJSON());
  });
  return sent;
}

it('of a key: set when it is made, shown with what is left, changed while it stays, by keyboard alone', async () => {
  const page = await rig.openPage('/keys');
  await page.getByRole('button', { name: 'Create key' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Nightly');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await dialog.getByLabel('Requests a day').fill('2');
  await dialog.getByLabel('Tokens a day').fill('1,5');
  await page.keyboard.press('Enter');
  await dialog.getByText('A whole number from 1').waitFor();
  await expect
    .poll(() => dialog.getByLabel('Tokens a day').evaluate((one) => one === document.activeElement))
    .toBe(true);
  await dialog.getByLabel('Tokens a day').fill('1,500,000');
  await page.keyboard.press('Enter');
  const key = (await page.locator('[data-secret]').textContent()) ?? '';
  await page.getByRole('button', { name: 'Done' }).click();
  expect([await ask(key), await ask(key), await ask(key)]).toEqual([200, 200, 429]);
  await page.reload();
  await page.getByText('0 of 2 requests left today').waitFor();
  await page.getByText(/1\.49m of 1\.5m tokens left today/i).waitFor();
  const sent = watchChanges(page);
  await page.getByRole('button', { name: 'Actions for Nightly' }).press('Enter');
  await page.getByRole('menuitem', { name: 'Change limits' }).press('Enter');
  const limits = page.getByRole('dialog', { name: 'Limits of Nightly' });
  expect(await limits.getByLabel('Tokens a day').inputValue()).toBe('1500000');
  expect(await findAxeFaults(page)).toEqual([]);
  await limits.getByLabel('Requests a day').fill('');
  await page.keyboard.press('Enter');
  await limits.waitFor({ state: 'hidden' });
  expect(sent).toEqual([
    { requests_per_minute: null, requests_per_day: null, tokens_per_minute: null, tokens_per_day: 1_500_000 },
  ]);
  await expect.poll(() => page.getByText('requests left today').count()).toBe(0);
  expect(await ask(key)).toBe(200);
  await page.context().close();
});

it('of everybody and of each: nonsense is refused where it stands, and what is left is shown with the usage', async () => {
  const page = await rig.openPage('/settings');
  const sent = watchChanges(page);
  const all = page.getByRole('form', { name: 'Requests and tokens of all together' });
  await all.getByLabel('Requests a day').fill('many');
  await all.getByRole('button', { name: 'Save' }).click();
  await all.getByText('A whole number from 1').waitFor();
  await expect
    .poll(() => all.getByLabel('Requests a day').evaluate((one) => one === document.activeElement))
    .toBe(true);
  expect(sent).toEqual([]);
  await all.getByLabel('Requests a day').fill('40');
  await page.keyboard.press('Enter');
  await page.getByText('Saved.').first().waitFor();
  const each = page.getByRole('form', { name: 'Requests and tokens of each person' });
  await each.getByLabel('Tokens a minute').fill('20.000');
  await each.getByRole('button', { name: 'Save' }).click();
  const alerts = page.getByRole('form', { name: 'Alerts' });
  await alerts.getByLabel(/^Tell when so much/).fill('50, 101');
  await alerts.getByRole('button', { name: 'Save' }).click();
  await alerts.getByText('Whole numbers from 1 to 100').waitFor();
  await alerts.getByLabel(/^Tell when so much/).fill('75 %, 90');
  await alerts.getByRole('button', { name: 'Save' }).click();
  await expect.poll(() => sent.length).toBe(3);
  expect(sent).toMatchObject([
    { quota: { requests_per_day: 40, tokens_per_day: null } },
    { person_quota: { tokens_per_minute: 20_000 } },
    { alerts: { at_percent: [75, 90] } },
  ]);
  await page.reload();
  await expect.poll(() => all.getByLabel('Requests a day').inputValue()).toBe('40');
  await expect.poll(() => alerts.getByLabel(/^Tell when so much/).inputValue()).toBe('75, 90');
  await page.goto(rig.server.url);
  await say(page, 'Hello');
  await lastAnswer(page);
  // The owner has no budget; to others it is told so.
  const left = [{ limit: 3, remaining: 2.25, resets_at: null }];
  const settings = (await (await page.request.get(`${rig.server.url}/api/settings`)).json()) as object;
  const budget = { usd_per_day: null, usd_per_month: 3, mode: 'hard', left };
  await page.route('**/api/settings', (route) => route.fulfill({ json: { ...settings, budget } }));
  await page.goto(`${rig.server.url}/usage`);
  const meter = page.getByRole('meter', { name: 'Requests a day' });
  const money = page.getByRole('meter', { name: 'US dollars a month' });
  await expect.poll(() => meter.getAttribute('aria-valuetext')).toBe('1 of 40');
  await expect.poll(() => money.getAttribute('aria-valuetext')).toBe('$0.75 of $3.00');
  await page.unroute('**/api/settings');
  expect(await findAxeFaults(page)).toEqual([]);
  const one = { headers: { origin: rig.server.url }, data: { quota: { requests_per_day: 1 } } };
  expect((await page.request.patch(`${rig.server.url}/api/settings/installation`, one)).status()).toBe(200);
  await page.goto(rig.server.url);
  await say(page, 'Again');
  const card = page.getByRole('alert').filter({ hasText: 'A limit that was set here is reached' });
  await card.getByText('All together may use 1 request a day. That is used up.').waitFor();
  await card.getByText(/Back in/).waitFor();
  await page.goto(`${rig.server.url}/settings`);
  await all.getByLabel('Requests a day').fill('');
  await all.getByRole('button', { name: 'Save' }).click();
  await expect.poll(() => sent.at(-1)).toEqual({ quota: null });
  await page.context().close();
});

it('of a person: as everybody until it is set, and as everybody again when it is emptied', async () => {
  const page = await rig.openPage('/people');
  await page.getByRole('button', { name: 'Invite' }).click();
  await page.getByLabel('Email address').fill('ada@example.com');
  await page.getByRole('dialog').getByRole('button', { name: 'Invite' }).click();
  const row = page.getByRole('listitem').filter({ hasText: 'ada@example.com' });
  const sent = watchChanges(page);
  const openForm = async (): Promise<void> => {
    // A dialog that is closing takes the focus back to where it came from, and a menu closes by that.
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await row.getByRole('button', { name: 'Actions for ada@example.com' }).press('Enter');
    await page.getByRole('menuitem', { name: 'Change' }).press('Enter');
  };
  await openForm();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Tokens a day').fill('250000');
  await dialog.getByLabel('May spend, US dollars a month').fill('9,50');
  await page.keyboard.press('Enter');
  await row.getByText('250,000 of 250,000 tokens left today').waitFor();
  await row.getByText('$9.50 of $9.50 left this month').waitFor();
  const audit = page.getByRole('region', { name: 'Audit' });
  await page.reload();
  await audit.getByText('Tokens a day: not set becomes 250,000').waitFor();
  await openForm();
  expect(await dialog.getByLabel('Tokens a day').inputValue()).toBe('250000');
  expect(await findAxeFaults(page)).toEqual([]);
  await dialog.getByLabel('Tokens a day').fill('');
  await dialog.getByLabel('May spend, US dollars a month').fill('');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'hidden' });
  expect(sent).toMatchObject([
    {
      quota: { tokens_per_day: 250_000, requests_per_day: null },
      budget: { usd_per_day: null, usd_per_month: 9.5, mode: 'hard' },
    },
    { quota: null, budget: null },
  ]);
  await page.context().close();
});
