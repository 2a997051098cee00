// Finished transcripts: they outlive the page, are listed, opened, renamed, exported and deleted, also where nothing can be uploaded ahead.
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createGate } from '../../fakes/gate.ts';
import { hearSpeech, synthesise } from '../../fakes/speech.ts';
import { findAxeFaults, openRig, type Rig } from './rig.ts';

const speech = synthesise(20, 11);
const said = speech.words.map(({ word }) => word).join(' ');
const talk = { name: 'talk.wav', mimeType: 'audio/wav', buffer: speech.wav };
const MODEL = { id: 'w', kind: 'transcription', formats: ['json', 'verbose_json'], features: ['segments'] };

const gate = createGate();
let rig: Rig;
beforeAll(async () => {
  const models = [{ id: 'w', kind: 'transcription' as const, ttftMs: 20 }];
  rig = await openRig([{ spec: { name: 'ear', models, hear: hearSpeech }, entry: { models: [MODEL] }, gate }]);
});
afterAll(() => rig.close());

/** A page of somebody whose server takes recordings in one request only. */
async function openPage(width = 1_280): Promise<Page> {
  const page = await rig.openPage('/settings', { viewport: { width, height: 800 } });
  await page.route('**/api/transcriptions/allowance', async (route) => {
    const reply = await route.fetch();
    await route.fulfill({ json: { ...((await reply.json()) as object), max_bytes: 0 } });
  });
  await page.goto(`${rig.server.url}/transcribe`);
  return page;
}

async function begin(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Choose a file' }).waitFor();
  await page.locator('input[type=file]').setInputFiles(talk);
  await page.getByText(/free right now|without a limit/).waitFor();
  await page.getByRole('button', { name: 'Transcribe', exact: true }).click();
}

const lines = (page: Page) => page.getByRole('textbox', { name: /^Transcript/ });
const readLines = async (page: Page): Promise<string> => {
  await lines(page).first().waitFor();
  return (await lines(page).evaluateAll((all) => all.map((line) => (line as HTMLTextAreaElement).value))).join(' ');
};

async function exportAs(page: Page, kind: string): Promise<{ readonly name: string; readonly text: string }> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: `Export ${kind}` }).click(),
  ]);
  return { name: download.suggestedFilename(), text: readFileSync(await download.path(), 'utf8') };
}

it('is there again after a reload, and later in the list, with what was corrected', async () => {
  const page = await openPage();
  await begin(page);
  expect(await readLines(page)).toBe(said);
  await page.reload();
  expect(await readLines(page)).toBe(said);
  await lines(page).first().fill('Corrected.');
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor();
  await page.goBack();
  await expect.poll(() => lines(page).first().inputValue()).toBe('Corrected.');
  await page.getByRole('button', { name: 'Another recording' }).click();
  await page.getByRole('link', { name: 'talk' }).click();
  await expect.poll(() => lines(page).first().inputValue()).toBe('Corrected.');
  expect(await findAxeFaults(page)).toEqual([]);
  await page.reload();
  await expect.poll(() => lines(page).first().inputValue()).toBe('Corrected.');
  for (const [kind, pattern] of [
    ['TXT', /^Corrected\./],
    ['SRT', /^1\n00:00:0\d,\d{3} --> [\s\S]*Corrected\./],
    ['VTT', /^WEBVTT\n\n00:00:0\d\.\d{3} --> [\s\S]*Corrected\./],
    ['JSON', /"text": "Corrected\./],
  ] as const) {
    const { name, text } = await exportAs(page, kind);
    expect(name).toBe(`talk.${kind.toLowerCase()}`);
    expect(text).toMatch(pattern);
  }
  await page.context().close();
});

it('is renamed and deleted, and brought back when that was a mistake', async () => {
  const page = await openPage();
  await begin(page);
  await readLines(page);
  await page.getByRole('button', { name: 'Another recording' }).click();
  const act = async (what: string): Promise<void> => {
    await page.getByRole('button', { name: /^Actions for/ }).click();
    await page.getByRole('menuitem', { name: what }).click();
  };
  await act('Rename');
  await page.getByRole('textbox', { name: 'Name' }).fill('Interview, part 2.1');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Interview, part 2.1' }).click();
  await page.getByRole('heading', { level: 1, name: 'Interview, part 2.1' }).waitFor();
  expect((await exportAs(page, 'TXT')).name).toBe('Interview, part 2.1.txt');
  await act('Delete');
  await page.getByRole('button', { name: 'Choose a file' }).waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('link', { name: 'Interview, part 2.1' }).waitFor();
  await act('Delete');
  await expect.poll(() => page.getByRole('link', { name: 'Interview' }).count()).toBe(0);
  await page.reload();
  await page.getByRole('button', { name: 'Choose a file' }).waitFor();
  expect(await page.getByRole('heading', { name: 'Your transcripts' }).count()).toBe(0);
  await page.goto(`${rig.server.url}/transcribe/0123456789abcdef`);
  await page.getByText('This transcript is not on this device').waitFor();
  await page.context().close();
});

it('goes on while its person is on another page, and is asked for once', async () => {
  const page = await openPage();
  const before = rig.providers[0]?.books().total().accepted ?? 0;
  gate.allow(0);
  await begin(page);
  await page.getByText('Sending …').waitFor();
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor();
  gate.allow(Infinity);
  await page.getByRole('link', { name: 'Transcribe' }).click();
  expect(await readLines(page)).toBe(said);
  expect(rig.providers[0]?.books().total().accepted).toBe(before + 1);
  await page.context().close();
});

it('320 px: nothing that axe finds, nothing that overflows', async () => {
  const page = await openPage(320);
  await begin(page);
  await readLines(page);
  await page.getByRole('button', { name: 'Another recording' }).click();
  await page.getByRole('link', { name: 'talk' }).waitFor();
  expect(await findAxeFaults(page)).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  await page.context().close();
});
