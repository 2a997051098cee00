// Journeys of the chat in a real browser: from the printed link to the first answer, and whatever can happen on the way.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { canonicalAnswer } from '../../fakes/provider/answer.ts';
import type { FakeModel } from '../../fakes/provider/spec.ts';
import { OWNER_KEY } from '../local.ts';
import { fieldOf, lastAnswer, openRig, readKept, say, type Rig } from './rig.ts';

const model: FakeModel = { id: 'm1', ttftMs: 20, tokensPerSecond: 1_000 };
const long = Array.from({ length: 2_000 }, (_, at) => `word${String(at)}`).join(' ');
const slow: FakeModel = { id: 'slow', ttftMs: 20, tokensPerSecond: 60, answer: () => long };
const textOnly = { id: 'm1', size: 'large', context: 131_072, maxOutput: 8_192, capabilities: ['tools', 'json'] };
const slowEntry = { ...textOnly, id: 'slow' };

let rig: Rig;
beforeAll(async () => {
  rig = await openRig([
    { spec: { name: 'first', models: [model] }, entry: { priority: 1, models: [textOnly] } },
    { spec: { name: 'second', models: [model] }, entry: { priority: 2, models: [textOnly] } },
    {
      spec: { name: 'ear', models: [{ id: 'w', kind: 'transcription', ttftMs: 20 }], speech: ['spoken', 'words'] },
      entry: { models: [{ id: 'w', kind: 'transcription' }] },
    },
    { spec: { name: 'turtle', models: [slow] }, entry: { priority: 9, models: [slowEntry] } },
  ]);
});
afterAll(() => rig.close());

const provider = (at: number) => rig.providers[at]!;
it('from the printed link to the first answer within a minute, by keyboard alone; the link is good once', async () => {
  const startedAtMs = Date.now();
  const page = await rig.newPage();
  await page.goto(rig.server.signInUrl ?? '');
  await fieldOf(page).waitFor();
  expect(page.url()).not.toContain('token');
  await expect.poll(() => fieldOf(page).evaluate((field) => field === document.activeElement)).toBe(true);
  await page.keyboard.type('Hello');
  await page.getByText('Would go to').waitFor();
  await page.keyboard.press('Enter');
  expect(await lastAnswer(page)).toBe(canonicalAnswer);
  const receipt = page.locator('[data-receipt]');
  expect(await receipt.textContent()).toMatch(/^Freem1.*first/);
  expect(Date.now() - startedAtMs).toBeLessThan(60_000);
  await page.reload();
  expect(await lastAnswer(page)).toBe(canonicalAnswer);
  await page.context().close();

  const again = await rig.newPage();
  await again.goto(rig.server.signInUrl ?? '');
  await again.getByText('This link has been used or has expired.').waitFor();
  await again.getByText('Sign in with a key').click();
  await again.getByLabel('Key').fill('wrong');
  await again.getByRole('button', { name: 'Sign in' }).click();
  await expect.poll(() => again.locator('#key-error').textContent()).not.toBe('');
  await again.getByLabel('Key').fill(OWNER_KEY);
  await again.getByRole('button', { name: 'Sign in' }).click();
  await fieldOf(again).waitFor();
  await again.context().close();
});

it('goes on at the next provider after a limit, and says so', async () => {
  const page = await rig.openPage();
  provider(0).script(['429-after-1']);
  await say(page, 'Hello');
  expect(await lastAnswer(page)).toBe(canonicalAnswer);
  expect(await page.locator('[data-receipt]').textContent()).toMatch(/second.*2 tries/);
  await page.getByRole('button', { name: 'Why?' }).click();
  const sheet = page.getByRole('dialog', { name: 'Receipt' });
  await sheet.getByText('limit reached').waitFor();
  await page.keyboard.press('Escape');
  await sheet.waitFor({ state: 'hidden' });
  await page.context().close();
});

it('stops an answer at the provider too, keeps what came, and goes on from there', async () => {
  const page = await rig.openPage();
  await page.getByRole('button', { name: /^Model:/ }).click();
  await page.getByRole('combobox', { name: 'Model' }).fill('openai-compatible/slow');
  await page.keyboard.press('Enter');
  await say(page, 'A long one');
  await page.getByText('word9 ', { exact: false }).first().waitFor();
  await fieldOf(page).press('Escape');
  const kept = await lastAnswer(page, 'stopped');
  expect(kept).toMatch(/^word0 .*word9/);
  expect(kept).not.toContain('word1999');
  await expect.poll(() => provider(3).books().total().abandoned).toBe(1);
  await page.reload();
  expect(await lastAnswer(page, 'stopped')).toBe(kept);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.locator('article[data-state="streaming"]').waitFor();
  await page.getByRole('button', { name: 'Stop' }).click();
  expect((await lastAnswer(page, 'stopped')).startsWith(kept.trimEnd())).toBe(true);
  await page.context().close();
});

it('an answer that breaks off goes on elsewhere, whole and once', async () => {
  const page = await rig.openPage();
  provider(0).script(['cut-12']);
  await say(page, 'Hello');
  expect(await lastAnswer(page)).toBe(canonicalAnswer);
  await page.getByRole('button', { name: 'Why?' }).click();
  await page.getByText('Went on elsewhere').waitFor();
  await page.context().close();
});

it('keeps every branch of an edited chat, and of answers given again', async () => {
  const page = await rig.openPage();
  await say(page, 'The first question');
  await lastAnswer(page);
  await page.getByRole('article', { name: 'You' }).hover();
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await page.getByRole('textbox', { name: 'Edit message' }).fill('Another question');
  await page.getByRole('button', { name: 'Send as a new branch' }).click();
  await lastAnswer(page);
  await page.getByText('2 of 2').waitFor();
  await page.getByRole('button', { name: 'Answer again' }).click();
  await page.getByRole('menuitem', { name: 'Same model' }).click();
  await expect.poll(() => page.getByText('2 of 2').count()).toBe(2);
  await lastAnswer(page);
  await page.reload();
  await page.getByText('Another question').first().waitFor();
  await page.getByRole('article', { name: 'You' }).hover();
  await page.getByRole('button', { name: 'Previous version' }).first().click();
  await page.getByRole('article', { name: 'You' }).getByText('The first question').waitFor();
  expect(await lastAnswer(page)).toBe(canonicalAnswer);
  await page.context().close();
});

it('stays where somebody scrolled to while an answer grows, and jumps back when asked', async () => {
  const page = await rig.openPage('/', { viewport: { width: 700, height: 420 } });
  await page.getByRole('button', { name: /^Model:/ }).click();
  await page.getByRole('combobox', { name: 'Model' }).fill('openai-compatible/slow');
  await page.keyboard.press('Enter');
  await say(page, 'A long one');
  await page.getByText('word150 ', { exact: false }).first().waitFor();
  const log = page.getByRole('log');
  await log.hover();
  await page.mouse.wheel(0, -400);
  const latest = page.getByRole('button', { name: 'Jump to latest' });
  await latest.waitFor();
  const readTop = (): Promise<number> => log.evaluate((element) => element.scrollTop);
  let at = Infinity;
  // The wheel's way is scrolled smoothly.
  await expect.poll(async () => at - (at = await readTop())).toBe(0);
  await page.getByText('word200 ', { exact: false }).first().waitFor();
  expect(Math.abs((await readTop()) - at)).toBeLessThan(4);
  await latest.click();
  await latest.waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.context().close();
});

it('words under composition are not sent, and Shift and Enter makes a line', async () => {
  const page = await rig.openPage();
  const field = fieldOf(page);
  await field.fill('konnichiwa');
  await field.dispatchEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true });
  await field.dispatchEvent('keydown', { key: 'Enter', keyCode: 229, bubbles: true });
  await field.press('Shift+Enter');
  expect(await field.inputValue()).toBe('konnichiwa\n');
  expect(await page.locator('article').count()).toBe(0);
  await page.context().close();
});

it('an image for models without eyes is refused beforehand, in words', async () => {
  const page = await rig.openPage();
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  );
  await page.locator('input[type=file]').setInputFiles({ name: 'dot.png', mimeType: 'image/png', buffer: png });
  await page.getByText('No model that reads images can be reached.').waitFor();
  await page.locator('input[type=file]').setInputFiles({ name: 'a.zip', mimeType: 'application/zip', buffer: png });
  await page.getByText('a.zip can’t be read here.').first().waitFor();
  await page.getByRole('button', { name: 'Remove dot.png' }).click();
  await page
    .locator('input[type=file]')
    .setInputFiles({ name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from('secret of the note') });
  await say(page, 'What does it say?');
  await lastAnswer(page);
  expect(provider(0).received().at(-1)?.body).toContain('secret of the note');
  await page.context().close();
});

it('an ended session costs nothing: the draft stays, and what was sent goes out after signing in again', async () => {
  const page = await rig.openPage();
  await say(page, 'Hello');
  await lastAnswer(page);
  await fieldOf(page).fill('A long thought');
  await page.context().clearCookies();
  await fieldOf(page).press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Your session ended' });
  await dialog.getByText('Sign in with a key').click();
  await dialog.getByLabel('Key').fill(OWNER_KEY);
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  await dialog.waitFor({ state: 'hidden' });
  expect(await lastAnswer(page)).toBe(canonicalAnswer);
  expect(await page.getByRole('article', { name: 'You' }).count()).toBe(2);
  await page.context().close();
});

it('what is sent without a network goes out when it is back, and drafts outlive the page', async () => {
  const page = await rig.openPage();
  await fieldOf(page).fill('Still thinking');
  await expect.poll(() => readKept(page)).toContain('Still thinking');
  await page.reload();
  await expect.poll(() => fieldOf(page).inputValue()).toBe('Still thinking');
  await page.context().setOffline(true);
  await page.getByText('You are offline.').waitFor();
  await say(page, 'Hello');
  await page.getByText('Waiting for the network.').first().waitFor();
  await page.context().setOffline(false);
  expect(await lastAnswer(page)).toBe(canonicalAnswer);
  await page.context().setOffline(true);
  await say(page, 'Hello again');
  await page.getByText('Waiting for the network.').first().waitFor();
  await page.getByRole('button', { name: 'Try now' }).click();
  await page.getByText('Waiting for the network.').first().waitFor();
  await expect.poll(() => readKept(page)).toContain('"state":"queued"');
  const chat = page.url();
  const context = page.context();
  await page.close();
  await context.setOffline(false);
  const later = await context.newPage();
  await later.goto(chat);
  await expect.poll(() => later.locator('article[data-state="done"]').count()).toBe(2);
  await context.close();
});

it('finds chats by what was said, renames, deletes and brings back', async () => {
  const page = await rig.openPage();
  await say(page, 'The zebra question');
  await lastAnswer(page);
  await page.getByRole('button', { name: 'Actions for this chat' }).click();
  await page.getByRole('menuitem', { name: 'Rename' }).click();
  await page.getByRole('textbox', { name: 'Title' }).fill('Stripes');
  await page.keyboard.press('Enter');
  const list = page.getByRole('navigation', { name: 'Chats' });
  await list.getByRole('link', { name: 'Stripes' }).waitFor();
  await page.getByRole('searchbox', { name: 'Search chats' }).fill('zebra');
  await list.getByRole('link', { name: 'Stripes' }).waitFor();
  await page.getByRole('searchbox', { name: 'Search chats' }).fill('giraffe');
  await list.getByText('No chat holds these words.').waitFor();
  await page.getByRole('searchbox', { name: 'Search chats' }).fill('');
  await fieldOf(page).fill('Not sent yet');
  await page.getByRole('button', { name: 'Actions for this chat' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('button', { name: 'Undo' }).click();
  await list.getByRole('link', { name: 'Stripes' }).click();
  expect(await lastAnswer(page)).toBe(canonicalAnswer);
  await expect.poll(() => fieldOf(page).inputValue()).toBe('Not sent yet');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Commands' }).fill('strip');
  await page.getByRole('option', { name: 'Stripes' }).waitFor();
  await page.context().close();
});

it('what is spoken lands in the message field, to be looked over', async () => {
  const page = await rig.openPage();
  await fieldOf(page).fill('Before:');
  await page.getByRole('button', { name: 'Speak' }).click();
  const recording = page.getByRole('group', { name: 'Recording' });
  await recording.getByText(/^[1-9]\d* s$/).waitFor();
  await recording.getByRole('button', { name: 'Done' }).click();
  await expect.poll(() => fieldOf(page).inputValue()).toMatch(/^Before: spoken/);
  expect(await page.locator('article').count()).toBe(0);
  await page.getByRole('button', { name: 'Speak' }).click();
  await recording.getByRole('button', { name: 'Cancel' }).click();
  await recording.waitFor({ state: 'hidden' });
  await page.context().close();
});
