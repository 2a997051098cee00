// The page of batches: what a program began is watched, cancelled and fetched there, in whatever format it came.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createGate } from '../../fakes/gate.ts';
import { OWNER_KEY } from '../local.ts';
import { fieldOf, findAxeFaults, openRig, type Rig } from './rig.ts';

const gate = createGate();
const model = { id: 'm1', ttftMs: 2, tokensPerSecond: 100_000 };
const facts = { id: 'm1', size: 'large', context: 131_072, maxOutput: 8_192, capabilities: ['tools', 'json'] };
let rig: Rig;
beforeAll(async () => {
  const price = { inputPerMillionUsd: 10, outputPerMillionUsd: 30 };
  const day = { scope: 'credential', unit: 'requests', max: 1, clock: { kind: 'calendar', every: 'day', zone: 'UTC' } };
  rig = await openRig([
    { spec: { name: 'alpha', models: [model] }, gate, entry: { models: [facts] } },
    {
      spec: { name: 'dear', models: [{ ...model, id: 'm2', fault: 'no-usage' }] },
      entry: { tier: 'paid', models: [{ ...facts, id: 'm2', price }] },
    },
    {
      spec: { name: 'few', models: [{ ...model, id: 'm3' }] },
      entry: { models: [{ ...facts, id: 'm3' }], pools: [{ ...day, models: ['m3'] }] },
    },
  ]);
});
afterAll(() => rig.close());

const headers = { authorization: `Bearer ${OWNER_KEY}` };
const post = async (path: string, body: unknown): Promise<Record<string, string>> => {
  const reply = await fetch(`${rig.server.url}${path}`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(reply.status, await reply.clone().text()).toBe(200);
  return (await reply.json()) as Record<string, string>;
};

const body = { model: 'm1', max_tokens: 50, messages: [{ role: 'user', content: 'Hello' }] };
const toLine = (id: string, as = body.model): string =>
  JSON.stringify({ custom_id: id, method: 'POST', url: '/v1/chat/completions', body: { ...body, model: as } });

/** Sends a file of lines as OpenAI's client does; answers its id. */
async function send(lines: readonly string[]): Promise<string> {
  const form = new FormData();
  form.set('purpose', 'batch');
  form.set('file', new File([lines.join('\n')], 'in.jsonl'));
  const file = await fetch(`${rig.server.url}/v1/files`, { method: 'POST', headers, body: form });
  return ((await file.json()) as { id: string }).id;
}

/** Begins one over a file that was sent. */
async function beginOver(fileId: string, name: string): Promise<void> {
  const batch = { input_file_id: fileId, endpoint: '/v1/chat/completions', completion_window: '24h' };
  await post('/v1/batches', { ...batch, metadata: { description: name } });
}

const begin = async (name: string, lines: readonly string[]): Promise<void> => beginOver(await send(lines), name);

const asked = (): number => rig.providers[0]!.received().filter(({ path }) => path.includes('chat')).length;

it('while there is none it says how to begin one, and is reached from usage and from the palette', async () => {
  const page = await rig.openPage('/usage');
  await page.getByRole('link', { name: 'Batches' }).click();
  await page.getByRole('heading', { level: 1, name: 'Batches' }).waitFor();
  await page.getByText('No batch yet').waitFor();
  await page.getByText(`base_url="${rig.server.url}/v1"`).waitFor();
  expect(await page.getByRole('link', { name: 'Usage' }).getAttribute('aria-current')).toBe('page');
  expect(await findAxeFaults(page)).toEqual([]);
  await page.goto(rig.server.url);
  await fieldOf(page).waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Commands' }).fill('batches');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Batches' }).waitFor();
  await page.context().close();
});

it('shows how far one is while it goes on, and hands out its answers', async () => {
  gate.allow(0);
  await begin(
    'Nightly',
    ['a', 'b', 'c'].map((id) => toLine(id)),
  );
  const page = await rig.openPage('/batches');
  const row = page.getByRole('listitem').filter({ hasText: 'Nightly' });
  await row.getByText('Under way').waitFor();
  await row.getByText('0 of 3 done').waitFor();
  gate.allow(Infinity);
  await row.getByText('3 of 3 done · 3 free · cost $0.00').waitFor();
  await row.getByText('Done', { exact: true }).waitFor();
  expect(await row.getByRole('progressbar').getAttribute('aria-valuenow')).toBe('3');
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    row.getByRole('link', { name: 'Answers of Nightly' }).click(),
  ]);
  const lines = (await readFile(await saved.path(), 'utf8')).trim().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { custom_id: string }).custom_id)).toEqual(['a', 'b', 'c']);
  expect(asked()).toBe(3);
  await page.context().close();
});

it('cancels one, and nothing further is asked', async () => {
  gate.allow(0);
  const before = asked();
  await begin(
    'Too much',
    Array.from({ length: 40 }, (_, at) => toLine(`r${at}`)),
  );
  const lists: string[] = [];
  const page = await rig.openPage('/batches', { locale: 'de-DE', viewport: { width: 320, height: 720 } });
  const row = page.getByRole('listitem').filter({ hasText: 'Too much' });
  await row.getByText('0 von 40 erledigt').waitFor();
  const cancel = row.getByRole('button', { name: 'Too much abbrechen' });
  await cancel.click();
  const dialog = page.getByRole('dialog', { name: 'Diesen Batch abbrechen?' });
  expect(await findAxeFaults(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Weiterlaufen lassen' }).click();
  await expect.poll(() => cancel.evaluate((button) => button === document.activeElement)).toBe(true);
  // From here on it is long until the list is asked for by itself.
  await page.reload();
  await row.getByText('0 von 40 erledigt').waitFor();
  page.on('request', (request) => {
    if (/batches\?/.test(request.url())) lists.push(request.url());
  });
  await cancel.click();
  await dialog.getByText('Too much').waitFor();
  await dialog.getByRole('button', { name: 'Batch abbrechen' }).click();
  await page.getByText('Too much wird abgebrochen.').first().waitFor();
  // The reply told how it stands: nothing else was asked for. The button that had the focus is gone, its row is not.
  expect(lists).toEqual([]);
  await expect.poll(() => row.evaluate((item) => item === document.activeElement)).toBe(true);
  gate.allow(Infinity);
  await row.getByText('Abgebrochen').waitFor();
  expect(asked() - before).toBeLessThan(10);
  expect(await row.getByRole('button').count()).toBe(0);
  expect(await findAxeFaults(page)).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
  await page.context().close();
});

it('says what is wrong with a file, by its lines', async () => {
  await begin('Broken', [toLine('a'), '{', ...Array.from({ length: 7 }, () => 'no JSON')]);
  const page = await rig.openPage('/batches', { colorScheme: 'dark' });
  const row = page.getByRole('listitem').filter({ hasText: 'Broken' });
  await row.getByText('Failed', { exact: true }).waitFor();
  await row.getByText(/^Line 2: /).waitFor();
  await row.getByText('And 3 more of this kind.').waitFor();
  expect(await findAxeFaults(page)).toEqual([]);
  await page.context().close();
});

it('shows those in Anthropic’s format beside them, with what they cost', async () => {
  const requests = ['a', 'b'].map((custom_id) => ({ custom_id, params: body }));
  await post('/v1/messages/batches', { requests });
  const page = await rig.openPage('/batches');
  // In this format a batch has no name: it is called by the model that all its requests ask for.
  const row = page.getByRole('listitem').filter({ has: page.getByText('m1', { exact: true }) });
  await row.getByText('2 of 2 done · 2 free · cost $0.00').waitFor();
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    row.getByRole('link', { name: 'Results of m1' }).click(),
  ]);
  expect((await readFile(await saved.path(), 'utf8')).trim().split('\n')).toHaveLength(2);
  await page.context().close();
});

it('shows those that are begun while it is open', async () => {
  const page = await rig.openPage('/usage');
  await page.clock.install();
  await page.goto(`${rig.server.url}/batches`);
  await page.getByText('Nightly').waitFor();
  await begin('Begun later', [toLine('a')]);
  await page.clock.fastForward(11_000);
  await page.getByText('Begun later').waitFor();
  await page.context().close();
});

it('says that the cost is not exact where one who was paid did not tell what was used', async () => {
  await begin('Unsure', [toLine('a', 'm2')]);
  const page = await rig.openPage('/batches');
  await page
    .getByRole('listitem')
    .filter({ hasText: 'Unsure' })
    .getByText(/1 of 1 done · 1 paid · cost about \$/)
    .waitFor();
  await page.context().close();
});

it('says in the language of the page what one waits for', async () => {
  await begin('Patient', [toLine('a', 'm3'), toLine('b', 'm3')]);
  const page = await rig.openPage('/batches', { locale: 'de-DE' });
  await page
    .getByRole('listitem')
    .filter({ hasText: 'Patient' })
    .getByText(/^Wartet bis .*: Kostenloses ist gerade aufgebraucht\.$/)
    .waitFor();
  await page.context().close();
});

it('turns the pages of many, and says when one can’t be loaded', async () => {
  const fileId = await send([toLine('a')]);
  for (let at = 0; at < 52; at++) await beginOver(fileId, `Many ${String(at).padStart(2, '0')}`);
  const page = await rig.openPage('/batches');
  await page.getByText('Many 51').waitFor();
  expect(await page.getByText('Many 01').count()).toBe(0);
  const error = { message: 'The store is away.', code: 'internal' };
  await page.route('**/v1/batches?*after=*', (route) => route.fulfill({ status: 500, json: { error } }));
  const older = page.getByRole('button', { name: 'Show older' });
  await older.click();
  await page.getByRole('alert').getByText('Older ones could not be loaded: The store is away.').waitFor();
  await page.unroute('**/v1/batches?*after=*');
  await older.click();
  for (const name of ['Many 01', 'Nightly', 'm1']) await page.getByText(name, { exact: true }).waitFor();
  expect(await older.count()).toBe(0);
  expect(await findAxeFaults(page)).toEqual([]);
  await page.context().close();
});

it('says when they can’t be loaded, and loads them when asked again', async () => {
  const page = await rig.openPage('/keys');
  const error = { message: 'The store is away.', code: 'internal' };
  await page.route('**/v1/batches?*', (route) => route.fulfill({ status: 500, json: { error } }));
  await page.goto(`${rig.server.url}/batches`);
  const note = page.getByRole('alert').filter({ hasText: 'Your batches could not be loaded' });
  await note.getByText('The store is away.').waitFor();
  await page.unroute('**/v1/batches?*');
  await note.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('Many 51').waitFor();
  await page.context().close();
});
