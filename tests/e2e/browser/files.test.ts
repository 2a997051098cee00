// What goes in beside words: a picture finds a model that can see, wherever it is; and a phone's Enter makes a line.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fieldOf, lastAnswer, openRig, say, type Rig } from './rig.ts';

const quick = { ttftMs: 5, tokensPerSecond: 2_000 };
const facts = { size: 'large', context: 131_072, maxOutput: 8_192 };
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** Lets go of a file over an element, as a mouse would. Answers whether the page took it, or the browser would open it. */
const dropFile = (page: Page, selector: string, names: string | string[], type: string): Promise<boolean> =>
  page.evaluate(
    ([at, files, kind]) => {
      const dataTransfer = new DataTransfer();
      for (const file of files) dataTransfer.items.add(new File(['secret of the drop'], file, { type: kind }));
      const events = ['dragover', 'drop'].map((what) => new DragEvent(what, { dataTransfer, bubbles: true, cancelable: true })); // prettier-ignore
      for (const event of events) document.querySelector(at)?.dispatchEvent(event);
      return events.every(({ defaultPrevented }) => defaultPrevented);
    },
    [selector, [names].flat(), type] as const,
  );

let rig: Rig;
beforeAll(async () => {
  rig = await openRig([
    {
      spec: { name: 'blind', models: [{ id: 'words', ...quick }] },
      entry: { priority: 1, models: [{ id: 'words', ...facts, capabilities: ['tools', 'json'] }] },
    },
    {
      spec: { name: 'eye', models: [{ id: 'sees', ...quick }] },
      entry: { priority: 9, models: [{ id: 'sees', ...facts, capabilities: ['tools', 'json', 'vision'] }] },
    },
  ]);
});
afterAll(() => rig.close());

it('a picture goes to a model that sees, and is said so before it is sent', async () => {
  const page = await rig.openPage();
  await fieldOf(page).fill('What is this?');
  await page.getByText(/Would go to words/).waitFor();
  await page.locator('input[type=file]').setInputFiles({ name: 'dot.png', mimeType: 'image/png', buffer: png });
  await page.getByText(/Would go to sees/).waitFor();
  await say(page, 'What is this?');
  await lastAnswer(page);
  expect(await page.locator('[data-receipt]').textContent()).toContain('sees');
  expect(rig.providers[1]?.received().at(-1)?.body).toContain('data:image/png;base64,');
  expect(rig.providers[0]?.received().some(({ body }) => body.includes('data:image'))).toBe(false);
  await page.context().close();
});

it('on a touch screen Enter makes a line, and the button sends', async () => {
  const page = await rig.openPage('/', { hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } });
  await fieldOf(page).fill('One');
  await fieldOf(page).press('Enter');
  expect(await fieldOf(page).inputValue()).toBe('One\n');
  expect(await page.locator('article').count()).toBe(0);
  await page.getByRole('button', { name: 'Send' }).tap();
  await lastAnswer(page);
  await page.context().close();
});

it('a file that is dropped anywhere on a chat is attached, and opens in place of no page', async () => {
  const page = await rig.openPage();
  await page.locator('main h2').waitFor();
  expect(await dropFile(page, 'main h2', 'note.txt', 'text/plain')).toBe(true);
  await page.getByRole('button', { name: 'Remove note.txt' }).waitFor();
  await page.goto(`${rig.server.url}/transcribe`);
  await page.getByRole('main').getByRole('heading').first().waitFor();
  expect(await dropFile(page, 'main h1', 'talk.mp3', 'audio/mpeg')).toBe(true);
  await page.getByText('talk.mp3').waitFor();
  await page.getByRole('button', { name: 'Another recording' }).click();
  expect(await dropFile(page, 'main h1', ['one.mp3', 'two.mp3', 'three.mp3'], 'audio/mpeg')).toBe(true);
  await page.getByText('One recording at a time: this is “one.mp3”.').first().waitFor();
  await page.goto(`${rig.server.url}/settings`);
  await page.getByRole('main').getByRole('heading').first().waitFor();
  expect(await dropFile(page, 'main h1', 'note.txt', 'text/plain')).toBe(true);
  await page.context().close();
});

it('text is dragged into the field, and cells are pasted as text', async () => {
  const page = await rig.openPage();
  await fieldOf(page).waitFor();
  const taken = await fieldOf(page).evaluate((field) => {
    const words = new DataTransfer();
    words.setData('text/plain', 'dragged');
    const cells = new DataTransfer();
    cells.setData('text/plain', 'a\tb');
    cells.setData('text/html', '<table><tr><td>a</td><td>b</td></tr></table>');
    cells.items.add(new File(['x'], 'image.png', { type: 'image/png' }));
    const events = [
      new DragEvent('drop', { dataTransfer: words, bubbles: true, cancelable: true }),
      new ClipboardEvent('paste', { clipboardData: cells, bubbles: true, cancelable: true }),
    ];
    return events.map((event) => !field.dispatchEvent(event));
  });
  // What the page does not take the browser puts into the field.
  expect(taken).toEqual([false, false]);
  await page.context().close();
});

it('pictures that are pasted one after the other have names of their own', async () => {
  const page = await rig.openPage();
  await fieldOf(page).waitFor();
  const chips = page.getByRole('button', { name: /^Remove/ });
  for (let count = 1; count <= 3; count++) {
    await fieldOf(page).evaluate(async (field, data) => {
      const picture = new DataTransfer();
      const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
      picture.items.add(new File([bytes], 'image.png', { type: 'image/png' }));
      field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: picture, bubbles: true, cancelable: true }));
    }, png.toString('base64'));
    await expect.poll(() => chips.count()).toBe(count);
  }
  const names = await chips.evaluateAll((all) => all.map(({ ariaLabel }) => ariaLabel));
  expect(names).toEqual(['Remove image.png', 'Remove image 2.png', 'Remove image 3.png']);
  await page.context().close();
});

it('a message waits for its file to be read', async () => {
  const page = await rig.openPage();
  await fieldOf(page).fill('What is this?');
  const read = await page.evaluateHandle(() => {
    const { createImageBitmap: make } = globalThis;
    const held = Promise.withResolvers<undefined>();
    globalThis.createImageBitmap = async (...given: [ImageBitmapSource]) => {
      await held.promise;
      return make(...given);
    };
    return held;
  });
  await page.locator('input[type=file]').setInputFiles({ name: 'dot.png', mimeType: 'image/png', buffer: png });
  await page.getByText('Reading the files').waitFor();
  await fieldOf(page).press('Enter');
  expect(await page.locator('article').count()).toBe(0);
  await read.evaluate(({ resolve }) => resolve(undefined));
  await page.getByRole('button', { name: 'Remove dot.png' }).waitFor();
  await fieldOf(page).press('Enter');
  await lastAnswer(page);
  expect(rig.providers[1]?.received().at(-1)?.body).toContain('data:image/png;base64,');
  await page.context().close();
});

it('many files leave the field where it is, and are taken away by key alone', async () => {
  const page = await rig.openPage('/', { viewport: { width: 360, height: 640 } });
  await fieldOf(page).waitFor();
  const names = Array.from({ length: 20 }, (_, at) => `note ${String(at)}.txt`);
  await page
    .locator('input[type=file]')
    .setInputFiles(names.map((name) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(name) })));
  const remove = page.getByRole('button', { name: /^Remove note/ });
  await expect.poll(() => remove.count()).toBe(20);
  const box = await fieldOf(page).boundingBox();
  expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThan(640);
  const readFocus = (): Promise<string | null | undefined> => page.evaluate(() => document.activeElement?.ariaLabel);
  await remove.last().press('Enter');
  expect(await readFocus()).toBe('Remove note 18.txt');
  await remove.first().press('Enter');
  expect(await readFocus()).toBe('Remove note 1.txt');
  for (let left = 18; left > 0; left--) await page.keyboard.press('Enter');
  await expect.poll(() => remove.count()).toBe(0);
  expect(await readFocus()).toBe('Message');
  await page.context().close();
});
