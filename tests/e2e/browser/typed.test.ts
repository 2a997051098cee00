// What somebody typed, dropped or pasted is never lost, whatever else happens on the page.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import type { FakeModel } from '../../fakes/provider/spec.ts';
import { OWNER_KEY } from '../local.ts';
import { fieldOf, lastAnswer, openRig, say, type Rig } from './rig.ts';

const long = Array.from({ length: 2_000 }, (_, at) => `word${String(at)}`).join(' ');
const slow: FakeModel = { id: 'm1', ttftMs: 5, tokensPerSecond: 60, answer: () => long };

let rig: Rig;
beforeAll(async () => {
  rig = await openRig([{ spec: { name: 'turtle', models: [slow] } }]);
});
afterAll(() => rig.close());

/** A page in the middle of a long answer. */
async function openAnswering(): Promise<Page> {
  const page = await rig.openPage();
  await say(page, 'A long one');
  await page.getByText('word9 ', { exact: false }).first().waitFor();
  return page;
}

it('messages that wait for their turn go out together, and are taken back before what was typed since', async () => {
  const page = await openAnswering();
  await say(page, 'Two');
  await say(page, 'Three');
  await page.getByText('Two Three').waitFor();
  await fieldOf(page).fill('Four');
  await page.reload();
  await page.getByText('Goes out next:').waitFor();
  await expect.poll(() => fieldOf(page).inputValue()).toBe('Four');
  await page.getByRole('button', { name: 'Take back' }).click();
  expect(await fieldOf(page).inputValue()).toBe('Two\n\nThree\n\nFour');
  expect(await fieldOf(page).evaluate((field) => field === document.activeElement)).toBe(true);
  await page.context().close();
});

it('what waits when an answer is stopped can be sent at once', async () => {
  const page = await openAnswering();
  await say(page, 'Two');
  await page.getByText('Goes out next:').waitFor();
  const now = page.getByRole('button', { name: 'Send now' });
  expect(await now.count()).toBe(0);
  await page.getByRole('button', { name: 'Stop' }).click();
  // All of it is in sight on the narrowest phone.
  await page.setViewportSize({ width: 320, height: 640 });
  const ends = async (part: Locator): Promise<number> => {
    const { x, width } = (await part.boundingBox())!;
    expect(width).toBeGreaterThan(20);
    return x + width;
  };
  await now.waitFor();
  expect(await ends(now)).toBeLessThanOrEqual(320);
  expect(await ends(page.getByText('Two', { exact: true }))).toBeLessThanOrEqual(320);
  await now.click();
  await page.getByRole('article', { name: 'You' }).last().getByText('Two', { exact: true }).waitFor();
  await now.waitFor({ state: 'hidden' });
  expect(await page.getByText('Goes out next:').count()).toBe(0);
  expect(await fieldOf(page).evaluate((field) => field === document.activeElement)).toBe(true);
  await expect
    .poll(() => JSON.stringify(rig.providers[0]?.received().at(-1)?.body))
    .toContain(String.raw`{\"role\":\"user\",\"content\":\"Two\"}]`);
  await page.context().close();
});

it('what was typed in the moment before the page goes is there again, even if the database takes no more', async () => {
  const page = await rig.openPage();
  await fieldOf(page).fill('The first');
  await page.waitForTimeout(500);
  await page.evaluate(() => {
    IDBDatabase.prototype.transaction = () => {
      throw new DOMException('The page is going.', 'InvalidStateError');
    };
  });
  await fieldOf(page).fill('The first, and more');
  await page.reload();
  await expect.poll(() => fieldOf(page).inputValue()).toBe('The first, and more');
  // It is in the database now, and nothing is left beside it.
  await expect
    .poll(() => page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes('parting'))))
    .toEqual([]);
  await page.reload();
  await expect.poll(() => fieldOf(page).inputValue()).toBe('The first, and more');
  await say(page, 'Something else');
  await page.getByText('word9 ', { exact: false }).first().waitFor();
  await page.goto(rig.server.url);
  await fieldOf(page).waitFor();
  expect(await fieldOf(page).inputValue()).toBe('');
  await page.context().close();
});

it('a device without room answers all the same, and says that nothing is kept', async () => {
  const page = await rig.openPage();
  await fieldOf(page).waitFor();
  await page.evaluate(() => {
    IDBObjectStore.prototype.put = () => {
      throw new DOMException('No room.', 'QuotaExceededError');
    };
  });
  await say(page, 'A long one');
  await page.getByText('word9 ', { exact: false }).first().waitFor();
  await page.getByText('This browser can’t keep what is new here').waitFor();
  await page.context().close();
});

it('a form stays when a selection is dragged out of it; a click outside closes it', async () => {
  const page = await rig.openPage('/keys');
  await page.getByRole('button', { name: 'Create key' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Create key' });
  const name = dialog.getByLabel('Name');
  await name.fill('A name to think about');
  const { x, y } = (await name.boundingBox())!;
  await page.mouse.move(x + 80, y + 10);
  await page.mouse.down();
  await page.mouse.move(5, y + 10);
  await page.mouse.up();
  expect(await name.inputValue()).toBe('A name to think about');
  await page.mouse.click(5, y + 10);
  await dialog.waitFor({ state: 'hidden' });
  await page.context().close();
});

it('a key that is shown once stays until it is put away, however often Escape is pressed', async () => {
  const page = await rig.openPage('/keys');
  await page.getByRole('button', { name: 'Create key' }).first().click();
  await page.getByRole('dialog').getByLabel('Name').fill('A program');
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await page.locator('[data-secret]').waitFor();
  for (let times = 0; times < 4; times++) await page.keyboard.press('Escape');
  await page.waitForTimeout(200);
  expect(await page.locator('[data-secret]').isVisible()).toBe(true);
  await page.getByRole('button', { name: 'Done' }).click();
  await page.context().close();
});

it('a message is edited only when its answer has ended, and the focus is where it came from afterwards', async () => {
  const page = await openAnswering();
  await fieldOf(page).press('ArrowUp');
  const edit = page.getByRole('textbox', { name: 'Edit message' });
  expect(await edit.count()).toBe(0);
  await page.getByRole('button', { name: 'Stop' }).click();
  await lastAnswer(page, 'stopped');
  await fieldOf(page).focus();
  await fieldOf(page).press('ArrowUp');
  await edit.fill('Changed');
  await page.keyboard.press('Escape');
  await expect.poll(() => fieldOf(page).evaluate((field) => field === document.activeElement)).toBe(true);
  const button = page.getByRole('button', { name: 'Edit', exact: true });
  await button.focus();
  await page.keyboard.press('Enter');
  await edit.waitFor();
  await page.getByRole('button', { name: 'Answer again' }).first().click();
  const sending = page.getByRole('button', { name: 'Send as a new branch' });
  await expect.poll(() => sending.isDisabled()).toBe(true);
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect.poll(() => sending.isDisabled()).toBe(false);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect.poll(() => button.evaluate((one) => one === document.activeElement)).toBe(true);
  // The key that sends a message sends a changed one, too.
  await fieldOf(page).press('ArrowUp');
  await edit.press('End');
  await edit.press('Shift+Enter');
  await page.keyboard.type('by key');
  await edit.press('Enter');
  await page.getByRole('article', { name: 'You' }).last().getByText('by key').waitFor();
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByRole('button', { name: 'Actions for this chat' }).click();
  await page.getByRole('menuitem', { name: 'Rename' }).click();
  await page.keyboard.press('Escape');
  await expect.poll(() => fieldOf(page).evaluate((field) => field === document.activeElement)).toBe(true);
  await page.context().close();
});

it('what a message is being changed to is still there after another page, another chat and a reload', async () => {
  const page = await openAnswering();
  await page.getByRole('button', { name: 'Stop' }).click();
  await lastAnswer(page, 'stopped');
  await fieldOf(page).press('ArrowUp');
  const edit = page.getByRole('textbox', { name: 'Edit message' });
  await edit.fill('A much longer one, thought about for a while');
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor();
  await page.goBack();
  await expect.poll(() => edit.inputValue()).toBe('A much longer one, thought about for a while');
  await edit.press('End');
  await page.keyboard.type('!');
  await page.getByRole('button', { name: 'New chat' }).click();
  await page.getByRole('heading', { name: 'What can I help with?' }).waitFor();
  expect(await edit.count()).toBe(0);
  await page.getByRole('link', { name: 'A long one' }).click();
  await expect.poll(() => edit.inputValue()).toBe('A much longer one, thought about for a while!');
  await page.reload();
  await expect.poll(() => edit.inputValue()).toBe('A much longer one, thought about for a while!');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.reload();
  await page.getByRole('article', { name: 'You' }).getByText('A long one').waitFor();
  expect(await edit.count()).toBe(0);
  await page.context().close();
});

it('a page over plain http, where browsers offer less, sends and attaches too', async () => {
  const page = await rig.newPage();
  await page.context().addInitScript(() => {
    for (const [from, name] of [
      [Crypto, 'randomUUID'],
      [Navigator, 'clipboard'],
      [Navigator, 'storage'],
      [Navigator, 'locks'],
    ] as const)
      // prettier-ignore
      Object.defineProperty(from.prototype, name, { value: undefined });
  });
  await page.goto(rig.server.url);
  await page.getByText('Sign in with a key').click();
  await page.getByLabel('Key').fill(OWNER_KEY);
  await page.getByRole('button', { name: 'Sign in' }).click();
  const file = { name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from('a note') };
  await page.locator('input[type=file]').setInputFiles(file);
  await page.getByRole('button', { name: 'Remove note.txt' }).waitFor();
  await say(page, 'A long one');
  await page.getByText('word9 ', { exact: false }).first().waitFor();
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByText('Your chats never leave this device').waitFor();
  await page.context().close();
});

it('a bound that can not be read is said so, and never saved as no bound', async () => {
  const page = await rig.openPage('/settings');
  const form = page.getByRole('form', { name: 'Budget of the installation' });
  const day = form.getByLabel('US dollars a day');
  const saved: unknown[] = [];
  page.on('request', (request) => {
    if (request.method() === 'PATCH') saved.push(request.postDataJSON());
  });
  await day.fill('5 euros');
  await form.getByRole('button', { name: 'Save' }).click();
  await form.getByText('An amount such as 2.50').waitFor();
  await expect.poll(() => day.evaluate((field) => field === document.activeElement)).toBe(true);
  expect(saved).toEqual([]);
  await day.fill('$5.50');
  await form.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').first().waitFor();
  expect(saved).toMatchObject([{ budget: { usd_per_day: 5.5 } }]);
  await page.goto(`${rig.server.url}/keys`);
  await page.getByRole('button', { name: 'Create key' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('  ');
  await dialog.getByText('Limits and rights').click();
  await dialog.getByLabel('Requests a minute').fill('ten');
  await dialog.getByLabel('US dollars a month').fill('5 euros');
  await dialog.getByRole('button', { name: 'Create', exact: true }).click();
  await dialog.getByText('Needed.').waitFor();
  await dialog.getByText('A whole number from 1').waitFor();
  await dialog.getByText('An amount such as 2.50').waitFor();
  await page.context().close();
});
