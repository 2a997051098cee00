// Pages of other sites: a browser lets those call the API whose origin was named, with OpenAI's own client in them, and no others.
import { createReadStream } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join, normalize } from 'node:path';
import { createRequire } from 'node:module';
import type OpenAI from 'openai';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '#lambda/clock.ts';
import { launchBrowser } from '../../../scripts/ui/browser.ts';
import { createFakeProvider, type FakeProvider } from '../../fakes/provider/core.ts';
import { serveFakeProvider } from '../../fakes/provider/server.ts';
import { OWNER_KEY, startServer, toEntry, type Started } from '../local.ts';

const openaiFolder = dirname(createRequire(import.meta.url).resolve('openai'));
const html =
  '<!doctype html><script type="module">import Client from "/index.mjs"; globalThis.Client = Client;</script>';
let site: Server;
let provider: FakeProvider;
let closeProvider: () => Promise<void>;
let freeway: Started;
let browser: Browser;
const originOf = (host: string): string => `http://${host}:${(site.address() as AddressInfo).port}`;

beforeAll(async () => {
  // Another site: an empty page, and OpenAI's client as its package has it.
  site = createServer((request, response) => {
    if (request.url === '/') return void response.writeHead(200, { 'content-type': 'text/html' }).end(html);
    response.setHeader('content-type', 'text/javascript');
    createReadStream(join(openaiFolder, normalize(request.url ?? '')))
      .on('error', () => response.writeHead(404).end())
      .pipe(response);
  });
  await new Promise<void>((resolve) => void site.listen(0, '127.0.0.1', resolve));
  provider = createFakeProvider(
    { name: 'alpha', keepRequests: 10, models: [{ id: 'm1', ttftMs: 5, tokensPerSecond: 4_000 }] },
    systemClock,
  );
  const served = await serveFakeProvider(provider);
  closeProvider = served.close;
  freeway = await startServer([toEntry('alpha', served.baseUrl)], {
    FREEWAY_DEMO: 'off',
    FREEWAY_ORIGINS: `https://chat.example.com, ${originOf('127.0.0.1')}`,
  });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await freeway.stop();
  await closeProvider();
  site.close();
});

async function openPage(host: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(originOf(host));
  await page.waitForFunction(() => 'Client' in globalThis);
  return page;
}

/** What a page sees that asks by OpenAI's client, whole and as a stream, and lists models. */
const askByClient = (page: Page, baseURL: string, apiKey: string) =>
  page.evaluate(
    async ([baseURL, apiKey]) => {
      const { Client } = globalThis as unknown as { Client: typeof OpenAI };
      const client = new Client({ baseURL, apiKey, dangerouslyAllowBrowser: true, maxRetries: 0 });
      const question = { model: 'auto', messages: [{ role: 'user', content: 'Say something.' }] } as const;
      const asked = await client.chat.completions
        .create({ ...question, messages: [...question.messages] })
        .withResponse();
      let streamed = '';
      const stream = await client.chat.completions.create({
        ...question,
        messages: [...question.messages],
        stream: true,
      });
      for await (const chunk of stream) streamed += chunk.choices[0]?.delta.content ?? '';
      const models = (await client.models.list()).data.length;
      const said = asked.data.choices[0]?.message.content ?? '';
      return { said, streamed, models, route: asked.response.headers.get('x-freeway-route') };
    },
    [baseURL, apiKey] as const,
  );

it("a page whose origin was named asks by OpenAI's client, and reads our headers", async () => {
  const page = await openPage('127.0.0.1');
  const before = provider.received().length;
  const seen = await askByClient(page, `${freeway.url}/v1`, OWNER_KEY);
  expect(seen.said).not.toBe('');
  expect(seen.streamed).not.toBe('');
  expect(seen.models).toBeGreaterThan(0);
  expect(seen.route).toBe('openai-compatible/m1');
  expect(provider.received().length - before).toBe(2);
});

it('such a page is told why it was refused', async () => {
  const page = await openPage('127.0.0.1');
  const refused = await page.evaluate(async (url) => {
    const response = await fetch(`${url}/v1/models`, { headers: { authorization: 'Bearer fwy_nobody-has-this' } });
    return { status: response.status, text: await response.text() };
  }, freeway.url);
  expect(refused.status).toBe(401);
  expect(refused.text).toContain('key');
});

it('a page of another origin gets nowhere, and nobody is asked for it', async () => {
  // The same page, by another name of this machine.
  const page = await openPage('localhost');
  const before = provider.received().length;
  await expect(askByClient(page, `${freeway.url}/v1`, OWNER_KEY)).rejects.toThrow(/Connection error/);
  expect(provider.received().length).toBe(before);
});

it("what is the web app's own is closed to pages of others all the same", async () => {
  const page = await openPage('127.0.0.1');
  const outcome = await page.evaluate(
    ([url, key]) =>
      fetch(`${url}/api/me`, { headers: { authorization: `Bearer ${key}` } }).then(
        () => 'read',
        () => 'closed',
      ),
    [freeway.url, OWNER_KEY] as const,
  );
  expect(outcome).toBe('closed');
});
