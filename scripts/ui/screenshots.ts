// `npm run screenshots`: pictures of every page in light and dark, on a desk and on a phone, in dist/screenshots. Answers are simulated.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { launchBrowser } from './browser.ts';
import { ensureUi } from './ensure.ts';
import { openSignedIn, openWorld, type World } from './world.ts';

const folder = fileURLToPath(new URL('../../dist/screenshots', import.meta.url));

const answer = `HTTP caching lets a client **reuse** a response instead of asking again. Four headers do most of the work:

| Header | Says | Example |
|---|---|---|
| \`Cache-Control\` | how long, and for whom | \`max-age=3600\` |
| \`ETag\` | which version this is | \`"a1b2c3"\` |
| \`If-None-Match\` | which version I have | \`"a1b2c3"\` |
| \`Vary\` | what the answer depends on | \`Accept-Encoding\` |

A server that finds the version unchanged answers \`304\` without a body:

\`\`\`ts
export function reply(request: Request, body: string, tag: string): Response {
  // Nothing changed: the client keeps what it has.
  if (request.headers.get('if-none-match') === tag) return new Response(null, { status: 304 });
  return new Response(body, { headers: { etag: tag, 'cache-control': 'max-age=3600' } });
}
\`\`\`

The chance that a reply is fresh after time \\(t\\) falls as

\\[ p(t) = e^{-t/\\tau} \\]

so pick \`max-age\` well below \\(\\tau\\).`;

const looks = [
  { name: 'light', colorScheme: 'light', viewport: { width: 1280, height: 800 } },
  { name: 'dark', colorScheme: 'dark', viewport: { width: 1280, height: 800 } },
  { name: 'phone', colorScheme: 'light', viewport: { width: 390, height: 844 } },
] as const;

type Take = (name: string) => Promise<void>;

async function takeChat(page: Page, take: Take, { refuseOnce }: World): Promise<void> {
  await page.getByRole('heading', { level: 2 }).waitFor();
  await take('chat-empty');
  refuseOnce();
  const field = page.getByRole('textbox', { name: 'Message', exact: true });
  await field.fill('How does HTTP caching work? One example for each header.');
  await page.getByText('Would go to').waitFor();
  await take('chat-draft');
  await field.press('Enter');
  await page.locator('[data-receipt]').waitFor();
  await page.locator('.katex').first().waitFor();
  await page.locator('.hljs-keyword').first().waitFor();
  await page.getByRole('log').evaluate((log) => log.scrollTo(0, 0));
  await take('chat');
  await page.getByRole('button', { name: 'Why?' }).click();
  await take('receipt');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: /^Model:/ }).click();
  await take('model-picker');
  await page.keyboard.press('Escape');
}

/** Pages without a story of their own: their picture is taken as they are. */
const plainPages = [
  'transcribe',
  'providers',
  'keys',
  'usage',
  'batches',
  'models',
  'people',
  'rollout',
  'settings',
] as const;

async function takeExplain(page: Page, take: Take): Promise<void> {
  await page.getByRole('button', { name: 'Explain' }).click();
  await page.getByRole('region', { name: 'The plan' }).waitFor();
  await take('explain');
}

await ensureUi();
mkdirSync(folder, { recursive: true });
const browser = await launchBrowser();
for (const { name: look, ...options } of looks) {
  const world = await openWorld({ answer, tokensPerSecond: 900 });
  const { url } = world.server;
  const context = await browser.newContext({
    ...options,
    locale: 'en-GB',
    deviceScaleFactor: 1,
    reducedMotion: 'reduce',
  });
  let page = await context.newPage();
  const take: Take = async (name) => {
    await page.waitForTimeout(250);
    await page.screenshot({ path: join(folder, `${name}-${look}.png`) });
  };
  await page.goto(url);
  await page.getByRole('heading', { level: 2 }).waitFor();
  await take('sign-in');
  page = await openSignedIn(context, world.server);
  await page.goto(url);
  await takeChat(page, take, world);
  for (const path of plainPages) {
    await page.goto(`${url}/${path}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await take(path);
  }
  await page.goto(`${url}/explain`);
  await takeExplain(page, take);
  await context.close();
  await world.close();
}
await browser.close();
console.log(`The pictures lie in ${folder}`);
