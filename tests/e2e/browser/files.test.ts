// What goes in beside words: a picture finds a model that can see, wherever it is; and a phone's Enter makes a line.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fieldOf, lastAnswer, openRig, say, type Rig } from './rig.ts';

const quick = { ttftMs: 5, tokensPerSecond: 2_000 };
const facts = { size: 'large', context: 131_072, maxOutput: 8_192 };
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
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
