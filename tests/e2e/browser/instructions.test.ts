// What holds for more than one message: instructions, what was chosen for the last new chat, and what is done with a chat from the list.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { fieldOf, findAxeFaults, openRig, say, type Rig } from './rig.ts';

const facts = { size: 'large', context: 131_072, maxOutput: 8_192, capabilities: ['tools', 'json'] };
let rig: Rig;
beforeAll(async () => {
  const models = ['m1', 'm2'].map((id) => ({ id, ttftMs: 5, tokensPerSecond: 5_000, answer: () => 'So be it.' }));
  rig = await openRig([
    { spec: { name: 'alpha', models }, entry: { models: models.map(({ id }) => ({ id, ...facts })) } },
  ]);
});
afterAll(() => rig.close());

interface Asked {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
}
const lastAsked = (): Asked => JSON.parse(rig.providers[0]?.received().at(-1)?.body ?? '{}') as Asked;
const toSystem = ({ messages }: Asked): readonly string[] =>
  messages.filter(({ role }) => role === 'system').map(({ content }) => content);

async function ask(page: Page, text: string): Promise<Asked> {
  const receipts = page.locator('[data-receipt]');
  const before = await receipts.count();
  await say(page, text);
  await expect.poll(() => receipts.count()).toBe(before + 1);
  return lastAsked();
}

async function instruct(page: Page, text: string, always?: boolean): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'Instructions' });
  await dialog.getByRole('textbox', { name: 'Instructions' }).fill(text);
  if (always !== undefined) await dialog.getByRole('switch', { name: 'For all new chats' }).setChecked(always);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'hidden' });
}
const newChat = async (page: Page): Promise<void> => {
  await page.getByRole('button', { name: 'New chat' }).click();
  await page.getByRole('heading', { name: 'What can I help with?' }).waitFor();
};

it('instructions go with each message of their chat, and with those of new ones only when it is wished', async () => {
  const page = await rig.openPage();
  await page.getByRole('button', { name: 'Instructions', exact: true }).click();
  await page.getByRole('dialog', { name: 'Instructions' }).waitFor();
  expect(await findAxeFaults(page)).toEqual([]);
  await instruct(page, 'Answer in verse.');
  // They are not lost before the chat has begun.
  await page.reload();
  await page.getByRole('button', { name: 'Instructions: in force' }).waitFor();
  expect(toSystem(await ask(page, 'One'))).toEqual(['Answer in verse.']);
  expect(toSystem(await ask(page, 'Two'))).toEqual(['Answer in verse.']);
  await page.getByRole('button', { name: 'Instructions: in force' }).click();
  await instruct(page, 'Answer in prose.', true);
  expect(toSystem(await ask(page, 'Three'))).toEqual(['Answer in prose.']);
  await newChat(page);
  expect(toSystem(await ask(page, 'Four'))).toEqual(['Answer in prose.']);
  await page.getByRole('button', { name: 'Actions for this chat' }).click();
  await page.getByRole('menuitem', { name: 'Instructions' }).click();
  await instruct(page, '');
  expect(toSystem(await ask(page, 'Five'))).toEqual([]);
  await newChat(page);
  expect(toSystem(await ask(page, 'Six'))).toEqual([]);
  await page.context().close();
});

it('a new chat begins with the model of the last new one, and a change within a chat is for that chat alone', async () => {
  const page = await rig.openPage();
  const choose = async (name: RegExp): Promise<void> => {
    await page.getByRole('button', { name: /^Model:/ }).click();
    await page.getByRole('option', { name }).first().click();
  };
  await choose(/m2/);
  expect((await ask(page, 'One')).model).toBe('m2');
  await choose(/m1/);
  expect((await ask(page, 'Two')).model).toBe('m1');
  await page.reload();
  await newChat(page);
  expect((await ask(page, 'Three')).model).toBe('m2');
  await page.context().close();
});

it('a new chat does not begin with a model that is gone since', async () => {
  const page = await rig.openPage();
  await page.getByRole('button', { name: /^Model:/ }).click();
  await page.getByRole('option', { name: /m2/ }).first().click();
  await page.evaluate(() => {
    for (const [key, kept] of Object.entries(localStorage))
      if (key.startsWith('freeway.new-chat.')) localStorage.setItem(key, String(kept).replace('m2', 'gone'));
  });
  await page.reload();
  await page.getByRole('button', { name: /^Model: ?Auto/ }).waitFor();
  await ask(page, 'One');
  await page.context().close();
});

it('chats are renamed, copied and deleted from the list, whichever is open', async () => {
  const page = await rig.openPage('/', { permissions: ['clipboard-read', 'clipboard-write'] });
  await ask(page, 'The first question');
  await newChat(page);
  await ask(page, 'The second question');
  const list = page.getByRole('navigation', { name: 'Chats' });
  const actions = list.getByRole('button', { name: 'Actions for “The first question”' });
  await actions.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: 'Copy as Markdown' }).click();
  await page.getByRole('region', { name: 'Notes' }).getByText('Copied', { exact: true }).waitFor();
  const copied = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText());
  await expect.poll(copied).toContain('# The first question\n\n## You\n\nThe first question');
  expect(await copied()).toContain('So be it.');
  await actions.click();
  await page.getByRole('menuitem', { name: 'Rename' }).click();
  await list.getByRole('textbox', { name: 'Title' }).fill('Renamed here');
  await page.keyboard.press('Enter');
  const renamed = list.getByRole('link', { name: 'Renamed here' });
  await expect.poll(() => renamed.evaluate((link) => link === document.activeElement)).toBe(true);
  expect(await findAxeFaults(page)).toEqual([]);
  await list.getByRole('button', { name: 'Actions for “Renamed here”' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await renamed.waitFor({ state: 'detached' });
  const neighbour = list.getByRole('link', { name: 'The second question' });
  expect(await neighbour.evaluate((link) => link === document.activeElement)).toBe(true);
  // The one that is open stays.
  await page.getByRole('article', { name: 'You' }).getByText('The second question').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await renamed.click();
  await page.getByRole('article', { name: 'You' }).getByText('The first question').waitFor();
  await fieldOf(page).waitFor();
  await page.context().close();
});

it('on a phone, who gives up renaming is still in the list', async () => {
  const page = await rig.openPage('/', { viewport: { width: 390, height: 800 } });
  await ask(page, 'A question');
  await page.getByRole('button', { name: 'Show chats' }).click();
  const list = page.getByRole('dialog').getByRole('navigation', { name: 'Chats' });
  await list.getByRole('button', { name: 'Actions for “A question”' }).click();
  await page.getByRole('menuitem', { name: 'Rename' }).click();
  await list.getByRole('textbox', { name: 'Title' }).press('Escape');
  await list.getByRole('textbox', { name: 'Title' }).waitFor({ state: 'detached' });
  const link = list.getByRole('link', { name: 'A question' });
  expect(await link.evaluate((one) => one === document.activeElement)).toBe(true);
  await page.context().close();
});

it.each(['en-GB', 'de-DE'])('with text of twice the size nothing of the header is out of reach: %s', async (locale) => {
  const page = await rig.openPage('/', { locale });
  const header = page.getByRole('main').locator('header');
  await header.waitFor();
  await page.evaluate(() => document.documentElement.style.setProperty('font-size', '200%'));
  const ends = header.getByRole('button').evaluateAll((all) => all.map((one) => one.getBoundingClientRect().right));
  expect(Math.max(...(await ends))).toBeLessThanOrEqual(1280);
  expect(await ends).toHaveLength(5);
  await page.context().close();
});

it('a window that was open before knows what new chats begin with since, and loses none of it', async () => {
  const page = await rig.openPage();
  const other = await page.context().newPage();
  await other.goto(rig.server.url);
  await other.getByRole('button', { name: 'Instructions', exact: true }).click();
  await instruct(other, 'Answer in verse.', true);
  expect(toSystem(await ask(page, 'One'))).toEqual(['Answer in verse.']);
  await other.reload();
  expect(toSystem(await ask(other, 'Two'))).toEqual(['Answer in verse.']);
  await page.context().close();
});
