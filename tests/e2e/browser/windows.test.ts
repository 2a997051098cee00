// Two windows of one browser with the same chat: each sees what the other does, and neither writes over it.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FakeModel } from '../../fakes/provider/spec.ts';
import { fieldOf, lastAnswer, openRig, say, type Rig } from './rig.ts';

const long = Array.from({ length: 2_000 }, (_, at) => `word${String(at)}`).join(' ');
const model: FakeModel = {
  id: 'm1',
  ttftMs: 5,
  tokensPerSecond: 60,
  answer: (prompt) => (prompt.includes('long') ? long : 'A short one.'),
};

let rig: Rig;
beforeAll(async () => {
  rig = await openRig([{ spec: { name: 'turtle', models: [model] } }]);
});
afterAll(() => rig.close());

it('an answer under way in one grows in the other, and is stopped from there', async () => {
  const here = await rig.openPage();
  await say(here, 'A long one');
  await here.getByText('word9 ', { exact: false }).first().waitFor();
  const there = await here.context().newPage();
  await there.goto(here.url());
  await there.locator('article[data-state="streaming"]').waitFor();
  await there.getByText('word150 ', { exact: false }).first().waitFor();
  await there.getByRole('button', { name: 'Stop' }).click();
  const kept = await lastAnswer(here, 'stopped');
  expect(await lastAnswer(there, 'stopped')).toBe(kept);
  await here.context().close();
});

it('an answer whose window is closed has broken off in the other', async () => {
  const here = await rig.openPage();
  await say(here, 'A long one');
  await here.getByText('word9 ', { exact: false }).first().waitFor();
  const there = await here.context().newPage();
  await there.goto(here.url());
  // Words are kept every second: what the other window has seen is there to stay.
  await there.locator('article[data-state="streaming"]').getByText('word9 ', { exact: false }).first().waitFor();
  await here.close();
  expect(await lastAnswer(there, 'broken')).toMatch(/^word0 /);
  await there.context().close();
});

it('what is said, named and deleted in one is so in the other', async () => {
  const here = await rig.openPage();
  await say(here, 'Hello');
  await lastAnswer(here);
  const there = await here.context().newPage();
  await there.goto(here.url());
  await lastAnswer(there);
  await say(here, 'And again');
  await there.getByRole('article', { name: 'You' }).getByText('And again').waitFor();
  await lastAnswer(there);
  await say(there, 'From the other');
  await expect.poll(() => here.locator('article[data-state="done"]').count()).toBe(3);
  expect(await here.getByRole('group', { name: 'Versions' }).count()).toBe(0);
  await there.getByRole('button', { name: 'Actions for this chat' }).click();
  await there.getByRole('menuitem', { name: 'Rename' }).click();
  await there.getByRole('textbox', { name: 'Title' }).fill('Two windows');
  await there.keyboard.press('Enter');
  await here.getByRole('link', { name: 'Two windows' }).waitFor();
  await fieldOf(there).waitFor();
  await there.getByRole('button', { name: 'Actions for this chat' }).click();
  await there.getByRole('menuitem', { name: 'Delete' }).click();
  await here.getByText('This chat is not on this device').first().waitFor();
  await here.context().close();
});
