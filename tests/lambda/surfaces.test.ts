// Every surface of the built function under the official runtime client: other formats, sound, and people who sign in with Google.
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmulator, type Emulator } from '../../scripts/lambda-emulator/emulator.ts';
import { OWNER_KEY, toEntry } from '../e2e/local.ts';
import { engineMissing } from '../fakes/dynamo-engine.ts';
import { createFakeProvider, type FakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';
import { toWav } from '../fakes/wav.ts';
import { CLIENT_ID, startIssuer, type Issuer } from '../people/issuer.ts';
import { useStage } from './stage.ts';

const messages = [{ role: 'user' as const, content: 'hello' }];
const whisper = { id: 'whisper', kind: 'transcription', formats: ['json', 'verbose_json'], features: ['segments'] };

describe.skipIf(engineMissing !== null)(
  `surfaces${engineMissing === null ? '' : ` (skipped: ${engineMissing})`}`,
  () => {
    const { bundleDir, openTable } = useStage();
    let provider: FakeProvider;
    let server: FakeServer;
    let issuer: Issuer;
    let emulator: Emulator;

    beforeAll(async () => {
      issuer = await startIssuer();
      const speed = { ttftMs: 5, tokensPerSecond: 5_000 };
      provider = createFakeProvider(
        {
          name: 'alpha',
          answer: 'canonical',
          models: [
            { id: 'm1', ...speed },
            { id: 'whisper', kind: 'transcription', ...speed },
            { id: 'embed', kind: 'embedding', ...speed },
          ],
        },
        { now: Date.now },
      );
      server = await serveFakeProvider(provider);
      const models = [{ id: 'm1' }, whisper, { id: 'embed', kind: 'embedding' }];
      emulator = await startEmulator({
        bundleDir: bundleDir(),
        env: {
          ...(await openTable()).env,
          FREEWAY_PROVIDERS: JSON.stringify([toEntry('alpha', server.baseUrl, { models })]),
          GOOGLE_CLIENT_ID: CLIENT_ID,
          GOOGLE_CERTS_URL: issuer.certsUrl,
          ALLOWED_EMAILS: 'ada@example.com',
        },
      });
    });
    afterAll(async () => {
      await emulator.close();
      await server.close();
      await issuer.close();
    });

    const openai = (): OpenAI => new OpenAI({ apiKey: OWNER_KEY, baseURL: `${emulator.url}/v1`, maxRetries: 0 });

    it('transcribes by HTTP, and by a payload without it', async () => {
      const sound = toWav(3);
      const file = await toFile(sound, 'talk.wav');
      const heard = await openai().audio.transcriptions.create({
        model: 'whisper',
        file,
        response_format: 'verbose_json',
      });
      expect(heard.text).not.toBe('');
      expect(heard.duration).toBeCloseTo(3, 1);
      const payload = {
        operation: 'transcribe',
        model: 'whisper',
        audio: sound.toString('base64'),
        filename: 'talk.wav',
      };
      const { functionError, payload: text } = await emulator.directInvoke(payload);
      expect(functionError, text).toBe(false);
      expect(JSON.parse(text)).toMatchObject({ text: heard.text, metadata: { model_id: 'whisper', tier: 'free' } });
      expect(provider.books().total()).toMatchObject({ served: 2 });
      const freeway = { privacy: 'no_training' };
      for (const bounded of [payload, { operation: 'embed', model: 'embed', input: 'one' }])
        expect((await emulator.directInvoke({ ...bounded, freeway })).payload).toContain('NoCandidate');
      expect(provider.books().total()).toMatchObject({ served: 2 });
    });

    it('speaks the formats of other clients, whole and streamed', async () => {
      const anthropic = new Anthropic({ apiKey: OWNER_KEY, baseURL: emulator.url, maxRetries: 0 });
      const asked = { model: 'm1', max_tokens: 200, messages };
      const whole = await anthropic.messages.create(asked);
      const [block] = whole.content;
      const text = block?.type === 'text' ? block.text : '';
      expect(text.split(' ')).toHaveLength(60);
      expect(await anthropic.messages.stream(asked).finalText()).toBe(text);

      const gemini = new GoogleGenAI({ apiKey: OWNER_KEY, httpOptions: { baseUrl: emulator.url } });
      expect((await gemini.models.generateContent({ model: 'm1', contents: 'hello' })).text).toBe(text);
      let streamed = '';
      for await (const part of await gemini.models.generateContentStream({ model: 'm1', contents: 'hello' }))
        streamed += part.text ?? '';
      expect(streamed).toBe(text);

      expect((await openai().responses.create({ model: 'm1', input: 'hello' })).output_text).toBe(text);
      const { data } = await openai().embeddings.create({ model: 'embed', input: ['one', 'two'] });
      expect(data.map(({ index }) => index)).toEqual([0, 1]);
    });

    it('reads settings of another proxy, with the parser that is loaded for them', async () => {
      const text =
        'model_list:\n  - model_name: fast\n    litellm_params:\n      model: groq/llama-3.1-8b-instant\n      api_key: gsk_x\n';
      const reply = await fetch(`${emulator.url}/api/import`, {
        method: 'POST',
        headers: { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' },
        body: JSON.stringify({ text }),
      });
      expect(await reply.json()).toMatchObject({ dry_run: true, credentials: [{ provider: 'groq', status: 'new' }] });
    });

    it('lets in whom Google vouches for and the list names, and nobody else', async () => {
      const ask = (token: string): Promise<Response> =>
        fetch(`${emulator.url}/v1/chat/completions`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify({ model: 'm1', messages }),
        });
      const good = await ask(issuer.sign());
      expect(good.status, await good.text()).toBe(200);
      const refused = [
        issuer.sign({ claims: { email: 'eve@example.com' } }),
        issuer.sign({ claims: { aud: 'somebody-else' } }),
        issuer.sign({ forged: true }),
        issuer.sign({ claims: { exp: 1 } }),
      ];
      for (const token of refused) expect([401, 403]).toContain((await ask(token)).status);
    });
  },
);
