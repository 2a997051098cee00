// Settings that the server keeps: one's own, those of everybody, moving in and out, and providers that are added; by the names a screen reader reads.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findAxeFaults, openRig, type Rig } from './rig.ts';

const facts = { size: 'large', context: 131_072, maxOutput: 8_192, capabilities: ['tools'] };
let rig: Rig;
let hook: Server;
const received: string[] = [];

beforeAll(async () => {
  rig = await openRig([
    { spec: { name: 'alpha', models: [{ id: 'm1' }] }, entry: { models: [{ id: 'm1', ...facts }] } },
  ]);
  hook = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      received.push(`${String(request.headers['webhook-signature'])} ${body}`);
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((done) => hook.listen(0, '127.0.0.1', done));
});
afterAll(async () => {
  hook.close();
  await rig.close();
});

it('one’s own requests and everybody’s: kept by the server, and there again after a reload', async () => {
  const page = await rig.openPage('/settings');
  const mine = page.getByRole('region', { name: 'Your requests' });
  await mine.getByLabel('Order of providers').selectOption('cost');
  await mine.getByLabel('Paying').selectOption('never');
  const budget = page.getByRole('form', { name: 'Budget of each person' });
  await budget.getByLabel('US dollars a day').fill('2.5');
  await budget.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').first().waitFor();
  await page.reload();
  await expect.poll(() => mine.getByLabel('Order of providers').inputValue()).toBe('cost');
  expect(await mine.getByLabel('Paying').inputValue()).toBe('never');
  await expect.poll(() => budget.getByLabel('US dollars a day').inputValue()).toBe('2.5');
  expect(await findAxeFaults(page)).toEqual([]);
  await page.context().close();
});

it('what can not be loaded is said so, and is there once it can be', async () => {
  const page = await rig.openPage('/');
  const error = { message: 'The store can’t be reached.', code: 'internal' };
  await page.route('**/api/settings', (route) => route.fulfill({ status: 400, json: { error } }));
  await page.goto(`${rig.server.url}/settings`);
  await page.getByText('Your settings could not be loaded').waitFor();
  await page.getByText('The store can’t be reached.').waitFor();
  // What this device keeps does not depend on it.
  await page.getByLabel('Theme').waitFor();
  await page.unroute('**/api/settings');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('region', { name: 'Your requests' }).getByLabel('Paying').waitFor();
  expect(await page.getByText('could not be loaded').count()).toBe(0);
  await page.context().close();
});

it('alerts: a webhook is set, its secret shown once, and a test arrives signed', async () => {
  const page = await rig.openPage('/settings');
  const alerts = page.getByRole('form', { name: 'Alerts' });
  await alerts
    .getByLabel('Webhook', { exact: true })
    .fill(`http://127.0.0.1:${(hook.address() as AddressInfo).port}/hook`);
  await alerts.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').first().waitFor();
  await alerts.getByRole('button', { name: 'New webhook secret' }).click();
  await alerts.getByText(/whsec_/).waitFor();
  await alerts.getByRole('button', { name: 'Send a test' }).click();
  await page
    .getByRole('list', { name: 'Last alerts' })
    .getByText(/Webhook: arrived/)
    .first()
    .waitFor();
  expect(received[0]).toMatch(/^v1,\S+ \{"type":"test\.alert"/);
  await page.context().close();
});

it('older settings are shown before they are taken over, and are there already the second time', async () => {
  const page = await rig.openPage('/settings');
  const file = {
    name: 'old.env',
    mimeType: 'text/plain',
    buffer: Buffer.from('OPENAI_COMPATIBLE_API_KEY=x\nMAX_TOKENS=5\nGROQ_API_KEY=gsk_example_0123456789abcdef'),
  };
  const input = page.locator('input[type=file][aria-label="Import older settings"]');
  await input.setInputFiles(file);
  const dialog = page.getByRole('dialog', { name: 'What becomes of these settings' });
  await dialog.getByText('will be saved').first().waitFor();
  expect(await findAxeFaults(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Take over' }).click();
  await page
    .getByText('was taken over', { exact: false })
    .or(page.getByText('were taken over', { exact: false }))
    .first()
    .waitFor();
  await input.setInputFiles(file);
  await dialog.getByText('is there already').first().waitFor();
  await page.context().close();
});

it('everything of the person is exported as a file, without a key', async () => {
  const page = await rig.openPage('/settings');
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export everything of mine' }).click();
  const stream = await (await download).createReadStream();
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  expect(JSON.parse(text)).toMatchObject({ freeway_export: 1 });
  expect(text).not.toContain('gsk_example_0123456789abcdef');
  await page.context().close();
});

it('a provider is added, removed, and brought back', async () => {
  const page = await rig.openPage('/settings');
  const section = page.getByRole('region', { name: 'Added providers' });
  await section.getByRole('button', { name: 'Add a provider' }).click();
  const form = section.getByRole('form', { name: 'Add a provider' });
  await form.getByLabel('Name').fill('Our own');
  await form.getByLabel('Address').fill('https://api.example.com/v1');
  await form.getByLabel('Models').fill('big, small');
  await form.getByRole('button', { name: 'Add', exact: true }).click();
  await section.getByText('https://api.example.com/v1').waitFor();
  expect(await findAxeFaults(page)).toEqual([]);
  await section.getByRole('button', { name: 'Remove Our own' }).click();
  await section.getByText('https://api.example.com/v1').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Undo' }).click();
  await section.getByText('https://api.example.com/v1').waitFor();
  await page.context().close();
});

it.each([
  ['en-GB', 'New chat'],
  ['de-DE', 'Neuer Chat'],
])('what a phone shows below its icon is in the language of the page: %s', async (locale, name) => {
  const page = await rig.openPage('/settings', { locale });
  const href = (await page.locator('link[rel="manifest"]').getAttribute('href')) ?? '';
  const reply = await page.request.get(`${rig.server.url}${href}`);
  expect(reply.headers()['content-type']).toContain('application/manifest+json');
  expect(((await reply.json()) as { shortcuts: { name: string }[] }).shortcuts[0]?.name).toBe(name);
  await page.context().close();
});
