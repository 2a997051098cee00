// Parts of the app that are loaded later while the server can't be reached: they are waited for, and the page stays.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fieldOf, lastAnswer, openRig, say, type Rig } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  const model = { id: 'm1', ttftMs: 5, tokensPerSecond: 4_000, answer: () => 'So $$a^2$$ it is.' };
  rig = await openRig([{ spec: { name: 'alpha', models: [model] } }]);
});
afterAll(() => rig.close());

it('a page that was never opened is waited for while there is no network', async () => {
  const page = await rig.openPage();
  await fieldOf(page).waitFor();
  await page.evaluate(() => Object.assign(window, { sameDocument: true }));
  await page.context().setOffline(true);
  await page.getByRole('link', { name: 'Explain', exact: true }).click();
  await page.getByRole('status').getByText('Loading').waitFor({ state: 'attached' });
  await page.context().setOffline(false);
  await page.getByRole('heading', { level: 1, name: 'Explain' }).waitFor();
  expect(await page.evaluate(() => 'sameDocument' in window)).toBe(true);
  await page.context().close();
});

it('a part of an answer that is loaded later does not take the chat with it', async () => {
  const page = await rig.openPage();
  await page.route(/math-text.*\.js$/, (route) => route.abort());
  await say(page, 'A formula, please');
  await lastAnswer(page);
  expect(await page.getByText('This page stopped working').count()).toBe(0);
  await page.locator('.answer').getByText('a^2').waitFor();
  await page.context().close();
});
