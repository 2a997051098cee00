// Names that only differ at their end are told apart on the narrowest phone, too: of models, of keys and of providers; and the rail's words are whole.
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findAxeFaults, lastAnswer, openRig, say, type Rig } from './rig.ts';

const NAMES = ['reasoning', 'instruct'].map((end) => `meta-llama/llama-4-maverick-17b-128e-${end}`);

let rig: Rig;
beforeAll(async () => {
  const models = NAMES.map((id) => ({ id, ttftMs: 5, tokensPerSecond: 2_000 }));
  rig = await openRig([{ spec: { name: 'alpha', models }, entry: { models: NAMES.map((id) => ({ id })) } }]);
});
afterAll(() => rig.close());

/** What of the name is not seen, px; and how many characters stand in a line of it. */
const look = (name: Locator): Promise<{ readonly cut: number; readonly perLine: number }> =>
  name.evaluate((element) => {
    const { right, height } = element.getBoundingClientRect();
    const lines = height / Number.parseFloat(getComputedStyle(element).lineHeight);
    return {
      cut: Math.max(0, element.scrollWidth - element.clientWidth, right - innerWidth),
      perLine: (element.textContent?.length ?? 0) / lines,
    };
  });

/** All names there are whole, and not broken into stubs. */
async function expectWhole(names: Locator): Promise<void> {
  await names.first().waitFor();
  for (const name of await names.all()) {
    const { cut, perLine } = await look(name);
    expect(cut, await name.innerText()).toBeLessThanOrEqual(1);
    expect(perLine, await name.innerText()).toBeGreaterThan(8);
  }
}

const named = (part: Locator | Page) => part.getByText(/-(reasoning|instruct)$/).filter({ visible: true });

it('a name is read to its end in the lists of models, of a plan, of requests, and where a model is chosen', async () => {
  const page = await rig.openPage('/', { viewport: { width: 320, height: 640 } });
  await say(page, 'Hello');
  await lastAnswer(page, 'done');
  await page.getByRole('button', { name: /^Model:/ }).click();
  await expectWhole(named(page.getByRole('listbox')));
  await page.goto(`${rig.server.url}/models`);
  await expectWhole(named(page.locator('summary')));
  expect(await findAxeFaults(page)).toEqual([]);
  await page.goto(`${rig.server.url}/explain`);
  await page.getByRole('button', { name: 'Explain' }).click();
  await expectWhole(named(page.getByRole('region', { name: 'The plan' })));
  await page.goto(`${rig.server.url}/usage`);
  await expectWhole(named(page.getByRole('button', { name: 'Receipt' })));
  await page.context().close();
});

it('keys and providers whose names differ at their end are told apart, wherever they are listed', async () => {
  const page = await rig.openPage('/', { viewport: { width: 320, height: 640 } });
  const origin = rig.server.url;
  const endings = ['reasoning', 'instruct'].map((end) => `The nightly evaluation of all our documents-${end}`);
  for (const name of endings) {
    const fields = { apiKey: `canary-${name.slice(-8)}-key` };
    for (const [path, data] of [
      ['keys', { name }],
      [
        'credentials',
        { provider: 'openai-compatible', name, fields, base_url: `${origin}/nowhere`, models: [{ id: 'm' }] },
      ],
    ] as const) {
      const reply = await page.request.post(`${origin}/api/${path}`, { data, headers: { origin } });
      expect(reply.status(), await reply.text()).toBe(201);
    }
  }
  for (const path of ['keys', 'providers', 'models']) {
    await page.goto(`${origin}/${path}`);
    await expectWhole(named(page.getByRole('main')));
  }
  await page.goto(`${origin}/explain`);
  await page.getByRole('button', { name: 'Explain' }).click();
  await expectWhole(named(page.getByRole('region', { name: 'The plan' })));
  await page.context().close();
});

it.each(['en-GB', 'de-DE'])('the words of the rail are whole: %s', async (locale) => {
  const page = await rig.openPage('/settings', { locale });
  const words = page.getByRole('navigation').locator('a span');
  await expect.poll(() => words.count()).toBe(10);
  for (const word of await words.all()) expect((await look(word)).cut, await word.innerText()).toBe(0);
  await page.context().close();
});
