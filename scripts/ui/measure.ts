// `npm run measure:ui`: how fast the web app is in a real browser: first load on a slow phone, typing while an answer streams, opening a long chat.
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from './browser.ts';
import { ensureUi } from './ensure.ts';
import { openSignedIn, openWorld } from './world.ts';

/** A slow phone: a quarter of this machine's speed, behind 1.6 Mbit/s and 150 ms. */
const SLOW_CPU = 4;
const SLOW_NETWORK = { offline: false, latency: 150, downloadThroughput: 200_000, uploadThroughput: 93_750 };
const MESSAGES = 500;

const section = `### A section

A paragraph with **bold** words, \`code\`, and enough text to fill a line or two of the page so that it has to wrap.

| Name | Value | Remark |
|---|---|---|
| one | 1 | the first of them |
| two | 2 | the second of them |

\`\`\`ts
export const add = (a: number, b: number): number => a + b; // adds two numbers
\`\`\`

`;
/** About 20 kB. */
const speech = { answer: section.repeat(60), tokensPerSecond: 400 };

interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** At most; null where it is only told. */
  readonly budget: number | null;
}

/** What the page itself noticed while it was watched. */
interface Noticed {
  lcpMs: number;
  cls: number;
  longestTaskMs: number;
  eventsMs: number[];
}

interface LayoutShift extends PerformanceEntry {
  readonly value: number;
  readonly hadRecentInput: boolean;
}

/** Runs inside the page, before anything else. */
function watchPage(): void {
  const noticed: Noticed = { lcpMs: 0, cls: 0, longestTaskMs: 0, eventsMs: [] };
  Object.assign(globalThis, { noticed });
  const observe = (type: string, take: (entry: PerformanceEntry) => void): void =>
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({
      type,
      buffered: true,
      ...(type === 'event' ? { durationThreshold: 16 } : {}),
    });
  observe('largest-contentful-paint', ({ startTime }) => {
    noticed.lcpMs = startTime;
  });
  observe('layout-shift', (entry) => {
    const { value, hadRecentInput } = entry as LayoutShift;
    if (!hadRecentInput) noticed.cls += value;
  });
  observe('longtask', ({ duration }) => {
    noticed.longestTaskMs = Math.max(noticed.longestTaskMs, duration);
  });
  observe('event', ({ duration, name }) => {
    if (name === 'keydown' || name === 'input') noticed.eventsMs.push(duration);
  });
}

const readNoticed = (page: Page): Promise<Noticed> =>
  page.evaluate(() => (globalThis as unknown as { noticed: Noticed }).noticed);

const fieldOf = (page: Page) => page.getByRole('textbox', { name: 'Message', exact: true });

const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;

async function openPage(browser: Browser, url: Parameters<typeof openSignedIn>[1]): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
  await context.addInitScript(watchPage);
  return openSignedIn(context, url);
}

async function measureLoad(browser: Browser): Promise<Figure[]> {
  const world = await openWorld(speech);
  const page = await openPage(browser, world.server);
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', SLOW_NETWORK);
  await session.send('Emulation.setCPUThrottlingRate', { rate: SLOW_CPU });
  const startedAtMs = performance.now();
  await page.goto(world.server.url, { waitUntil: 'commit' });
  await fieldOf(page).waitFor();
  const usableMs = performance.now() - startedAtMs;
  await page.waitForTimeout(1_500);
  const { lcpMs, cls } = await readNoticed(page);
  await page.context().close();
  await world.close();
  return [
    { name: 'largest paint, slow phone', value: lcpMs, unit: 'ms', budget: 2_500 },
    { name: 'message field usable, slow phone', value: usableMs, unit: 'ms', budget: 3_000 },
    { name: 'layout shift', value: cls, unit: '', budget: 0.05 },
  ];
}

async function measureStreaming(browser: Browser, cpuRate: number): Promise<Figure[]> {
  const world = await openWorld(speech);
  const page = await openPage(browser, world.server);
  await page.goto(world.server.url);
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: cpuRate });
  await session.send('Performance.enable');
  await fieldOf(page).fill('Tell me everything');
  await fieldOf(page).press('Enter');
  await page.locator('.answer table').first().waitFor();
  await page.evaluate(() => {
    const { noticed } = globalThis as unknown as { noticed: Noticed };
    noticed.eventsMs = [];
    noticed.longestTaskMs = 0;
  });
  const busyMs = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics');
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1_000;
  };
  const [startedAtMs, busyBeforeMs] = [performance.now(), await busyMs()];
  await fieldOf(page).pressSequentially('words that are typed while the answer still comes in', { delay: 80 });
  const [tookMs, workedMs] = [performance.now() - startedAtMs, (await busyMs()) - busyBeforeMs];
  const { eventsMs, longestTaskMs } = await readNoticed(page);
  await page.context().close();
  await world.close();
  const where = cpuRate === 1 ? '' : `, ${String(cpuRate)}x slower`;
  const typing = {
    name: `key press while streaming, p75${where}`,
    value: quantile(eventsMs, 0.75),
    unit: 'ms',
    budget: 200,
  };
  if (cpuRate > 1) return [typing];
  return [
    typing,
    { name: 'longest task while streaming', value: longestTaskMs, unit: 'ms', budget: 100 },
    { name: 'main thread busy while streaming', value: (workedMs / tookMs) * 100, unit: '%', budget: 30 },
  ];
}

function toLongChat(): string {
  const chat = {
    id: 'long',
    title: 'A long chat',
    named: true,
    createdAtMs: 1,
    updatedAtMs: 1,
    leafId: `m${String(MESSAGES - 1)}`,
    model: 'auto',
    policy: 'free_first',
    temporary: false,
  };
  const messages = Array.from({ length: MESSAGES }, (_, at) => ({
    id: `m${String(at)}`,
    chatId: 'long',
    parentId: at === 0 ? null : `m${String(at - 1)}`,
    role: at % 2 === 0 ? 'user' : 'assistant',
    text: at % 2 === 0 ? `Question ${String(at)}` : section,
    reasoning: '',
    attachments: [],
    createdAtMs: at,
    state: 'done',
    model: at % 2 === 0 ? null : 'auto',
    route: null,
    attempts: [],
    receipt: null,
    firstWordMs: null,
    finish: null,
    error: null,
  }));
  return JSON.stringify({ format: 'freeway.chats.1', chats: [{ chat, messages }] });
}

/** Key presses in the message field, when it holds this already. */
async function measureTyping(page: Page, name: string, text: string): Promise<Figure> {
  const session = await page.context().newCDPSession(page);
  await fieldOf(page).fill(text);
  await page.waitForTimeout(1_000);
  await session.send('Emulation.setCPUThrottlingRate', { rate: SLOW_CPU });
  await page.evaluate(() => {
    (globalThis as unknown as { noticed: Noticed }).noticed.eventsMs = [];
  });
  await fieldOf(page).press('Control+End');
  await fieldOf(page).pressSequentially('some more words', { delay: 80 });
  await session.send('Emulation.setCPUThrottlingRate', { rate: 1 });
  const { eventsMs } = await readNoticed(page);
  await session.detach();
  return {
    name: `key press ${name}, p75, ${String(SLOW_CPU)}x slower`,
    value: quantile(eventsMs, 0.75),
    unit: 'ms',
    budget: 200,
  };
}

async function measureLongChat(browser: Browser): Promise<Figure[]> {
  const world = await openWorld(speech);
  const page = await openPage(browser, world.server);
  await page.goto(`${world.server.url}/settings`);
  await page
    .getByLabel('Import', { exact: true })
    .setInputFiles({ name: 'chats.json', mimeType: 'application/json', buffer: Buffer.from(toLongChat()) });
  await page.getByText('1 chat was imported.').first().waitFor();
  await page.goto(world.server.url);
  await page.getByRole('button', { name: 'Show chats' }).click();
  const link = page.getByRole('link', { name: 'A long chat' });
  await link.waitFor();
  await page.waitForTimeout(500);
  const tookMs = await link.evaluate(
    (element) =>
      new Promise<number>((done) => {
        const startedAtMs = performance.now();
        const look = (): void => {
          const last = document.querySelector('[data-message="m499"]');
          if (last === null) requestAnimationFrame(look);
          else requestAnimationFrame(() => done(performance.now() - startedAtMs));
        };
        (element as HTMLElement).click();
        look();
      }),
  );
  await page.locator('[data-message="m0"]').waitFor({ state: 'attached' });
  const typing = [
    await measureTyping(page, `below ${String(MESSAGES)} messages`, ''),
    // Letters that join are shaped anew to the end of their paragraph.
    await measureTyping(page, 'in a long Arabic paragraph', 'هذا نص طويل باللغة العربية '.repeat(400)),
  ];
  await page.context().close();
  await world.close();
  return [{ name: `a chat of ${String(MESSAGES)} messages opens`, value: tookMs, unit: 'ms', budget: 500 }, ...typing];
}

await ensureUi();
const browser = await launchBrowser();
const figures = [
  ...(await measureLoad(browser)),
  ...(await measureStreaming(browser, 1)),
  ...(await measureStreaming(browser, SLOW_CPU)),
  ...(await measureLongChat(browser)),
];
await browser.close();
for (const { name, value, unit, budget } of figures) {
  const over = budget !== null && value > budget;
  const shown = value < 10 ? value.toFixed(3) : Math.round(value);
  console.log(`${over ? 'OVER' : 'ok  '} ${name}: ${shown} ${unit}${budget === null ? '' : ` of ${String(budget)}`}`);
  if (over) process.exitCode = 1;
}
