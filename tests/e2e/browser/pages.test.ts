// Every page in light and dark, on a desk and on a small phone, in both languages: nothing that axe finds, nothing that overflows.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findAxeFaults, openRig, say, type Rig } from './rig.ts';

const pages = [
  '/transcribe',
  '/providers',
  '/keys',
  '/usage',
  '/batches',
  '/models',
  '/explain',
  '/people',
  '/rollout',
  '/settings',
] as const;

let rig: Rig;
beforeAll(async () => {
  const models = [{ id: 'm1', ttftMs: 5, tokensPerSecond: 5_000 }];
  rig = await openRig([{ spec: { name: 'alpha', models } }]);
  const page = await rig.openPage();
  await say(page, 'Hello');
  await page.locator('[data-receipt]').waitFor();
  await page.context().close();
});
afterAll(() => rig.close());

it.each([
  ['light', 1_280, 'en-GB'],
  ['dark', 1_280, 'de-DE'],
  ['light', 320, 'de-DE'],
  ['dark', 320, 'en-GB'],
] as const)('%s, %i px, %s', async (colorScheme, width, locale) => {
  const page = await rig.openPage('/', { colorScheme, locale, viewport: { width, height: 720 } });
  for (const path of pages) {
    await page.goto(`${rig.server.url}${path}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.waitForLoadState('networkidle');
    const faults = await findAxeFaults(page);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect({ path, faults, over }).toEqual({ path, faults: [], over: 0 });
  }
  await page.context().close();
});
