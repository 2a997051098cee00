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

it('Explain: what was chosen is there again, too', async () => {
  const page = await rig.openPage('/explain');
  const read = (): Promise<readonly string[]> =>
    Promise.all(
      ['Model', 'What if a provider is down?'].map((label) => page.getByLabel(label, { exact: true }).inputValue()),
    );
  await page.getByLabel('Model', { exact: true }).selectOption('openai-compatible/m1');
  await page.getByLabel('What if a provider is down?').selectOption('openai-compatible');
  await page.getByRole('switch').first().check();
  await goTo(page, 'Chat');
  await page.getByRole('heading', { name: 'What can I help with?' }).waitFor();
  await goTo(page, 'Explain');
  expect(await read()).toEqual(['openai-compatible/m1', 'openai-compatible']);
  expect(await page.getByRole('switch').first().isChecked()).toBe(true);
  await page.context().close();
});

it('Settings: a provider that is being added, and a key that could not be given, are there again', async () => {
  const page = await rig.openPage('/settings');
  const form = page.getByRole('form', { name: 'Add a provider' });
  const leave = async (): Promise<void> => {
    await goTo(page, 'Chat');
    await page.getByRole('heading', { name: 'What can I help with?' }).waitFor();
    await goTo(page, 'Settings');
  };
  const reopen = () => page.getByRole('button', { name: 'Add a provider' }).click();
  await reopen();
  await form.getByLabel('Name').fill('The lab');
  await form.getByLabel('Address').fill('https://lab.example/v1');
  await form.getByRole('checkbox').check();
  await leave();
  await reopen();
  expect(await form.getByLabel('Name').inputValue()).toBe('The lab');
  expect(await form.getByRole('checkbox').isChecked()).toBe(true);
  await form.getByRole('button', { name: 'Add', exact: true }).click();
  const key = page.getByLabel('Key for The lab');
  await key.fill('a-key-of-the-lab');
  await page.route('**/api/credentials', (route) => route.abort());
  await key.press('Enter');
  await page.getByText('The server could not be reached.').first().waitFor();
  expect(await key.inputValue()).toBe('a-key-of-the-lab');
  await leave();
  expect(await key.inputValue()).toBe('a-key-of-the-lab');
  await reopen();
  expect(await form.getByLabel('Name').inputValue()).toBe('');
  await page.context().close();
});

it.each([
  ['People', 'Invite', 'Email address', 'ada@lab.example'],
  ['Rollout', 'Flags: Add', 'Name', 'new-search'],
])(
  '%s: what was typed for something new is there again after Escape, until Cancel',
  async (link, open, label, text) => {
    const page = await rig.openPage('/');
    await goTo(page, link);
    const field = page.getByRole('dialog').getByLabel(label);
    const reopen = () => page.getByRole('button', { name: open }).first().click();
    await reopen();
    await field.fill(text);
    await page.keyboard.press('Escape');
    await isHidden(page);
    await reopen();
    expect(await field.inputValue()).toBe(text);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await isHidden(page);
    await reopen();
    expect(await field.inputValue()).toBe('');
    await page.context().close();
  },
);

it('a change of what there is already is not kept: its dialog shows what is saved', async () => {
  const page = await rig.openPage('/rollout');
  await page.request.put(`${rig.server.url}/api/rollout/flags`, {
    data: { name: 'search', percent: 10, always: [], enabled: true },
    headers: { origin: rig.server.url },
  });
  await page.reload();
  const share = page.getByRole('dialog').getByLabel('Part, in percent');
  for (let times = 0; times < 2; times++) {
    await page.getByRole('button', { name: 'Actions for search' }).click();
    await page.getByRole('menuitem', { name: 'Change' }).click();
    expect(await share.inputValue()).toBe('10');
    await share.fill('90');
    await page.keyboard.press('Escape');
    await isHidden(page);
  }
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

const isHidden = (page: Page): Promise<void> => page.getByRole('dialog').waitFor({ state: 'hidden' });

it('the form of a provider is there again after Escape, another provider and another page; Cancel forgets it', async () => {
  const page = await rig.openPage('/providers');
  const dialog = page.getByRole('dialog', { name: 'Add a provider' });
  const read = async (): Promise<readonly string[]> => {
    await dialog.waitFor();
    return Promise.all(
      ['Provider', 'Name', 'API key', 'Base URL'].map((label) => dialog.getByLabel(label).inputValue()),
    );
  };
  const reopen = () => page.getByRole('button', { name: 'Add by form' }).click();
  const written = ['openai-compatible', 'The lab', 'a-key-of-the-lab', 'https://lab.example/v1'];
  await reopen();
  await dialog.getByLabel('Name').fill('The lab');
  await dialog.getByLabel('API key').fill('a-key-of-the-lab');
  await dialog.getByLabel('Base URL').fill('https://lab.example/v1');
  // A key is of one provider: another one is not given it.
  await dialog.getByLabel('Provider').selectOption({ label: 'Groq' });
  expect(await read()).toEqual(['groq', 'Groq', '', '']);
  await dialog.getByLabel('Provider').selectOption('openai-compatible');
  expect(await read()).toEqual(written);
  await page.keyboard.press('Escape');
  await isHidden(page);
  await reopen();
  expect(await read()).toEqual(written);
  await dialog.getByRole('button', { name: 'Close' }).click();
  await goTo(page, 'Chat');
  await page.getByRole('heading', { name: 'What can I help with?' }).waitFor();
  await goTo(page, 'Providers');
  await reopen();
  expect(await read()).toEqual(written);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await isHidden(page);
  await reopen();
  expect(await read()).toEqual(['openai-compatible', 'Any OpenAI-compatible endpoint', '', '']);
  await page.context().close();
});

it('the form of a new key is there again after a click outside, and empty once the key was made', async () => {
  const page = await rig.openPage('/keys');
  const dialog = page.getByRole('dialog', { name: 'Create key' });
  const name = dialog.getByLabel('Name');
  const reopen = () => page.getByRole('button', { name: 'Create key' }).first().click();
  await reopen();
  await name.fill('Nightly');
  await dialog.getByText('Limits and rights').click();
  await dialog.getByLabel('Requests a day').fill('250');
  await page.mouse.click(5, 5);
  await isHidden(page);
  await reopen();
  expect(await name.inputValue()).toBe('Nightly');
  await dialog.getByText('250 requests a day').waitFor();
  await dialog.getByRole('button', { name: 'Create', exact: true }).click();
  await page.getByRole('button', { name: 'Done' }).click();
  await isHidden(page);
  await reopen();
  expect(await name.inputValue()).toBe('');
  expect(await dialog.getByText('250 requests a day').count()).toBe(0);
  await page.context().close();
});

it('a key that replaces another is there again after Escape, until Cancel or until it was saved', async () => {
  const page = await rig.openPage('/providers');
  const made = await page.request.post(`${rig.server.url}/api/credentials`, {
    data: {
      provider: 'openai-compatible',
      name: 'Mine',
      base_url: rig.server.config.entries[0]?.baseUrl,
      plan: 'free',
      fields: { apiKey: 'a-key-of-mine' },
    },
    headers: { origin: rig.server.url },
  });
  expect(made.ok(), await made.text()).toBe(true);
  await page.reload();
  const dialog = page.getByRole('dialog');
  const key = dialog.getByLabel('API key');
  const reopen = async (): Promise<void> => {
    await page.getByRole('button', { name: 'Actions for Mine' }).click();
    await page.getByRole('menuitem', { name: 'Replace key' }).click();
    await key.waitFor();
  };
  await reopen();
  await key.fill('another-key');
  await page.keyboard.press('Escape');
  await isHidden(page);
  await reopen();
  expect(await key.inputValue()).toBe('another-key');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await isHidden(page);
  await reopen();
  expect(await key.inputValue()).toBe('');
  await key.fill('another-key');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await isHidden(page);
  await reopen();
  expect(await key.inputValue()).toBe('');
  await page.context().close();
});
