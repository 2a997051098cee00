// The page of usage where there is much of it: what was used most stands first, under names that people know.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openRig, type Rig } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await openRig([{ spec: { name: 'alpha', models: [{ id: 'm1', ttftMs: 5, tokensPerSecond: 4_000 }] } }]);
});
afterAll(() => rig.close());

it('keys stand by their names, those that asked most first', async () => {
  const page = await rig.openPage('/usage');
  const { url } = rig.server;
  const makeKey = async (name: string): Promise<{ readonly key: string; readonly last4: string }> =>
    (await page.request.post(`${url}/api/keys`, { data: { name }, headers: { origin: url } })).json();
  const [seldom, often] = [await makeKey('Seldom'), await makeKey('Often')];
  for (const { key } of [often, often, seldom])
    await page.request.post(`${url}/v1/chat/completions`, {
      headers: { authorization: `Bearer ${key}`, origin: url },
      data: { model: 'auto', messages: [{ role: 'user', content: 'Hello' }] },
    });
  const countKept = async (): Promise<number> =>
    (await (await page.request.get(`${url}/api/usage`)).json()).total.requests;
  await expect.poll(countKept).toBe(3);
  await page.reload();
  await page.getByRole('combobox', { name: 'By', exact: true }).selectOption('key');
  await expect
    .poll(() => page.getByRole('rowheader').allTextContents())
    .toEqual([`Often (…${often.last4})`, `Seldom (…${seldom.last4})`]);
  await page.context().close();
});

it.each([
  ['en-GB', 'Answered free', '99.6%'],
  ['de-DE', 'Kostenlos beantwortet', '99,6\u00a0%'],
])('all is said to be free only if it was: %s', async (locale, name, share) => {
  const page = await rig.openPage('/', { locale });
  await page.route('**/api/usage?*', async (route) => {
    const reply = await route.fetch();
    const usage = await reply.json();
    await route.fulfill({
      response: reply,
      json: { ...usage, total: { ...usage.total, requests: 300, failed: 0, free: 299 } },
    });
  });
  await page.goto(`${rig.server.url}/usage`);
  const figure = page.locator('dt', { hasText: name }).locator('xpath=following-sibling::dd[1]');
  await figure.waitFor();
  expect(await figure.textContent()).toBe(share);
  await page.context().close();
});

it('what failed is told with the model that was asked for, and shares are told of what was answered', async () => {
  const page = await rig.openPage('/usage');
  const { url } = rig.server;
  for (const model of ['auto', 'no-such-model'])
    await page.request.post(`${url}/v1/chat/completions`, {
      headers: { origin: url },
      data: { model, messages: [{ role: 'user', content: 'Hello' }] },
    });
  const row = page
    .getByRole('region', { name: 'Requests', exact: true })
    .getByRole('button', { name: 'no-such-model' });
  const findKept = async (): Promise<number> => {
    await page.reload();
    await page.getByRole('region', { name: 'Requests', exact: true }).getByRole('listitem').first().waitFor();
    return row.count();
  };
  await expect.poll(findKept).toBe(1);
  const figure = page.locator('dt', { hasText: 'Answered free' }).locator('xpath=following-sibling::dd[2]');
  const [, answered = '', all = ''] =
    /^(\d+) of (\d+) requests answered$/.exec((await figure.textContent()) ?? '') ?? [];
  expect([Number(all) - Number(answered), Number(answered) > 0]).toEqual([1, true]);
  await row.click();
  const asked = page.getByRole('dialog').locator('dt', { hasText: 'Model asked for' });
  expect(await asked.locator('xpath=following-sibling::dd').textContent()).toBe('no-such-model');
  await page.context().close();
});

it('the time that is shown stands in the address, and outlives a reload', async () => {
  const page = await rig.openPage('/usage');
  const range = page.getByRole('combobox', { name: 'Time' });
  const query = (): URLSearchParams => new URL(page.url()).searchParams;
  await range.selectOption('Last 24 hours');
  await expect.poll(() => query().get('range')).toBe('24h');
  await page.getByRole('region', { name: 'Requests by hour' }).getByRole('listitem').nth(23).waitFor();
  await page.reload();
  await expect.poll(() => range.inputValue()).toBe('24h');
  await range.selectOption('From … to …');
  const to = query().get('to') ?? '';
  const from = new Date(Date.parse(to) - 9 * 86_400_000).toISOString().slice(0, 10);
  await page.getByLabel('From', { exact: true }).fill(from);
  await expect.poll(() => query().get('from')).toBe(from);
  const bars = page.getByRole('region', { name: 'Requests by day' }).getByRole('listitem');
  await expect.poll(() => bars.count()).toBe(10);
  const table = page.getByRole('link', { name: 'Export as table' });
  expect(await table.getAttribute('href')).toContain(`from=${from}&to=${to}`);
  // A day that is still being typed, or before the other end, changes nothing.
  await page.getByLabel('To', { exact: true }).fill('0002-01-01');
  expect(query().get('to')).toBe(to);
  await page.context().close();
});

it('says what of it can’t be loaded, and loads it when asked again', async () => {
  const page = await rig.openPage('/usage');
  const { url } = rig.server;
  for (let at = 0; at < 26; at++)
    await page.request.post(`${url}/v1/chat/completions`, {
      headers: { origin: url },
      data: { model: 'auto', messages: [{ role: 'user', content: 'Hello' }] },
    });
  const error = { message: 'The store is away.', code: 'internal' };
  const fail = (glob: string) => page.route(glob, (route) => route.fulfill({ status: 500, json: { error } }));
  await fail('**/api/usage?*by=provider*');
  await fail('**/api/usage/records*');
  await page.reload();
  const sums = page.getByRole('alert').filter({ hasText: 'These sums could not be loaded' });
  const log = page.getByRole('alert').filter({ hasText: 'The requests could not be loaded' });
  for (const note of [sums, log]) await note.getByText('The store is away.').waitFor();
  await page.unrouteAll();
  await fail('**/api/usage/records*after=*');
  for (const note of [sums, log]) await note.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('rowheader').first().waitFor();
  await page.getByRole('button', { name: 'Show older' }).click();
  await page.getByRole('alert').getByText('Older ones could not be loaded: The store is away.').waitFor();
  await page.unrouteAll();
  await page.getByRole('button', { name: 'Show older' }).click();
  await expect.poll(() => page.getByRole('alert').count()).toBe(0);
  await page.context().close();
});

it('nobody is told that no model fits while none could be loaded', async () => {
  const page = await rig.openPage('/usage');
  const error = { message: 'The store is away.', code: 'internal' };
  await page.route('**/v1/models', (route) => route.fulfill({ status: 500, json: { error } }));
  await page.goto(rig.server.url);
  await page.getByRole('button', { name: /^Model/ }).click();
  await page.getByRole('dialog', { name: 'Model' }).getByText('The store is away.').waitFor();
  await page.context().close();
});
