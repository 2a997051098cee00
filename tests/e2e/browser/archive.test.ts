// Many chats and long ones: found by their words, and read from the end without being pulled back to it.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fieldOf, lastAnswer, openRig, readKept, type Rig } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await openRig([{ spec: { name: 'alpha', models: [{ id: 'm1', ttftMs: 5, tokensPerSecond: 4_000 }] } }]);
});
afterAll(() => rig.close());

/** Puts messages into the browser's own database: each a chat's title, and what is said in it. */
const keepChats = (page: Page, chats: readonly (readonly [string, readonly string[]])[]): Promise<void> =>
  page.evaluate(async (wanted) => {
    const db = await new Promise<IDBDatabase>((done) => {
      const opening = indexedDB.open('freeway');
      opening.addEventListener('success', () => done(opening.result));
    });
    const change = db.transaction(['chats', 'messages'], 'readwrite');
    const [chatStore, messageStore] = [change.objectStore('chats'), change.objectStore('messages')];
    for (const [title, texts] of wanted) {
      const at = { createdAtMs: Date.now(), updatedAtMs: Date.now() };
      const chat = { id: title, title, named: true, model: 'auto', policy: 'free_first', temporary: false, ...at };
      chatStore.put({ ...chat, leafId: `${title}-${String(texts.length - 1)}` });
      for (const [index, text] of texts.entries())
        messageStore.put({
          id: `${title}-${String(index)}`,
          chatId: title,
          parentId: index === 0 ? null : `${title}-${String(index - 1)}`,
          role: index % 2 === 0 ? 'user' : 'assistant',
          text,
          reasoning: '',
          attachments: [],
          createdAtMs: Date.now() + index,
          state: 'done',
          model: null,
          finish: null,
          route: null,
          attempts: [],
          receipt: null,
          error: null,
        });
    }
    await new Promise((done) => change.addEventListener('complete', done));
    db.close();
  }, chats);

it('finds a chat by words that are spread over it, whatever their case and accents, and in any script', async () => {
  const page = await rig.openPage();
  await page.getByRole('searchbox', { name: 'Search chats' }).waitFor();
  await keepChats(page, [
    ['Reise', ['Wo gibt es ein gutes CAFÉ?', 'In Orléans, am Ufer.']],
    ['Cities', ['東京の天気は？', '晴れです。']],
    ['Other', ['A cafe elsewhere', 'Nothing']],
  ]);
  await page.reload();
  const field = page.getByRole('searchbox', { name: 'Search chats' });
  const list = page.getByRole('navigation', { name: 'Chats' });
  const expectFound = async (text: string, titles: readonly string[]): Promise<void> => {
    await field.fill(text);
    await expect.poll(() => list.getByRole('link').allTextContents()).toEqual(titles);
  };
  await list.getByRole('link', { name: 'Reise' }).waitFor();
  await expectFound('cafe orleans', ['Reise']);
  await expectFound('ORLÉANS reise', ['Reise']);
  await expectFound('天 晴', ['Cities']);
  await expectFound('晴', ['Cities']);
  await field.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('log').getByText('東京の天気は？').waitFor();
  await page.context().close();
});

const ways: readonly (readonly [string, (page: Page) => Promise<void>])[] = [
  [
    'key',
    async (page) => {
      await page.getByRole('log').focus();
      for (let times = 0; times < 3; times++) await page.keyboard.press('PageUp');
    },
  ],
  [
    'scrollbar',
    async (page) => {
      // As a finger or a hand does it: in many small steps.
      await page.getByRole('log').evaluate(async (box) => {
        for (let step = 0; step < 20; step++) {
          box.scrollBy(0, -100);
          await new Promise(requestAnimationFrame);
        }
      });
    },
  ],
];

it.each(ways)('goes up in a long chat by %s while its older messages are still being laid out', async (_, goUp) => {
  const page = await rig.openPage();
  await page.getByRole('searchbox', { name: 'Search chats' }).waitFor();
  const texts = Array.from({ length: 1_200 }, (_, at) => `message ${String(at)} with some words `.repeat(6));
  await keepChats(page, [['Long', texts]]);
  await page.goto(`${rig.server.url}/c/Long`);
  const log = page.getByRole('log');
  await log.getByText('message 1199 ').first().waitFor();
  const countShown = (): Promise<number> => log.locator('article').count();
  const readRest = (): Promise<number> => log.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight);
  await goUp(page);
  expect(await countShown()).toBeLessThan(texts.length);
  await expect.poll(countShown).toBe(texts.length);
  expect(await readRest()).toBeGreaterThan(600);
  await page.getByRole('button', { name: 'Jump to latest' }).waitFor();
  await page.context().close();
});

it('a temporary chat leaves nothing on the device: no message, and nothing that was being typed', async () => {
  const page = await rig.openPage();
  await fieldOf(page).fill('whisper before');
  await expect.poll(() => readKept(page)).toContain('whisper before');
  await page.getByRole('button', { name: 'Temporary chat' }).click();
  await expect.poll(() => readKept(page)).not.toContain('whisper');
  expect(await fieldOf(page).inputValue()).toBe('whisper before');
  await fieldOf(page).press('Enter');
  await lastAnswer(page);
  await fieldOf(page).fill('whisper behind');
  // While the page is there what was typed is, too; leaving it keeps all that is to be kept at once.
  await page.getByRole('link', { name: 'Usage' }).click();
  await page.getByRole('heading', { name: 'Usage' }).waitFor();
  await page.goBack();
  await expect.poll(() => fieldOf(page).inputValue()).toBe('whisper behind');
  await page.evaluate(() => window.dispatchEvent(new Event('pagehide')));
  await fieldOf(page).fill('kept nowhere');
  await page.evaluate(() => window.dispatchEvent(new Event('pagehide')));
  expect(await readKept(page)).not.toMatch(/whisper|kept nowhere/);
  await page.context().close();
});
