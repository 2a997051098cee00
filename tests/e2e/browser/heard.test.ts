// What a screen reader is told of an answer: its blocks as they are finished, or how it ended.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FakeModel } from '../../fakes/provider/spec.ts';
import { fieldOf, lastAnswer, openRig, say, type Rig } from './rig.ts';

const blocks = ['First, in a few words.', 'Second, in a few more words.', 'Third and last.'];
const long = Array.from({ length: 2_000 }, (_, at) => `word${String(at)}`).join(' ');
const model: FakeModel = {
  id: 'm1',
  ttftMs: 5,
  tokensPerSecond: 60,
  answer: (prompt) => (prompt.includes('long') ? long : blocks.join('\n\n')),
};

let rig: Rig;
beforeAll(async () => {
  rig = await openRig([{ spec: { name: 'alpha', models: [model] } }]);
});
afterAll(() => rig.close());

/** A page that notes all that is told from now on. */
async function openListening(announce: 'end' | 'blocks'): Promise<{ page: Page; heard: () => Promise<string> }> {
  const page = await rig.openPage();
  await page.evaluate(
    (how) => localStorage.setItem('freeway.preferences', JSON.stringify({ announce: how })),
    announce,
  );
  await page.reload();
  await fieldOf(page).waitFor();
  const told = await page.evaluateHandle(() => {
    const region = document.querySelector('[role=status][aria-live=polite]')!;
    const all: (string | null)[] = [];
    new MutationObserver(() => all.push(region.textContent)).observe(region, { subtree: true, childList: true, characterData: true }); // prettier-ignore
    return all;
  });
  return { page, heard: async () => (await told.jsonValue()).join('\n') };
}

it('every block, the last one too, and who answered', async () => {
  const { page, heard } = await openListening('blocks');
  await say(page, 'Hello');
  await lastAnswer(page);
  await expect.poll(heard).toContain('Answer ready: free, m1.');
  const said = (await heard()).split('\n').filter((line) => line !== '');
  expect(said.slice(0, 3)).toEqual(blocks);
  await page.context().close();
});

it('that it was stopped, or broke off, and not that it is ready', async () => {
  const { page, heard } = await openListening('end');
  await say(page, 'A long one');
  await page.getByText('word9 ', { exact: false }).first().waitFor();
  await page.getByRole('button', { name: 'Stop' }).click();
  await lastAnswer(page, 'stopped');
  await expect.poll(heard).toBe('Stopped');
  await say(page, 'Another long one');
  await expect.poll(() => page.getByText('word9 ', { exact: false }).count()).toBe(2);
  const start = await rig.stop();
  await lastAnswer(page, 'broken');
  await expect.poll(heard).toBe('Stopped\nThe answer stopped in the middle. Nothing is lost.');
  await start();
  await page.context().close();
});
