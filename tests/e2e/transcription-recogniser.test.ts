// Real speech through a real recogniser: a recording that was split is understood as well as one that was not.
import OpenAI, { toFile } from 'openai';
import { describe, expect, it } from 'vitest';
import { installRecogniser, readSpeech, serveRecogniser } from '../fakes/recogniser.ts';
import { toWav } from '../fakes/wav.ts';
import { OWNER_KEY, startServer, toEntry } from './local.ts';

const RATE = 16_000;
const PAUSE_SECONDS = 0.8;

/** Words left out, added or exchanged, as a share of the words said. */
function toErrorRate(heard: string, said: string): number {
  const [had, wanted] = [heard.split(/\s+/), said.split(/\s+/)];
  let row = had.map((_, index) => index + 1);
  wanted.forEach((word, line) => {
    let before = line;
    let left = line + 1;
    row = had.map((other, index) => {
      const above = row[index] ?? 0;
      left = Math.min(above + 1, left + 1, before + Number(other !== word));
      before = above;
      return left;
    });
  });
  return (row.at(-1) ?? wanted.length) / wanted.length;
}

describe('word error rate', () => {
  it('counts what is left out, added and exchanged', () => {
    expect(toErrorRate('a b c', 'a b c')).toBe(0);
    expect([toErrorRate('a c', 'a b c'), toErrorRate('a b b c', 'a b c'), toErrorRate('x y z', 'a b c')]).toEqual([
      1 / 3,
      1 / 3,
      1,
    ]);
  });
});

describe('real speech', () => {
  it('is understood in pieces as well as whole', async (test) => {
    const missing = installRecogniser();
    test.skip(missing !== null, missing ?? '');
    const speech = readSpeech();
    const said = speech.map(({ text }) => text).join(' ');
    const samples = speech.flatMap(({ samples: clip }) => [...clip, ...new Int16Array(RATE * PAUSE_SECONDS)]);
    const file = await toFile(
      toWav(samples.length / RATE, RATE, (at) => (samples[at] ?? 0) / 32_767),
      'read.wav',
    );
    const recogniser = await serveRecogniser();
    const model = { kind: 'transcription', formats: ['json'], features: [], maxBytes: 26_214_400 };
    const freeway = await startServer(
      [
        toEntry('recogniser', recogniser.baseUrl, {
          models: [
            { ...model, id: 'whole' },
            { ...model, id: 'pieces', maxSeconds: 11 },
          ],
        }),
      ],
      { FREEWAY_DEMO: 'off' },
    );
    try {
      const client = new OpenAI({ apiKey: OWNER_KEY, baseURL: `${freeway.url}/v1`, maxRetries: 0, timeout: 600_000 });
      const whole = await client.audio.transcriptions.create({ file, model: 'whole' });
      expect(recogniser.heard).toEqual([samples.length / RATE]);
      const split = await client.audio.transcriptions.create({ file, model: 'pieces' });
      const pieces = recogniser.heard.slice(1);
      expect(pieces.length).toBeGreaterThan(2);
      expect(Math.max(...pieces)).toBeLessThanOrEqual(11);
      expect(pieces.reduce((sum, seconds) => sum + seconds, 0)).toBeCloseTo(samples.length / RATE, 1);
      const [asWhole, asPieces] = [toErrorRate(whole.text, said), toErrorRate(split.text, said)];
      // It does understand: most of it, as far as it can.
      expect(asWhole).toBeLessThan(0.5);
      // One per cent, or one word where so few were said that a word is more.
      const words = said.split(' ').length;
      expect(Math.abs(asPieces - asWhole)).toBeLessThanOrEqual(Math.max(0.01, 1 / words) + 1e-9);
    } finally {
      await freeway.stop();
      await recogniser.close();
    }
  }, 600_000);
});
