// A phone that is held: what fingers use is large enough, fields are not enlarged by the browser, and nothing overflows for it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lastAnswer, openRig, say, type Rig } from './rig.ts';

const phone = { viewport: { width: 320, height: 700 }, hasTouch: true, isMobile: true };

const sum = Array.from({ length: 12 }, (_, at) => `a_{${String(at)}}`).join('');
const formulas = `It is \\(\\left(${sum}${sum}\\right)\\) in a line.\n\n$$${sum}$$\n\nAnd so \\[x = y\\] holds.`;

let rig: Rig;
beforeAll(async () => {
  const models = [{ id: 'm1', ttftMs: 5, tokensPerSecond: 4_000 }];
  rig = await openRig([{ spec: { name: 'alpha', models, answer: () => formulas } }]);
});
afterAll(() => rig.close());

const today = new Date().toISOString().slice(0, 10);
const usageOfToday = `/usage?from=${today}&to=${today}`;

it.each([
  '/',
  '/transcribe',
  '/providers',
  '/keys',
  '/usage',
  '/batches',
  usageOfToday,
  '/models',
  '/explain',
  '/people',
  '/settings',
])('%s', async (path) => {
  const page = await rig.openPage(path, phone);
  await page.getByRole('heading').first().waitFor();
  await page.waitForLoadState('networkidle');
  const faults = await page.evaluate(() => {
    const all = [...document.querySelectorAll<HTMLElement>('button, select, input, textarea, nav a[href]')];
    const seen = all.filter((one) => one.checkVisibility() && one.getBoundingClientRect().width > 1);
    const tell = (one: HTMLElement): string => `${one.tagName} ${one.ariaLabel ?? one.textContent}`;
    const fields = seen.filter((one) => one.matches('input:not([type=checkbox], [type=radio]), select, textarea'));
    return {
      // 40 px is enough for what stands beside something larger.
      low: seen.filter((one) => one.getBoundingClientRect().height < 40 && !one.matches('.switch')).map(tell),
      lowPrimary: seen.filter((one) => one.matches('.bg-accent') && one.getBoundingClientRect().height < 44).map(tell),
      enlarged: fields.filter((one) => Number.parseFloat(getComputedStyle(one).fontSize) < 16).map(tell),
      overflows: document.documentElement.scrollWidth > innerWidth,
    };
  });
  expect(faults).toEqual({ low: [], lowPrimary: [], enlarged: [], overflows: false });
  await page.context().close();
});

it('the bar tells where somebody is, also on pages that it has no room for', async () => {
  const page = await rig.openPage('/keys', phone);
  const more = page.getByRole('button', { name: 'More' });
  await expect.poll(() => more.getAttribute('aria-current')).toBe('true');
  await page.getByRole('link', { name: 'Providers' }).click();
  await expect.poll(() => more.getAttribute('aria-current')).toBe(null);
  await page.context().close();
});

it('formulas are set apart as they are meant, and none is cut off', async () => {
  const page = await rig.openPage('/', phone);
  await page.getByRole('textbox', { name: 'Message', exact: true }).fill('Show me');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await lastAnswer(page);
  await expect.poll(() => page.locator('.katex-display').count()).toBe(2);
  const cut = await page.locator('.katex').evaluateAll(
    (all) =>
      all
        .filter((one) => one.getBoundingClientRect().right > innerWidth)
        .filter((one) => {
          const box = one.closest<HTMLElement>('.katex-display') ? one.closest('.overflow-x-auto') : one.closest('p');
          return box === null || !['auto', 'scroll'].includes(getComputedStyle(box).overflowX);
        }).length,
  );
  expect(cut).toBe(0);
  expect(
    await page
      .locator('.answer p')
      .first()
      .evaluate((one) => one.scrollWidth > one.clientWidth),
  ).toBe(true);
  await page.context().close();
});

it('a window enlarged four times keeps room for the chat between its bars', async () => {
  const page = await rig.openPage('/', { viewport: { width: 320, height: 200 } });
  await say(page, 'Show me');
  await lastAnswer(page);
  const log = await page.getByRole('log').boundingBox();
  expect(log?.height).toBeGreaterThan(150);
  const field = page.getByRole('textbox', { name: 'Message', exact: true });
  await field.scrollIntoViewIfNeeded();
  const isOnTop = await field.evaluate((one) => {
    const { left, right, top, bottom } = one.getBoundingClientRect();
    return document.elementFromPoint((left + right) / 2, (top + bottom) / 2) === one;
  });
  expect(isOnTop).toBe(true);
  await page.context().close();
});

describe.each(['en-GB', 'de-DE'])('letters twice as large: %s', (locale) => {
  it.each([
    '/',
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
  ])('nothing is pushed out of %s, and the bar keeps its words', async (path) => {
    const page = await rig.openPage(path, { ...phone, locale, viewport: { width: 360, height: 740 } });
    await page.getByRole('heading').first().waitFor();
    await page.waitForLoadState('networkidle');
    await page.evaluate(() => document.documentElement.style.setProperty('font-size', '200%'));
    const found = await page.evaluate(() => {
      const main = document.querySelector('main');
      const isCut = ({ scrollWidth, clientWidth }: Element): boolean => scrollWidth > clientWidth + 1;
      const beyond = [...(main?.querySelectorAll('*') ?? [])].filter((one) => {
        const scroller = one.parentElement?.closest('.overflow-x-auto, .overflow-x-scroll, .sr-only, .truncate');
        return one.checkVisibility() && !scroller && one.getBoundingClientRect().right > innerWidth + 1;
      });
      return {
        wide: document.documentElement.scrollWidth > innerWidth,
        beyond: beyond.map((one) => one.outerHTML.slice(0, 120)),
        cut: [...document.querySelectorAll('nav span')].filter(isCut).map(({ textContent }) => textContent),
      };
    });
    expect(found).toEqual({ wide: false, beyond: [], cut: [] });
    await page.context().close();
  });
});

it.each(['en-GB', 'de-DE'])(
  'beside a button to speak, the empty field of a message is one line on a narrow phone: %s',
  async (locale) => {
    const page = await rig.openPage('/', { ...phone, locale, viewport: { width: 360, height: 740 } });
    await page.route('**/v1/models*', async (route) => {
      const reply = await route.fetch();
      const { data, ...rest } = await reply.json();
      const heard = { ...data[0], id: 'heard', freeway: { ...data[0].freeway, kind: 'transcription' } };
      await route.fulfill({ response: reply, json: { ...rest, data: [...data, heard] } });
    });
    await page.reload();
    await page.getByRole('button', { name: locale === 'de-DE' ? 'Sprechen' : 'Speak', exact: true }).waitFor();
    const field = page.getByRole('main').locator('textarea');
    await field.waitFor();
    const { height } = (await field.boundingBox()) ?? { height: Infinity };
    // A line of 24 and its padding; two are 68.
    expect(height).toBeLessThanOrEqual(48);
    await page.context().close();
  },
);

it.each([
  ['upright', { width: 390, height: 844 }, { top: 59, bottom: 34, left: 0, right: 0 }],
  ['on its side', { width: 844, height: 390 }, { top: 0, bottom: 21, left: 59, right: 59 }],
] as const)('%s, nothing that is used lies below the notch or the line at the foot', async (_, viewport, insets) => {
  const page = await rig.openPage('/', { ...phone, viewport });
  await page.getByRole('button', { name: 'Account' }).waitFor();
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setSafeAreaInsetsOverride', { insets });
  const findCovered = (): Promise<string[]> =>
    page.evaluate(({ top, bottom, left, right }) => {
      const all = [...document.querySelectorAll<HTMLElement>('button, a[href]:not(.sr-only), input, textarea')];
      const open = document.querySelector<HTMLElement>('dialog[open]');
      const used = all.filter((one) => one.checkVisibility() && (open === null || open.contains(one)));
      const isCovered = (one: HTMLElement): boolean => {
        one.scrollIntoView({ block: 'nearest' });
        const at = one.getBoundingClientRect();
        const isBeside = at.left < left || at.right > innerWidth - right;
        return at.width > 1 && (at.top < top || at.bottom > innerHeight - bottom || isBeside);
      };
      return used.filter(isCovered).map((one) => `${one.tagName} ${one.ariaLabel ?? one.textContent}`);
    }, insets);
  await expect.poll(findCovered).toEqual([]);
  await page
    .getByRole('button', { name: /chats$/i })
    .first()
    .click();
  await page.getByRole('dialog', { name: 'Chats' }).waitFor();
  expect(await findCovered()).toEqual([]);
  await page.context().close();
});
