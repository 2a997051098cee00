// The states that pages are rarely in: open dialogs, errors, nothing there, nobody there. Each without anything that axe finds, and within its width.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fieldOf, findAxeFaults, openRig, say, type Rig } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  const models = [{ id: 'm1', ttftMs: 5, tokensPerSecond: 2_000 }];
  rig = await openRig([{ spec: { name: 'alpha', models } }]);
});
afterAll(() => rig.close());

async function open(page: Page, button: string, dialog: string): Promise<void> {
  await page.getByRole('button', { name: button }).first().click();
  await page.getByRole('dialog', { name: dialog }).waitFor();
}

const states: readonly (readonly [name: string, path: string, enter: (page: Page) => Promise<void>])[] = [
  ['the form of a provider', '/providers', (page) => open(page, 'Add by form', 'Add a provider')],
  [
    'keys that were pasted',
    '/providers',
    (page) => page.getByLabel('Paste a key').fill('sk-0123456789abcdef0123456789abcdef'),
  ],
  [
    'the form of a key',
    '/keys',
    async (page) => {
      await open(page, 'Create key', 'Create key');
      await page.getByText('Limits and rights').click();
    },
  ],
  [
    'a key that is shown',
    '/keys',
    async (page) => {
      await open(page, 'Create key', 'Create key');
      await page.getByLabel('Name').fill('One');
      await page.getByRole('button', { name: 'Create', exact: true }).click();
      await page.getByRole('dialog', { name: 'Your new key' }).getByRole('button', { name: 'Coding agents' }).click();
    },
  ],
  ['the form of an invitation', '/people', (page) => open(page, 'Invite', 'Invite somebody')],
  [
    'a menu',
    '/keys',
    (page) =>
      page
        .getByRole('button', { name: /^Actions for/ })
        .first()
        .click(),
  ],
  ['no such page', '/nowhere', (page) => page.getByText('There is no such page').waitFor()],
  ['no such chat', '/c/none', (page) => page.getByRole('note').waitFor()],
  ['no such receipt', '/r/none', (page) => page.getByText('There is no such receipt').waitFor()],
  [
    'an answer that failed',
    '/',
    async (page) => {
      rig.providers[0]?.script(['context']);
      await say(page, 'Hello');
      await page.locator('article[data-state="failed"]').waitFor();
    },
  ],
  [
    'offline',
    '/',
    async (page) => {
      await fieldOf(page).waitFor();
      await page.context().setOffline(true);
      await page.getByText('You are offline.').waitFor();
    },
  ],
  [
    'a chat that is being renamed',
    '/',
    async (page) => {
      await say(page, 'Hello');
      await page.locator('[data-receipt]').waitFor();
      await page.getByRole('button', { name: 'Actions for this chat' }).click();
      await page.getByRole('menuitem', { name: 'Rename' }).click();
    },
  ],
];

const looks = [
  ['light', 1_280],
  ['dark', 320],
] as const;

describe('nothing that axe finds, nothing that overflows', () => {
  it.each(states)('%s', async (_, path, enter) => {
    // Colours that are still on their way from one theme to the other are nobody's.
    const page = await rig.openPage(path, { reducedMotion: 'reduce', viewport: { width: 1_280, height: 720 } });
    await enter(page);
    for (const [colorScheme, width] of looks) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 720 });
      await page.locator(`html[data-theme="${colorScheme}"]`).waitFor();
      expect(await findAxeFaults(page)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    }
    await page.context().close();
  });
});

it('with less motion the other theme is there at once: nothing is on its way to it', async () => {
  const page = await rig.openPage('/', { reducedMotion: 'reduce', colorScheme: 'light' });
  await fieldOf(page).waitFor();
  const ways = await page.evaluate(() => {
    document.getAnimations().forEach((one) => one.finish());
    document.documentElement.dataset['theme'] = 'dark';
    return document.getAnimations().map((one) => (one as CSSTransition).transitionProperty);
  });
  expect(ways).toEqual([]);
  await page.context().close();
});
