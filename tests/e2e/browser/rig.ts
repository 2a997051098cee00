// A real browser before the started server: one browser per file, one clean context per test, and nothing that a page may not do goes unseen.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Environment } from '#lambda/config.ts';
import type { Clock } from '#lambda/ports.ts';
import { systemClock } from '#lambda/clock.ts';
import { type BrowserContext, type BrowserContextOptions, type Page, type Response } from 'playwright-core';
import { expect } from 'vitest';
import { launchBrowser } from '../../../scripts/ui/browser.ts';
import { ensureUi } from '../../../scripts/ui/ensure.ts';
import { uiDist } from '../../../scripts/ui/folders.ts';
import { createFakeProvider, type FakeProvider } from '../../fakes/provider/core.ts';
import { serveFakeProvider } from '../../fakes/provider/server.ts';
import type { FakeProviderSpec } from '../../fakes/provider/spec.ts';
import { OWNER_KEY, startServer, toEntry, type Started } from '../local.ts';

/** One provider of a test, with what stands in its entry beside its address. */
export interface Part {
  readonly spec: FakeProviderSpec;
  readonly entry?: Record<string, unknown>;
}

export interface Rig {
  readonly server: Started;
  readonly providers: readonly FakeProvider[];
  /** A page of a new context, not signed in. */
  readonly newPage: (options?: BrowserContextOptions) => Promise<Page>;
  /** A page of a new context whose person is signed in, at this path. */
  readonly openPage: (path?: string, options?: BrowserContextOptions) => Promise<Page>;
  readonly close: () => Promise<void>;
}

/** Where Google's sign-in script lies, which the sign-in page alone may ask for. */
export const GOOGLE = 'https://accounts.google.com/gsi/';

/** Everything a page did that it should not have; the test fails on it when its context is closed. */
function watch(context: BrowserContext, origin: string, faults: string[]): void {
  context.on('console', (message) => {
    const text = message.text();
    // Replies that refuse are told by the browser too; what the page makes of them is what is tested.
    if (message.type() === 'error' && !text.startsWith('Failed to load resource')) faults.push(text);
  });
  context.on('weberror', (error) => faults.push(String(error.error())));
  context.on('request', (request) => {
    const url = request.url();
    if (url.startsWith(GOOGLE) && request.frame().url().startsWith(`${origin}/login`)) return;
    if (!url.startsWith(origin) && !/^(data|blob):/.test(url)) faults.push(`a request to ${url}`);
  });
  context.on('response', (response) => void watchReply(response, faults));
}

/** No key that is kept ever comes back. */
async function watchReply(response: Response, faults: string[]): Promise<void> {
  if (!/json|text/.test(response.headers()['content-type'] ?? '')) return;
  const body = await response.text().catch(() => '');
  if (/canary-\w+-key/.test(body)) faults.push(`a key in the reply of ${response.url()}`);
}

/** Starts providers, server and browser. */
export async function openRig(
  parts: readonly Part[],
  { clock = systemClock, env = {} }: { readonly clock?: Clock; readonly env?: Environment } = {},
): Promise<Rig> {
  await ensureUi();
  const providers = parts.map(({ spec }) => createFakeProvider({ keepRequests: 50, ...spec }, clock));
  const served = await Promise.all(providers.map((provider) => serveFakeProvider(provider)));
  const entries = parts.map(({ spec, entry }, at) => toEntry(spec.name, served[at]?.baseUrl ?? '', entry));
  const server = await startServer(entries, env, { siteFolder: uiDist, clock });
  const browser = await launchBrowser();
  const faults: string[] = [];
  const newPage = async (options: BrowserContextOptions = {}): Promise<Page> => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', ...options });
    context.setDefaultTimeout(10_000);
    watch(context, server.url, faults);
    return context.newPage();
  };
  return {
    server,
    providers,
    newPage,
    openPage: async (path = '/', options = {}) => {
      const page = await newPage(options);
      const signedIn = await page.request.post(`${server.url}/api/session/local`, {
        data: { token: OWNER_KEY },
        headers: { origin: server.url },
      });
      expect(signedIn.ok(), await signedIn.text()).toBe(true);
      await page.goto(`${server.url}${path}`);
      return page;
    },
    close: async () => {
      await browser.close();
      await server.stop();
      await Promise.all(served.map((one) => one.close()));
      expect(faults).toEqual([]);
    },
  };
}

/** The message field. */
export const fieldOf = (page: Page) => page.getByRole('textbox', { name: 'Message', exact: true });

/** Writes a message and sends it. */
export async function say(page: Page, text: string): Promise<void> {
  await fieldOf(page).fill(text);
  await fieldOf(page).press('Enter');
}

/** The newest answer, once it has ended. */
export async function lastAnswer(page: Page, state = 'done'): Promise<string> {
  const answer = page.locator(`article[data-state]`).last();
  await page.locator(`article[data-state="${state}"]`).last().waitFor();
  await expect.poll(() => answer.getAttribute('data-state'), { timeout: 10_000 }).toBe(state);
  return (
    (await answer
      .locator('.answer')
      .textContent()
      .catch(() => '')) ?? ''
  );
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResult {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

/** What axe finds wrong with a page, as it is now. */
export async function findAxeFaults(page: Page): Promise<readonly string[]> {
  // The page's own policy forbids to add scripts, so axe comes in through the debugger, into a world beside the page's.
  const session = await page.context().newCDPSession(page);
  await session.send('Runtime.evaluate', { expression: axeSource });
  const { result } = await session.send('Runtime.evaluate', {
    expression: 'axe.run(document, { resultTypes: ["violations"] })',
    awaitPromise: true,
    returnByValue: true,
  });
  await session.detach();
  const { violations } = result.value as AxeResult;
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
}
