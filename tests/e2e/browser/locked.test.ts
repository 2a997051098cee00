// Saved keys that can't be opened, as their person meets them: marked in the list, and entered again there and then.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findAxeFaults, openRig, type Rig } from './rig.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const GOOD = 'canary-good-key-0123456789abcd';

let rig: Rig;
beforeAll(async () => {
  const models = [{ id: 'm1', ttftMs: 5, tokensPerSecond: 2_000 }];
  rig = await openRig([{ spec: { name: 'alpha', models, keys: [GOOD] }, entry: { models: [{ id: 'other' }] } }]);
  const page = await rig.openPage('/providers');
  const { ok } = await page.evaluate(
    async ({ baseUrl, apiKey }) => {
      const body = { provider: 'openai-compatible', name: 'mine', base_url: baseUrl, plan: 'free' };
      const fields = { apiKey };
      const reply = await fetch('/api/credentials', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...body, fields }),
      });
      return { ok: reply.ok };
    },
    { baseUrl: rig.server.config.entries[0]?.baseUrl ?? '', apiKey: GOOD },
  );
  expect(ok).toBe(true);
  await page.context().close();
  const startAgain = await rig.stop();
  writeFileSync(join(rig.server.folder, 'master-key'), `${Buffer.alloc(32, 7).toString('base64')}\n`);
  await startAgain();
});
afterAll(() => rig.close());

const folderOf = (): string => rig.server.config.folder;

const forgetLost = (): Promise<number | null> => {
  const env = { ...process.env, FREEWAY_DATA: folderOf() };
  const child = spawn(process.execPath, ['scripts/migrate.ts', 'forget-lost-secrets', '--apply'], { cwd: root, env });
  return new Promise((done) => child.on('close', done));
};
const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

it('names what stands in the way of all keys, and asks for none that could not be saved', async () => {
  const page = await rig.openPage('/providers');
  const row = page.getByRole('listitem').filter({ hasText: 'mine' });
  await row.getByText('Can’t be opened', { exact: true }).waitFor();
  await row.getByText(/Whoever runs this server can put it right/).waitFor();
  expect(await row.getByRole('button', { name: 'Enter key again' }).count()).toBe(0);
  await row.getByRole('button', { name: 'Test' }).click();
  await page
    .getByRole('status')
    .filter({ hasText: /Whoever runs this server/ })
    .waitFor();
  await page.context().close();
});

it.each([
  ['light', 1280],
  ['dark', 320],
] as const)('is told in German, %s, %i px wide', async (colorScheme, width) => {
  expect(await forgetLost()).toBe(0);
  const page = await rig.openPage('/providers', { locale: 'de-DE', colorScheme, viewport: { width, height: 720 } });
  const row = page.getByRole('listitem').filter({ hasText: 'mine' });
  await row.getByText('Nicht zu öffnen', { exact: true }).waitFor();
  await row.getByRole('button', { name: 'Schlüssel neu eingeben' }).waitFor();
  expect(await findAxeFaults(page)).toEqual([]);
  expect(await overflow(page)).toBe(0);
  await page.context().close();
});

it('is well as soon as the key was entered again', async () => {
  const page = await rig.openPage('/providers', { locale: 'de-DE' });
  const row = page.getByRole('listitem').filter({ hasText: 'mine' });
  await row.getByRole('button', { name: 'Schlüssel neu eingeben' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.locator('input[type=password]').first().fill(GOOD);
  await dialog.getByRole('button', { name: 'Speichern' }).click();
  await row.getByText('Funktioniert', { exact: true }).waitFor();
  await row.getByRole('button', { name: 'Prüfen' }).waitFor();
  await page.context().close();
});
