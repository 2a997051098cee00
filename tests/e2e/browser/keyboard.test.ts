// By keyboard alone: Tab reaches everything that can be used on a page, in order, visibly, and large enough for a finger.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openRig, type Rig } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  const models = [{ id: 'm1', ttftMs: 5, tokensPerSecond: 2_000 }];
  rig = await openRig([{ spec: { name: 'alpha', models } }]);
});
afterAll(() => rig.close());

/** Marks what somebody can use, and answers how many there are, with those that have no name or are smaller than 24 px. */
const findControls = (page: Page): Promise<{ readonly count: number; readonly faults: readonly string[] }> =>
  page.evaluate(() => {
    const all = [
      ...document.querySelectorAll<HTMLElement>('a[href], button, input, select, textarea, summary, [tabindex="0"]'),
    ].filter((element) => {
      const { width, height } = element.getBoundingClientRect();
      const shown = element.checkVisibility({ visibilityProperty: true }) && width > 1 && height > 1;
      return shown && !element.matches(':disabled, [tabindex="-1"]');
    });
    all.forEach((element, index) => element.setAttribute('data-control', String(index)));
    const faults = all.flatMap((element) => {
      const { width, height } = element.getBoundingClientRect();
      const name = element.ariaLabel ?? element.textContent ?? '';
      // In a text, in a larger label, or not there until it has the focus.
      const isExempt = element.matches('p a, label input, .sr-only');
      return [
        ...(element.matches('button, a') && name.trim() === '' ? [`no name: ${element.outerHTML.slice(0, 120)}`] : []),
        ...(!isExempt && Math.min(width, height) < 24 && !element.matches('input[type=checkbox]')
          ? [`small: ${element.outerHTML.slice(0, 120)}`]
          : []),
      ];
    });
    return { count: all.length, faults };
  });

interface Focus {
  readonly control: string | null;
  readonly visible: boolean;
}

/** What has the focus now, and whether it can be seen that it has: on the screen, with an outline, a shadow or another ground. */
const readFocus = (page: Page): Promise<Focus> =>
  page.evaluate(() => {
    const element = document.activeElement;
    if (!(element instanceof HTMLElement) || element === document.body) return { control: null, visible: true };
    const { top, bottom } = element.getBoundingClientRect();
    const marked = [element, element.parentElement, element.closest('[class*="focus-within"]')].some((one) => {
      if (one === null) return false;
      const { outlineStyle, boxShadow, borderTopWidth } = getComputedStyle(one);
      return outlineStyle !== 'none' || boxShadow !== 'none' || borderTopWidth !== '0px';
    });
    return { control: element.getAttribute('data-control'), visible: marked && bottom > 0 && top < innerHeight };
  });

it.each(['/', '/transcribe', '/providers', '/keys', '/usage', '/models', '/explain', '/people', '/settings'])(
  '%s',
  async (path) => {
    const page = await rig.openPage(path);
    await page.getByRole('main').locator('h1, h2').first().waitFor();
    await page.getByRole('button', { name: 'Account' }).waitFor();
    await page.waitForLoadState('networkidle');
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    const { count, faults } = await findControls(page);
    expect(faults).toEqual([]);
    expect(count).toBeGreaterThan(10);
    const reached = new Set<string>();
    const unseen: string[] = [];
    // Once around, and a few more for what the browser itself puts in between.
    for (let step = 0; step < count + 8 && reached.size < count; step++) {
      await page.keyboard.press('Tab');
      const { control, visible } = await readFocus(page);
      if (control !== null) reached.add(control);
      if (!visible) unseen.push(control ?? '');
    }
    const missed = Array.from({ length: count }, (_, at) => String(at)).filter((at) => !reached.has(at));
    const html = await page.evaluate(
      (ids) => ids.map((id) => document.querySelector(`[data-control="${id}"]`)?.outerHTML.slice(0, 160)),
      missed,
    );
    expect(html).toEqual([]);
    expect(unseen).toEqual([]);
    await page.context().close();
  },
);

it('a dialog that asks for something can be typed into at once', async () => {
  const page = await rig.openPage('/keys');
  await page.getByRole('button', { name: 'Create key' }).first().press('Enter');
  const name = page.getByRole('dialog', { name: 'Create key' }).getByLabel('Name');
  await expect.poll(() => name.evaluate((one) => one === document.activeElement)).toBe(true);
  await page.keyboard.type('Typed at once');
  expect(await name.inputValue()).toBe('Typed at once');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Commands' }).waitFor();
  await page.keyboard.type('Usage');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Usage' }).waitFor();
  await page.context().close();
});
