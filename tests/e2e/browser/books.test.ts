// Numbers that people rely on: usage against the providers' own books, what was absorbed, explain against what then happens, keys and their limits.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { strategies } from '#shared/policy.ts';
import type { FakeModel } from '../../fakes/provider/spec.ts';
import { lastAnswer, openRig, say, type Rig } from './rig.ts';

const quick: FakeModel = { id: 'm1', ttftMs: 5, tokensPerSecond: 2_000 };
const facts = { id: 'm1', size: 'large', context: 131_072, maxOutput: 8_192, capabilities: ['tools', 'json'] };
const price = { inputPerMillionUsd: 10, outputPerMillionUsd: 30 };

let rig: Rig;
beforeAll(async () => {
  rig = await openRig([
    { spec: { name: 'first', models: [quick] }, entry: { priority: 1, models: [{ ...facts, price }] } },
    { spec: { name: 'second', models: [quick] }, entry: { priority: 2, models: [{ ...facts, price }] } },
  ]);
});
afterAll(() => rig.close());

/** The figure that stands beside its name on the usage page. */
const figureOf = async (page: Page, name: string): Promise<string> =>
  (await page.locator('dl > div').filter({ hasText: name }).locator('dd').first().textContent()) ?? '';

it('usage agrees with the books of the providers, and counts what was absorbed', async () => {
  const page = await rig.openPage();
  await say(page, 'One');
  await lastAnswer(page);
  rig.providers[0]?.script(['429-after-1']);
  await say(page, 'Two');
  await expect.poll(() => page.locator('[data-receipt]').count()).toBe(2);
  const books = rig.providers.map((provider) => provider.books().total());
  const served = books.reduce((sum, { accepted }) => sum + accepted, 0);
  expect(served).toBe(2);
  await page.goto(`${rig.server.url}/usage`);
  await page.getByText('2 requests', { exact: true }).waitFor();
  expect(await figureOf(page, 'Answered free')).toMatch(/^100/);
  expect(await figureOf(page, 'Limits and faults absorbed')).toMatch(/^1/);
  expect(await figureOf(page, 'Paid')).toMatch(/^\$0/);
  expect(await figureOf(page, 'Reached you')).toBe('0');
  const log = page.getByRole('region', { name: 'Requests', exact: true });
  await page.getByLabel('All providers').selectOption('openai-compatible');
  await expect.poll(() => log.getByRole('listitem').count()).toBe(2);
  // By whose key: many endpoints are reached as one provider.
  await log.getByText('openai-compatible/m1 (second)').waitFor();
  const usage = await page.request.get(`${rig.server.url}/api/usage`);
  const { total } = (await usage.json()) as { total: { input_tokens: number; output_tokens: number } };
  const tokens = books.reduce((sum, { inputTokens, outputTokens }) => sum + inputTokens + outputTokens, 0);
  expect(total.input_tokens + total.output_tokens).toBe(tokens);
  await page.context().close();
});

it('what explain says is what then happens; a provider that is taken to be down changes it at once', async () => {
  const page = await rig.openPage('/explain');
  await page.getByRole('textbox', { name: 'Request' }).fill('Hello');
  await page.getByRole('button', { name: 'Explain' }).click();
  const plan = page.getByRole('region', { name: 'The plan' });
  const chosen = await plan.getByRole('listitem').first().textContent();
  expect(chosen).toContain('first');
  await page.getByRole('switch', { name: 'Free only' }).check();
  await plan.waitFor();
  const tokensIn = async (): Promise<number> =>
    Number(/([\d,]+) tokens in/.exec(await page.locator('main').innerText())?.[1]?.replace(',', ''));
  await expect.poll(tokensIn).toBeLessThan(100);
  await page.getByLabel('What if it is longer?').selectOption('30000');
  await expect.poll(tokensIn).toBeGreaterThan(20_000);
  expect(await tokensIn()).toBeLessThan(40_000);
  await page.getByLabel('What if a provider is down?').selectOption('openai-compatible');
  await page.getByText('Nobody can serve this request').waitFor();
  const orders = await page.getByLabel('Order').locator('option').count();
  expect(orders).toBe(strategies.length);
  await page.goto(rig.server.url);
  await say(page, 'Hello');
  await lastAnswer(page);
  expect(await page.locator('[data-receipt]').textContent()).toContain('first');
  await page.context().close();
});

it('a receipt has an address of its own', async () => {
  const page = await rig.openPage();
  await say(page, 'Hello');
  await lastAnswer(page);
  const records = await page.request.get(`${rig.server.url}/api/usage/records?limit=1`);
  const [record] = ((await records.json()) as { data: { request_id: string }[] }).data;
  await page.goto(`${rig.server.url}/r/${record?.request_id ?? ''}`);
  await page.getByText('openai-compatible/m1 (first): answered').waitFor();
  await page.goto(`${rig.server.url}/r/none`);
  await page.getByText('There is no such receipt').waitFor();
  await page.context().close();
});

it('a key for programs meets its limit, is rolled with an overlap, and tells agents how to use it', async () => {
  const page = await rig.openPage('/keys');
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByLabel('Name').fill('My agent');
  await page.getByText('Limits and rights').click();
  await page.getByLabel('Requests a minute').fill('2');
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  const shown = page.locator('[data-secret]');
  const key = (await shown.textContent()) ?? '';
  const dialog = page.getByRole('dialog', { name: 'Your new key' });
  await dialog.getByRole('button', { name: 'Coding agents' }).click();
  await dialog.getByLabel('Agent').selectOption('codex');
  await page.getByText(`base_url = "${rig.server.url}/v1"`).waitFor();
  await page.getByRole('button', { name: 'Done' }).click();
  const ask = async (with_: string): Promise<number> => {
    const reply = await fetch(`${rig.server.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${with_}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'Hello' }] }),
    });
    await reply.arrayBuffer();
    return reply.status;
  };
  expect([await ask(key), await ask(key), await ask(key)]).toEqual([200, 200, 429]);
  await page.getByRole('button', { name: 'Actions for My agent' }).click();
  await page.getByRole('menuitem', { name: 'Roll' }).click();
  await shown.waitFor();
  const next = (await shown.textContent()) ?? '';
  expect(next).not.toBe(key);
  const models = async (with_: string): Promise<number> =>
    (await fetch(`${rig.server.url}/v1/models`, { headers: { authorization: `Bearer ${with_}` } })).status;
  expect([await models(key), await models(next)]).toEqual([200, 200]);
  await page.getByRole('button', { name: 'Done' }).click();
  await page.context().close();
});
