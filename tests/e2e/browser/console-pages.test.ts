// Keys of providers, keys for programs, usage and recordings in a real browser: given, seen to work, shown once, added up, heard.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRig, type Rig } from './rig.ts';

const GIVEN = 'canary-given-key-0123456789abcdef';
const recording = fileURLToPath(new URL('../../fixtures/audio/ruby.mp3', import.meta.url));
let rig: Rig;

beforeAll(async () => {
  const models = [
    { id: 'm1', ttftMs: 5, tokensPerSecond: 5_000 },
    { id: 'whisper', kind: 'transcription' as const, ttftMs: 5 },
  ];
  const entry = {
    models: [
      { id: 'm1', size: 'large', context: 8_192 },
      { id: 'whisper', kind: 'transcription' },
    ],
  };
  rig = await openRig([{ spec: { name: 'alpha', models }, entry }]);
});
afterAll(() => rig.close());

const address = (): string => {
  const provider = rig.server.config.entries[0]?.baseUrl;
  if (provider === undefined) throw new Error('the rig has no provider');
  return provider;
};

describe('console pages', () => {
  it('take a provider by form, test it, rename it, remove it and bring it back', async () => {
    const page = await rig.openPage('/providers');
    await page.getByRole('button', { name: 'Add by form' }).click();
    await page.getByLabel('Name').fill('Mine');
    // Browsers heed this one: what they keep of signing in here, such as the owner's key, must not go to a provider.
    expect(await page.getByLabel('API key').getAttribute('autocomplete')).toBe('new-password');
    await page.getByLabel('API key').fill(GIVEN);
    await page.getByLabel('Base URL').fill(address());
    await page.getByRole('button', { name: 'Save' }).click();
    const row = page.getByRole('listitem').filter({ hasText: 'Mine' });
    await row.getByText('Works').waitFor();
    expect(await row.textContent()).toContain('cdef');
    await row.getByRole('button', { name: 'Actions for Mine' }).click();
    await page.getByRole('menuitem', { name: 'Edit' }).click();
    await page.getByLabel('Name').fill('Renamed');
    await page.getByRole('button', { name: 'Save' }).click();
    const renamed = page.getByRole('listitem').filter({ hasText: 'Renamed' });
    await renamed.getByRole('button', { name: 'Actions for Renamed' }).click();
    await page.getByRole('menuitem', { name: 'Remove' }).click();
    await page.getByRole('button', { name: 'Undo' }).click();
    await renamed.getByText('Works').waitFor();
    expect(await page.content()).not.toContain(GIVEN);
    await page.context().close();
  });

  it('recognise what is pasted on this device, and say what they do not know', async () => {
    const page = await rig.openPage('/providers');
    const asked: string[] = [];
    page.on('request', (request) => request.method() === 'POST' && asked.push(request.url()));
    await page
      .getByLabel('Paste a key, or a whole .env file')
      .fill('GROQ_API_KEY=gsk_0123456789abcdef\nSTRIPE_SECRET_KEY=x');
    await page.getByText('GROQ_API_KEY', { exact: true }).waitFor();
    await page.getByText('Not recognised, and left out: STRIPE_SECRET_KEY').waitFor();
    expect(asked).toEqual([]);
    await page.context().close();
  });

  it('show a key for programs once; it works, and is refused when it was revoked', async () => {
    const page = await rig.openPage('/keys');
    await page.getByRole('button', { name: 'Create key' }).click();
    await page.getByLabel('Name').fill('My agent');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    const key = (await page.locator('[data-secret]').textContent()) ?? '';
    expect(key).toMatch(/^fwy_/);
    await page.getByRole('button', { name: 'Done' }).click();
    expect(await page.content()).not.toContain(key);
    const ask = async (): Promise<number> => {
      const reply = await fetch(`${rig.server.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
      return reply.status;
    };
    expect(await ask()).toBe(200);
    await page.getByRole('button', { name: 'Actions for My agent' }).click();
    await page.getByRole('menuitem', { name: 'Revoke' }).click();
    await page.getByRole('button', { name: 'Revoke', exact: true }).click();
    await page.getByText('My agent was revoked.').first().waitFor();
    await expect.poll(ask).toBe(401);
    await page.context().close();
  });

  it('write down a recording, let it be corrected and exported, and add it to the usage', async () => {
    const page = await rig.openPage('/transcribe');
    await page.locator('input[type=file]').setInputFiles(recording);
    await page.getByRole('button', { name: 'Transcribe', exact: true }).click();
    const line = page.getByRole('textbox', { name: /^Transcript/ }).first();
    await line.waitFor();
    expect(await line.inputValue()).toContain('word1 word2');
    await line.fill('Corrected words.');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export SRT' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('ruby.srt');
    await page.goto(`${rig.server.url}/usage`);
    await page
      .getByRole('button', { name: /^Receipt/ })
      .first()
      .click();
    await page.getByRole('dialog').getByText('openai-compatible/whisper (alpha): answered').waitFor();
    await page.context().close();
  });
});
