// A real browser before the started server: one browser per file, one clean context per test, and nothing that a page may not do goes unseen.
import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Environment } from '#lambda/config.ts';
import type { Clock } from '#lambda/ports.ts';
import { systemClock } from '#lambda/clock.ts';
import { type BrowserContext, type BrowserContextOptions, type Page, type Response } from 'playwright-core';
import { expect } from 'vitest';
import { launchBrowser } from '../../../scripts/ui/browser.ts';
import { uiDist } from '../../../scripts/ui/folders.ts';
import type { Gate } from '../../fakes/gate.ts';
import { createFakeProvider, type FakeProvider } from '../../fakes/provider/core.ts';
import { serveFakeProvider } from '../../fakes/provider/server.ts';
import type { FakeProviderSpec } from '../../fakes/provider/spec.ts';
import { OWNER_KEY, startServer, toEntry, type Started } from '../local.ts';

/** One provider of a test, with what stands in its entry beside its address. */
export interface Part {
  readonly spec: FakeProviderSpec;
  readonly entry?: Record<string, unknown>;
  /** What requests to it wait at. */
  readonly gate?: Gate;
}

export interface Rig {
  readonly server: Started;
  readonly providers: readonly FakeProvider[];
  /** A page of a new context, not signed in. */
  readonly newPage: (options?: BrowserContextOptions) => Promise<Page>;
  /** A page of a new context whose person is signed in, at this path. */
  readonly openPage: (path?: string, options?: BrowserContextOptions) => Promise<Page>;
  /** Stops the server, cutting what is in flight. Answers what starts it again: same address, same data. */
  readonly stop: () => Promise<() => Promise<void>>;
  readonly close: () => Promise<void>;
}

/** How long a page may take over anything, ms: as long as a machine that does much else needs. */
const PATIENCE_MS = 60_000;

/** Streams in flight are not waited for when a test stops the server. */
const AT_ONCE = { graceMs: 50, farewellMs: 50 } as const;

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
  context.on('console', (message) => tellKeys('the console', message.text(), faults));
  context.on('request', (request) => tellKeys('the address of a request', request.url(), faults));
  context.on('response', (response) => void watchReply(response, faults));
  const close = context.close.bind(context);
  context.close = async (options) => {
    for (const page of context.pages())
      for (const read of [readShown, readKept]) tellKeys(`the page ${page.url()}`, await read(page), faults);
    await close(options);
  };
}

/** Keys of providers begin so in all tests, those of the environment and those that are given in the page. */
const SAVED_KEY = /canary-\w+-key/;

function tellKeys(where: string, text: string, faults: string[]): void {
  if (SAVED_KEY.test(text)) faults.push(`a key in ${where}`);
}

/** All that a page keeps: storages, databases and cookies. */
export const readKept = (page: Page): Promise<string> =>
  page
    .evaluate(async () => {
      const kept: unknown[] = [];
      for (const { name } of await indexedDB.databases()) {
        if (name === undefined) continue;
        const database = await new Promise<IDBDatabase>((done, fail) => {
          const opening = indexedDB.open(name);
          opening.addEventListener('success', () => done(opening.result));
          opening.addEventListener('error', () => fail(new Error(name)));
        });
        for (const store of database.objectStoreNames)
          kept.push(
            await new Promise((done) => {
              const all = database.transaction(store).objectStore(store).getAll();
              all.addEventListener('success', () => done(all.result));
            }),
          );
        database.close();
      }
      return JSON.stringify([localStorage, sessionStorage, kept, document.cookie]);
    })
    // A page that is just being left has nothing to be read.
    .catch(() => '');

/** All that a page shows: its document with the values of its fields, and its address. */
const readShown = (page: Page): Promise<string> =>
  page
    .evaluate(() => {
      const fields = [...document.querySelectorAll<HTMLInputElement>('input, textarea')].map(({ value }) => value);
      return [document.documentElement.outerHTML, ...fields, location.href].join('\n');
    })
    .catch(() => '');

/** No key that is kept ever comes back. */
async function watchReply(response: Response, faults: string[]): Promise<void> {
  if (!/json|text/.test(response.headers()['content-type'] ?? '')) return;
  const body = await response.text().catch(() => '');
  tellKeys(`the reply of ${response.url()}`, body, faults);
}

/** Starts providers, server and browser. */
export async function openRig(
  parts: readonly Part[],
  { clock = systemClock, env = {} }: { readonly clock?: Clock; readonly env?: Environment } = {},
): Promise<Rig> {
  const providers = parts.map(({ spec }) => createFakeProvider({ keepRequests: 50, ...spec }, clock));
  const served = await Promise.all(
    providers.map((provider, at) => serveFakeProvider(provider, parts[at]?.gate ? { gate: parts[at].gate } : {})),
  );
  const entries = parts.map(({ spec, entry }, at) => toEntry(spec.name, served[at]?.baseUrl ?? '', entry));
  const options = { siteFolder: uiDist, clock, stop: AT_ONCE };
  const first = await startServer(entries, env, options);
  let server = first;
  const browser = await launchBrowser();
  const faults: string[] = [];
  const newPage = async (options: BrowserContextOptions = {}): Promise<Page> => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    // What the page's policy stops fails the test.
    await context.addInitScript(() =>
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
        reportError(new Error(`policy: ${violatedDirective} stopped ${blockedURI}`)),
      ),
    );
    watch(context, server.url, faults);
    return context.newPage();
  };
  return {
    get server() {
      return server;
    },
    providers,
    newPage,
    stop: async () => {
      const again = { ...env, PORT: new URL(server.url).port, FREEWAY_DATA: first.folder };
      await server.close();
      return async () => {
        server = await startServer(entries, again, options);
      };
    },
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
      rmSync(first.folder, { recursive: true, force: true });
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
  await expect.poll(() => answer.getAttribute('data-state')).toBe(state);
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
