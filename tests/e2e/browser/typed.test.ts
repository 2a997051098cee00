// What somebody typed, dropped or pasted is never lost, whatever else happens on the page.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import type { FakeModel } from '../../fakes/provider/spec.ts';
import { fieldOf, openRig, say, type Rig } from './rig.ts';

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
