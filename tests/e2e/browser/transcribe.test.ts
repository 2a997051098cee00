// The transcription page in a real browser: long recordings in pieces, one that fails and is tried again, a reload in the middle, the microphone, exports, and axe.
import { readFileSync } from 'node:fs';
import type { Page, Route } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGate } from '../../fakes/gate.ts';
import { hearSpeech, synthesise } from '../../fakes/speech.ts';
import { findAxeFaults, openRig, type Rig } from './rig.ts';

const MODEL = {
  id: 'w',
  kind: 'transcription',
  formats: ['json', 'verbose_json'],
  features: ['words', 'segments'],
  maxSeconds: 60,
};
const speech = synthesise(360, 11);
const said = speech.words.map(({ word }) => word);
const long = { name: 'talk.wav', mimeType: 'audio/wav', buffer: speech.wav };

const gate = createGate();
let rig: Rig;
beforeAll(async () => {
  const pool = { models: ['*'], unit: 'audio_seconds', max: 36_000, clock: { kind: 'rolling', seconds: 3_600 } };
  rig = await openRig([
    {
      spec: {
        name: 'ear',
        models: [{ id: 'w', kind: 'transcription', ttftMs: 20 }],
        // Whatever the microphone of a test gives.
        hear: (upload) => (upload[0] === 0x52 ? hearSpeech(upload) : [{ word: 'heard', start: 0, end: 1 }]),
      },
      entry: { models: [MODEL], pools: [pool] },
      gate,
    },
  ]);
});
afterAll(() => rig.close());

const pieces = (page: Page) => page.getByRole('list', { name: 'Pieces' }).getByRole('listitem');

async function choose(page: Page): Promise<void> {
  await page.locator('input[type=file]').setInputFiles(long);
  await page.getByText('about 6 min. All of it is free right now.').waitFor();
}

/** All that stands in the transcript's lines. */
const readLines = async (page: Page): Promise<string> => {
  const lines = page.getByRole('textbox', { name: /^Transcript/ });
  await lines.first().waitFor();
  return (await lines.evaluateAll((all) => all.map((line) => (line as HTMLTextAreaElement).value))).join(' ');
};

describe('the transcription page', () => {
  it('splits a long recording, tells who serves each piece, and exports what was corrected', async () => {
    const page = await rig.openPage('/transcribe');
    await choose(page);
    gate.allow(3);
    await page.getByRole('button', { name: 'Transcribe', exact: true }).click();
    await pieces(page).nth(5).waitFor();
    await pieces(page).filter({ hasText: 'done' }).filter({ hasText: 'by openai-compatible/w' }).first().waitFor();
    expect(await page.getByRole('progressbar', { name: 'Progress' }).getAttribute('aria-valuenow')).toMatch(/^\d+$/);
    gate.allow(Infinity);
    expect((await readLines(page)).split(' ')).toEqual(said);
    await page
      .getByRole('textbox', { name: /^Transcript/ })
      .first()
      .fill('Corrected.');
    for (const [kind, pattern] of [
      ['TXT', /^Corrected\./],
      ['SRT', /^1\n00:00:00,000 --> [\s\S]*Corrected\./],
      ['VTT', /^WEBVTT\n\n00:00:00\.000 --> [\s\S]*Corrected\./],
      ['JSON', /"text": "Corrected\./],
    ] as const) {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: `Export ${kind}` }).click(),
      ]);
      expect(download.suggestedFilename()).toBe(`talk.${kind.toLowerCase()}`);
      expect(readFileSync(await download.path(), 'utf8')).toMatch(pattern);
    }
    await page.context().close();
  });

  it('goes on after a reload in the middle, and pauses when asked', async () => {
    const page = await rig.openPage('/transcribe');
    await choose(page);
    gate.allow(1);
    await page.getByRole('button', { name: 'Transcribe', exact: true }).click();
    await pieces(page).first().waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText(/· paused/).waitFor();
    gate.allow(Infinity);
    await page.reload();
    await page.getByText('talk.wav', { exact: false }).waitFor();
    await page.getByText(/· paused/).waitFor();
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.reload();
    expect((await readLines(page)).split(' ')).toEqual(said);
    await page.reload();
    // Finished ones are there again, too, until another is chosen.
    expect((await readLines(page)).split(' ')).toEqual(said);
    const first = page.getByRole('textbox', { name: /^Transcript/ }).first();
    await first.fill('Corrected.');
    await page.reload();
    await expect.poll(() => first.inputValue()).toBe('Corrected.');
    await page.getByRole('link', { name: 'Settings' }).click();
    await page.goBack();
    await expect.poll(() => first.inputValue()).toBe('Corrected.');
    await page.getByRole('button', { name: 'Another recording' }).click();
    await page.reload();
    await page.getByRole('button', { name: 'Choose a file' }).waitFor();
    await page.context().close();
  });

  it('goes on with what was begun when the server was not reached for a while, in the language that was chosen', async () => {
    const page = await rig.openPage('/transcribe');
    const declared: unknown[] = [];
    page.on('request', (request) => {
      if (request.method() === 'POST' && request.url().endsWith('/api/transcriptions'))
        declared.push(request.postDataJSON());
    });
    await choose(page);
    await page.getByLabel('Language').selectOption('German');
    gate.allow(0);
    await page.getByRole('button', { name: 'Transcribe', exact: true }).click();
    await pieces(page).nth(5).waitFor();
    let lost = 0;
    const lose = (route: Route): Promise<void> => (lost++ < 5 ? route.abort() : route.continue());
    await page.route(/\/api\/transcriptions\/[^/]+$/, lose);
    await page.getByText('The server could not be reached.').waitFor();
    expect(lost).toBe(4);
    expect(await page.getByLabel('Language').inputValue()).toBe('de');
    // Not even now: nothing is declared anew on a guess.
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect.poll(() => lost).toBe(5);
    await page.getByText('The server could not be reached.').waitFor();
    await page.getByRole('button', { name: 'Try again' }).click();
    await pieces(page).nth(5).waitFor();
    gate.allow(Infinity);
    expect((await readLines(page)).split(' ')).toEqual(said);
    expect(declared).toMatchObject([{ options: { language: 'de' } }]);
    await page.context().close();
  });

  it('keeps the others when one piece fails, and tries that one again', async () => {
    rig.providers[0]?.script(['ok', { kind: 'refusal', refusal: 'invalid_request' }]);
    const page = await rig.openPage('/transcribe');
    await choose(page);
    await page.getByRole('button', { name: 'Transcribe', exact: true }).click();
    await page.getByText(/One piece could not be transcribed/).waitFor();
    const failed = pieces(page).filter({ hasText: 'failed' });
    await expect.poll(() => failed.count()).toBe(1);
    expect(await findAxeFaults(page)).toEqual([]);
    await failed.getByRole('button', { name: /^Try again/ }).click();
    expect((await readLines(page)).split(' ')).toEqual(said);
    await page.context().close();
  });

  it('records, keeps what was heard when the page breaks, and transcribes it', async () => {
    const page = await rig.openPage('/transcribe');
    await page.getByRole('button', { name: 'Record' }).click();
    await page.getByRole('button', { name: /^Stop recording\. Recording, (?!0:0[0-2])/ }).waitFor();
    await page.reload();
    await page.getByText('A recording was interrupted').waitFor();
    await page.getByRole('button', { name: 'Use it' }).click();
    await page.getByText(/^recording\.webm, /).waitFor();
    await page.getByRole('button', { name: 'Another recording' }).click();
    await page.getByRole('button', { name: 'Record' }).click();
    await page.getByRole('button', { name: /^Stop recording\. Recording, (?!0:0[01])/ }).click();
    await page.getByText(/^recording\.webm, /).waitFor();
    await page.getByRole('button', { name: 'Transcribe', exact: true }).click();
    expect(await readLines(page)).toBe('heard');
    await page.context().close();
  });

  it('says what is wrong with a file, before anything is spent', async () => {
    const before = rig.providers[0]?.books().total().accepted;
    const page = await rig.openPage('/transcribe');
    const text = { name: 'a.mp3', mimeType: 'audio/mpeg', buffer: Buffer.from('no sound at all') };
    await page.locator('input[type=file]').setInputFiles(text);
    await page.getByRole('button', { name: 'Transcribe', exact: true }).click();
    await page
      .getByRole('alert')
      .getByText(/no recording that can be read here/)
      .waitFor();
    expect(rig.providers[0]?.books().total().accepted).toBe(before);
    await page.context().close();
  });

  it.each([
    ['light', 1_280],
    ['dark', 1_280],
    ['light', 320],
    ['dark', 320],
  ] as const)(
    '%s, %i px: nothing that axe finds, nothing that overflows, from the file to the transcript',
    async (colorScheme, width) => {
      const page = await rig.openPage('/transcribe', { colorScheme, viewport: { width, height: 720 } });
      const look = async (): Promise<void> => {
        expect(await findAxeFaults(page)).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
      };
      await choose(page);
      await look();
      gate.allow(0);
      await page.getByRole('button', { name: 'Transcribe', exact: true }).click();
      await pieces(page).first().waitFor();
      await look();
      gate.allow(Infinity);
      await readLines(page);
      await look();
      await page.context().close();
    },
  );
});
