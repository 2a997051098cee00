// On paper: a chat from its first message to its last, in dark letters, without what is only good on a screen.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fieldOf, lastAnswer, openRig, say, type Rig } from './rig.ts';

const long = Array.from({ length: 120 }, (_, at) => `Paragraph ${String(at)}.`).join('\n\n');

let rig: Rig;
beforeAll(async () => {
  const model = { id: 'm1', ttftMs: 5, tokensPerSecond: 4_000, answer: () => long };
  rig = await openRig([{ spec: { name: 'alpha', models: [model] } }]);
});
afterAll(() => rig.close());

it.each(['light', 'dark'] as const)('all of a chat that is read in %s', async (colorScheme) => {
  const page = await rig.openPage('/', { colorScheme });
  await say(page, 'Everything, please');
  await lastAnswer(page);
  await page.emulateMedia({ media: 'print' });
  const seen = await page.evaluate(() => {
    const log = document.querySelector('[role=log]')!;
    const last = [...document.querySelectorAll('.answer p')].at(-1)!;
    return {
      ink: getComputedStyle(last).color,
      cut: log.scrollHeight > log.clientHeight,
      below: last.getBoundingClientRect().bottom > innerHeight,
    };
  });
  expect(seen).toEqual({ ink: 'rgb(22, 32, 28)', cut: false, below: true });
  expect(await fieldOf(page).isVisible()).toBe(false);
  expect(await page.getByRole('navigation').first().isVisible()).toBe(false);
  expect(await page.getByRole('button', { name: 'Copy' }).first().isVisible()).toBe(false);
  expect(await page.getByRole('heading', { level: 1, name: 'Everything, please' }).isVisible()).toBe(true);
  const pages = (await page.pdf()).toString('latin1').match(/\/Type \/Page\b/g)?.length;
  expect(pages).toBeGreaterThan(2);
  await page.context().close();
});
