// Every page in light and dark, on a phone and on a desk: nothing that axe finds, nothing that overflows; and hostile answers stay text.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fieldOf, findAxeFaults, lastAnswer, openRig, say, type Rig } from './rig.ts';

const rich = `## A heading

A paragraph with **bold**, \`code\` and a [link](https://example.com/page).

- one
- two

- [x] done
- [ ] not yet
- no task

| Model | Price |
|---|---|
${Array.from({ length: 40 }, (_, at) => `| a rather long model name number ${String(at)} with more words | $0.00 |`).join('\n')}

\`\`\`ts
const answer: number = 42; // a comment that is quite long, so that the block has to scroll on a phone
\`\`\`

$$
\\frac{a}{b} = \\sqrt{c}
$$
`;

const hostile = `<script>window.hacked = 1</script>
<img src="https://evil.example/x.png" onerror="window.hacked = 2">

![a picture](https://evil.example/pixel.png)

[click me](javascript:window.hacked=3) and [data](data:text/html,hi) and ‮reversed‬ text.

<iframe src="https://evil.example"></iframe>
<svg onload="window.hacked = 4"><a xlink:href="javascript:window.hacked=5">x</a></svg>
<style>body { display: none }</style>
<form action="https://evil.example"><button formaction="javascript:window.hacked=6">go</button></form>
<meta http-equiv="refresh" content="0; url=https://evil.example">

[by another scheme](vbscript:hacked) [without one](//evil.example/x) [![in a link](https://evil.example/y.png)](javascript:window.hacked=7)

\`\`\`html
<script>window.hacked = 8</script>
\`\`\`

| A | Table |
|---|---|
${'| too | large |\n'.repeat(1_500)}

${'x'.repeat(200_000)}
`;

const facts = {
  id: 'm1',
  size: 'large',
  context: 131_072,
  maxOutput: 8_192,
  capabilities: ['tools', 'vision', 'json'],
};
let rig: Rig;
beforeAll(async () => {
  const answer = (prompt: string): string => (prompt.includes('hostile') ? hostile : rich);
  rig = await openRig([
    {
      spec: { name: 'alpha', models: [{ id: 'm1', ttftMs: 5, tokensPerSecond: 20_000, answer }], wordsPerChunk: 20 },
      entry: { models: [facts] },
    },
  ]);
});
afterAll(() => rig.close());

const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

describe.each([
  ['light', 1280],
  ['dark', 1280],
  ['light', 320],
  ['dark', 320],
] as const)('%s, %i px wide', (colorScheme, width) => {
  const options = { colorScheme, viewport: { width, height: 720 } };

  it('the chat, from empty to a rich answer and its receipt', async () => {
    const page = await rig.openPage('/', options);
    await page.getByRole('heading', { name: 'What can I help with?' }).waitFor();
    expect(await findAxeFaults(page)).toEqual([]);
    await say(page, 'Show me everything');
    await lastAnswer(page);
    await page.locator('.katex').first().waitFor();
    await page.locator('.hljs-keyword').first().waitFor();
    expect(await findAxeFaults(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
    await page.getByRole('button', { name: 'Why?' }).click();
    await page.getByRole('dialog', { name: 'Receipt' }).waitFor();
    expect(await findAxeFaults(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: /^Model:/ }).click();
    await page.getByRole('option', { name: /^Auto: small/ }).waitFor();
    expect(await findAxeFaults(page)).toEqual([]);
    await page.context().close();
  });

  it('settings, the palette and the list of shortcuts', async () => {
    const page = await rig.openPage('/settings', options);
    await page.getByRole('heading', { name: 'Settings', exact: true }).waitFor();
    expect(await findAxeFaults(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Commands' }).waitFor();
    expect(await findAxeFaults(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+/');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    expect(await findAxeFaults(page)).toEqual([]);
    await page.context().close();
  });

  it('the page for those who are not signed in', async () => {
    const page = await rig.newPage(options);
    await page.goto(rig.server.url);
    await page.getByRole('heading', { name: 'Open the sign-in link' }).waitFor();
    await page.getByText('Sign in with a key').click();
    expect(await findAxeFaults(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
    await page.context().close();
  });
});

it('several tables and pieces of code are no places of the page that have one name', async () => {
  const page = await rig.openPage();
  for (const text of ['Show me everything', 'And again']) {
    await say(page, text);
    await lastAnswer(page);
  }
  await expect.poll(() => page.locator('.hljs-keyword').count()).toBeGreaterThan(1);
  expect(await findAxeFaults(page)).toEqual([]);
  await page.context().close();
});

it('a hostile answer is text: nothing runs, nothing is fetched, no link leads astray, and the page stays usable', async () => {
  const page = await rig.openPage();
  await say(page, 'Be hostile');
  await lastAnswer(page);
  expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
  const answer = page.locator('.answer');
  expect(await answer.locator('script, iframe, img, style, form, meta, svg[onload]').count()).toBe(0);
  const links = await answer.locator('a').evaluateAll((all) => all.map((link) => link.getAttribute('href')));
  expect(links.filter((href) => !/^https:\/\/evil\.example\/\w+\.png$/.test(href ?? ''))).toEqual([]);
  await answer.getByText('click me').click();
  expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
  expect(await overflow(page)).toBe(0);
  await say(page, 'Still there?');
  await expect.poll(() => page.locator('[data-receipt]').count()).toBe(2);
  await page.context().close();
});

it('with forced colours it is still to be seen where one is, what is on, and how much there is', async () => {
  const page = await rig.openPage('/settings', { forcedColors: 'active' });
  await page.getByRole('switch').first().waitFor();
  const readGround = (selector: string): Promise<string> =>
    page
      .locator(selector)
      .first()
      .evaluate((element) => getComputedStyle(element).backgroundColor);
  const rail = 'nav[aria-label="Pages"] a';
  expect(await readGround(`${rail}[aria-current=page]`)).not.toBe(await readGround(`${rail}:not([aria-current])`));
  expect(await readGround('.switch:checked')).not.toBe(await readGround('body'));
  expect(await page.locator('.switch').first().evaluate((one) => getComputedStyle(one).borderTopWidth)).toBe('1px'); // prettier-ignore
  await page.goto(`${rig.server.url}/usage`);
  await page.locator('.bar').first().waitFor();
  expect(await readGround('.bar')).not.toBe(await readGround('body'));
  await page.context().close();
});

it('with forced colours it is to be seen where the focus is, also in fields and menus', async () => {
  const page = await rig.openPage('/', { forcedColors: 'active' });
  const readRing = (): Promise<string> =>
    page.evaluate(() => getComputedStyle(document.activeElement ?? document.body).outlineStyle);
  await fieldOf(page).focus();
  expect(await readRing()).toBe('solid');
  await page.getByRole('searchbox', { name: 'Search chats' }).focus();
  expect(await readRing()).toBe('solid');
  await page.getByRole('button', { name: 'What may be spent' }).press('Enter');
  await page.getByRole('menuitemradio', { name: 'Free first' }).waitFor();
  await page.keyboard.press('ArrowDown');
  expect(await readRing()).toBe('solid');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Commands' }).waitFor();
  expect(await readRing()).toBe('solid');
  await page.context().close();
});

it('speaks German, and reads from right to left', async () => {
  const page = await rig.openPage('/', { locale: 'de-DE' });
  await page.getByRole('heading', { name: 'Wobei kann ich helfen?' }).waitFor();
  expect(await page.evaluate(() => document.documentElement.lang)).toBe('de');
  await page.evaluate(() => {
    document.documentElement.dir = 'rtl';
  });
  expect(await overflow(page)).toBe(0);
  const rail = await page.getByRole('navigation', { name: 'Seiten' }).boundingBox();
  expect(rail?.x).toBeGreaterThan(1_000);
  // Also what no server can say.
  await page.route('**/api/keys', (route) => route.abort());
  await page.goto(`${rig.server.url}/keys`);
  await page.getByRole('alert').getByText('Der Server ist nicht erreichbar.').waitFor();
  await page.context().close();
});

it('titles that run from right to left stand where all titles begin, and beside their menus', async () => {
  const page = await rig.openPage();
  const title = 'שלום איך כותבים מכתב ארוך מאוד עם הרבה מילים';
  await say(page, title);
  await lastAnswer(page);
  await say(page, 'More');
  await page.getByRole('heading', { level: 1, name: title }).waitFor();
  const boxOf = async (of: ReturnType<Page['getByText']>) => {
    const { x = 0, width = 0 } = (await of.boundingBox()) ?? {};
    return { left: x, right: x + width };
  };
  const row = page.getByRole('navigation', { name: 'Chats' }).getByRole('listitem').filter({ hasText: title });
  await row.hover();
  const menu = await boxOf(row.getByRole('button'));
  const words = await boxOf(row.getByText(title));
  expect(words.right).toBeLessThanOrEqual(menu.left);
  const heading = page.getByRole('heading', { level: 1, name: title });
  expect((await boxOf(heading.getByText(title))).left - (await boxOf(heading)).left).toBeLessThan(10);
  expect(await heading.getByText(title).evaluate((one) => getComputedStyle(one).direction)).toBe('rtl');
  await page.context().close();
});

it('on a low screen all of an empty chat can be reached', async () => {
  const page = await rig.openPage('/', { locale: 'de-DE', viewport: { width: 375, height: 520 } });
  const greeting = page.getByRole('heading', { name: 'Wobei kann ich helfen?' });
  await greeting.waitFor();
  const above = await greeting.evaluate((heading) => {
    const place = heading.closest('.overflow-y-auto');
    place?.scrollTo(0, 0);
    return heading.getBoundingClientRect().top - (place?.getBoundingClientRect().top ?? 0);
  });
  expect(above).toBeGreaterThanOrEqual(0);
  await page.context().close();
});
