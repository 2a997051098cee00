// The simulated provider's Gemini format, as the official client and Google's error model have it.
import { ApiError, GoogleGenAI } from '@google/genai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canonicalAnswer } from '../fakes/provider/answer.ts';
import { createFakeProvider, type FakeProvider } from '../fakes/provider/core.ts';
import { serveFakeProvider, type FakeServer } from '../fakes/provider/server.ts';

let provider: FakeProvider;
let server: FakeServer;
let client: GoogleGenAI;

beforeEach(async () => {
  const models = [{ id: 'm1', ttftMs: 1, tokensPerSecond: 1e6, reasoning: true }];
  provider = createFakeProvider({ name: 'alpha', models, keys: ['k'] }, { now: Date.now });
  server = await serveFakeProvider(provider);
  const httpOptions = { baseUrl: `http://127.0.0.1:${server.port}`, apiVersion: 'v1beta' };
  client = new GoogleGenAI({ apiKey: 'k', httpOptions });
});
afterEach(() => server.close());

const question = { model: 'm1', contents: 'Go.' };
const declarations = [
  { name: 'look', parametersJsonSchema: { type: 'object', properties: { at: { type: 'string' } } } },
];

describe('the Gemini format', () => {
  it('answers whole, and tells what was used', async () => {
    const { text, usageMetadata, candidates, modelVersion } = await client.models.generateContent(question);
    expect([text, candidates?.[0]?.finishReason, modelVersion]).toEqual([canonicalAnswer, 'STOP', 'm1']);
    const { promptTokenCount = 0, candidatesTokenCount = 0, totalTokenCount } = usageMetadata ?? {};
    expect(promptTokenCount).toBeGreaterThan(0);
    expect(totalTokenCount).toBe(promptTokenCount + candidatesTokenCount);
  });
  it('streams, thoughts apart, the use growing from chunk to chunk', async () => {
    const config = { thinkingConfig: { includeThoughts: true } };
    let text = '';
    const counts: number[] = [];
    const finishes: string[] = [];
    for await (const chunk of await client.models.generateContentStream({ ...question, config })) {
      text += chunk.text ?? '';
      counts.push(chunk.usageMetadata?.totalTokenCount ?? 0);
      finishes.push(...(chunk.candidates?.[0]?.finishReason ? [chunk.candidates[0].finishReason] : []));
    }
    expect([text, finishes]).toEqual([canonicalAnswer, ['STOP']]);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  });
  it('calls functions, and takes their results', async () => {
    const config = { tools: [{ functionDeclarations: declarations }] };
    const contents = 'call tool look with {"at":"sea"}';
    const { functionCalls = [] } = await client.models.generateContent({ model: 'm1', contents, config });
    expect(functionCalls).toMatchObject([{ name: 'look', args: { at: 'sea' } }]);
    const [call] = functionCalls;
    const again = await client.models.generateContent({
      model: 'm1',
      contents: [
        { role: 'user', parts: [{ text: contents }] },
        { role: 'model', parts: [{ functionCall: call! }] },
        { role: 'user', parts: [{ functionResponse: { name: 'look', response: { output: 'waves' } } }] },
      ],
      config,
    });
    expect(again.text).toBe('The tool answered: waves');
  });
  it('refuses a limit with the quota and the wait in the details', async () => {
    provider.script(['429-gemini-7']);
    const error = await client.models.generateContentStream(question).catch((thrown: unknown) => thrown);
    if (!(error instanceof ApiError)) throw new Error('not refused');
    expect(error.status).toBe(429);
    const body = JSON.parse(error.message) as { error: { status: string; details: { '@type': string }[] } };
    expect(body.error.status).toBe('RESOURCE_EXHAUSTED');
    expect(body.error.details.map((detail) => detail['@type'].split('.').at(-1))).toEqual(
      expect.arrayContaining(['QuotaFailure', 'RetryInfo']),
    );
    expect(body.error.details).toContainEqual(expect.objectContaining({ retryDelay: expect.stringMatching(/^7/) }));
  });
  it('refuses a prompt by a good reply without an answer', async () => {
    provider.script(['filter']);
    const { promptFeedback, candidates } = await client.models.generateContent(question);
    expect([promptFeedback?.blockReason, candidates]).toEqual(['PROHIBITED_CONTENT', undefined]);
  });
  it('knows its own fields only, and streams only as events', async () => {
    const ask = (path: string, body: object): Promise<Response> =>
      fetch(`http://127.0.0.1:${server.port}/v1beta/models/m1:${path}`, {
        method: 'POST',
        headers: { 'x-goog-api-key': 'k' },
        body: JSON.stringify(body),
      });
    const contents = [{ role: 'user', parts: [{ text: 'Go.' }] }];
    const wrong = await ask('generateContent', { contents, messages: [] });
    expect([wrong.status, await wrong.json()]).toMatchObject([400, { error: { status: 'INVALID_ARGUMENT' } }]);
    expect((await ask('streamGenerateContent', { contents })).status).toBe(404);
    expect((await ask('streamGenerateContent?alt=sse', { contents })).status).toBe(200);
  });
});
