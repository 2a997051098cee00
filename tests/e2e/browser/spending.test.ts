// What a chat may spend, and what happens when nothing is left to spend: nothing is paid by mistake, and nothing is lost.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createFastClock } from '../../../scripts/wall/fast-clock.ts';
import { canonicalAnswer } from '../../fakes/provider/answer.ts';
import type { FakeModel } from '../../fakes/provider/spec.ts';
import { findAxeFaults, lastAnswer, openRig, say, type Rig } from './rig.ts';

const SPEED = 20;
const model: FakeModel = { id: 'm1', ttftMs: 20, tokensPerSecond: 1_000 };
const facts = { id: 'm1', size: 'large', context: 131_072, maxOutput: 8_192, capabilities: ['tools', 'json'] };
const price = { inputPerMillionUsd: 10, outputPerMillionUsd: 30 };

const clock = createFastClock(SPEED);
let rig: Rig;
beforeAll(async () => {
  rig = await openRig(
    [
      { spec: { name: 'gratis', models: [model] }, entry: { models: [facts] } },
      { spec: { name: 'bank', models: [model] }, entry: { tier: 'paid', models: [{ ...facts, price }] } },
    ],
    { clock },
  );
});
afterAll(() => rig.close());

it('only free: says when it is free again, sends by itself then, and never asks the paid provider', async () => {
  const page = await rig.openPage();
  await page.clock.install();
  await page.getByRole('button', { name: /What may be spent/ }).click();
  await page.getByRole('menuitemradio', { name: /Only free/ }).click();
  const [gratis, bank] = [rig.providers[0]!, rig.providers[1]!];
  gratis.script(['429-after-60']);
  await say(page, 'Hello');
  const card = page.getByRole('alert').filter({ hasText: 'Every model that fits is resting' });
  await card.getByText(/Back in/).waitFor();
  await card.getByRole('button', { name: 'Why?' }).click();
  const sheet = page.getByRole('dialog', { name: 'Why nobody answered' });
  await sheet
    .getByRole('listitem')
    .filter({ hasText: 'gratis' })
    .getByText(/^Rests until/)
    .waitFor();
  await sheet
    .getByRole('listitem')
    .filter({ hasText: 'bank' })
    .getByText('Costs money, which is not allowed')
    .waitFor();
  // In so little room the reason does not take the place of the name.
  const name = sheet.getByRole('listitem').filter({ hasText: 'bank' }).getByText('bank', { exact: true });
  expect(await name.evaluate(({ clientHeight }) => clientHeight)).toBeLessThan(24);
  expect(await findAxeFaults(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await card.getByRole('button', { name: 'Wait and send by itself' }).click();
  await card.getByText(/It is sent by itself in/).waitFor();
  expect(bank.received().filter(({ path }) => path.includes('chat'))).toEqual([]);
  await clock.sleep(62_000);
  await page.clock.fastForward(120_000);
  expect(await lastAnswer(page)).toBe(canonicalAnswer);
  expect(await page.locator('[data-receipt]').textContent()).toMatch(/^Free/);
  expect(bank.received().filter(({ path }) => path.includes('chat'))).toEqual([]);
  await page.context().close();
});

it('says in the language of the page why nobody answered, there and in the log', async () => {
  const page = await rig.openPage('/', { locale: 'de-DE' });
  await page.getByRole('button', { name: /Was ausgegeben werden darf/ }).click();
  await page.getByRole('menuitemradio', { name: /Nur kostenlos/ }).click();
  rig.providers[0]?.script(['429-after-3000']);
  await page.getByRole('textbox', { name: 'Nachricht', exact: true }).fill('Hallo');
  await page.keyboard.press('Enter');
  const card = page.getByRole('alert').filter({ hasText: 'Alle passenden Modelle ruhen' });
  await card.getByText('Die Gefragten haben nicht geantwortet: Limit erreicht.').waitFor();
  await card.getByText(/Was gegen die übrigen spricht: .*Kostet Geld, was nicht erlaubt ist/).waitFor();
  await page.goto(`${rig.server.url}/usage`);
  const log = page.getByRole('region', { name: 'Anfragen' });
  await log
    .getByRole('button', { name: /Kontingent aufgebraucht/ })
    .first()
    .click();
  await page
    .getByRole('dialog', { name: 'Beleg' })
    .getByText(/m1 \(gratis\): Limit erreicht nach/)
    .waitFor();
  await page.context().close();
});

it('never pays more for an answer than the chat allows', async () => {
  const page = await rig.openPage();
  await page.getByRole('button', { name: /What may be spent/ }).click();
  await page.getByRole('combobox', { name: 'A paid answer may cost' }).selectOption('0.01');
  await page.keyboard.press('Escape');
  rig.providers[0]?.script(['429-after-3000']);
  const before = rig.providers[1]?.received().length;
  await say(page, 'Hello');
  await page.getByRole('alert').filter({ hasText: 'Would exceed the budget' }).waitFor();
  expect(rig.providers[1]?.received()).toHaveLength(before ?? 0);
  await page.context().close();
});

it('pays when the person allows it, and shows what it cost', async () => {
  const page = await rig.openPage();
  await page.getByRole('button', { name: /What may be spent/ }).click();
  await page.getByRole('menuitemradio', { name: /Only free/ }).click();
  rig.providers[0]?.script(['429-after-3000']);
  await say(page, 'Hello');
  await page.getByRole('button', { name: 'Allow paid in this chat' }).click();
  expect(await lastAnswer(page)).toBe(canonicalAnswer);
  expect(await page.locator('[data-receipt]').textContent()).toMatch(/^Paid\$0\.00\d/);
  await page.getByRole('button', { name: 'Why?' }).click();
  await page.getByText('No free model could answer this').waitFor();
  await page.getByRole('button', { name: 'Everybody considered' }).click();
  await page
    .getByRole('listitem')
    .filter({ hasText: 'gratis' })
    .getByText(/^Rests until/)
    .waitFor();
  expect(await findAxeFaults(page)).toEqual([]);
  await page.context().close();
});

it.each([
  { locale: 'en-GB', field: 'Message', why: 'Why?', about: /about (US)?\$0\.0\d+/, spent: /this month: about/ },
  { locale: 'de-DE', field: 'Nachricht', why: 'Warum?', about: /etwa 0,0\d+\s\$/, spent: /diesen Monat: etwa/ },
])('says of a cost that is guessed that it is: $locale', async ({ locale, field, why, about, spent }) => {
  const page = await rig.openPage('/', { locale });
  rig.providers[0]?.script(['429-after-3000']);
  rig.providers[1]?.script(['no-usage']);
  await page.getByRole('textbox', { name: field, exact: true }).fill('Hello');
  await page.keyboard.press('Enter');
  expect(await page.locator('[data-receipt]').textContent()).toMatch(about);
  await page.getByRole('button', { name: why }).click();
  const sheet = page.getByRole('dialog').locator('dl');
  expect(await sheet.textContent()).toMatch(about);
  const requestId = await sheet.locator('dd').last().textContent();
  await page.goto(`${rig.server.url}/r/${requestId ?? ''}`);
  await page.getByText(about).waitFor();
  await page.goto(`${rig.server.url}/usage`);
  await page.getByRole('listitem').getByText(about).first().waitFor();
  // Sums of which a part is guessed say so, too; those that are known do not.
  await page.getByRole('definition').getByText(about).waitFor();
  const sums = page.getByRole('region', { name: /^(By|Nach)$/ });
  expect(await sums.getByRole('cell').filter({ hasText: about }).count()).toBe(1);
  await page.goto(`${rig.server.url}/people`);
  await page.getByRole('listitem').getByText(spent).waitFor();
  await page.context().close();
});

it('names the key that a provider refuses, in the language of the page', async () => {
  const refused = await openRig([
    { spec: { name: 'gratis', models: [{ ...model, fault: 'bad-key' }] }, entry: { models: [facts] } },
  ]);
  const page = await refused.openPage('/', { locale: 'de-DE' });
  await page.getByRole('textbox', { name: 'Nachricht', exact: true }).fill('Hallo');
  await page.keyboard.press('Enter');
  await page.getByText('Ein Anbieter lehnt den Schlüssel von gratis ab. Ersetze ihn unter Anbieter.').waitFor();
  await page.context().close();
  await refused.close();
});
