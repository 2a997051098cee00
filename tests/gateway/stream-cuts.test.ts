// A stream cut or stalled at every byte: the caller gets the canonical answer, once, and official clients can read it.
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { canonicalAnswer } from '../fakes/provider/answer.ts';
import { createFakeProvider } from '../fakes/provider/core.ts';
import type { Fault } from '../fakes/provider/faults.ts';
import type { FakeModel, FakeProviderSpec } from '../fakes/provider/spec.ts';
import { createWorld, toEntry, type Reply } from './harness.ts';

const body = {
  model: 'm1',
  stream: true,
  stream_options: { include_usage: true },
  messages: [{ role: 'user', content: 'Go.' }],
};
const model: FakeModel = { id: 'm1', ttftMs: 1, tokensPerSecond: 1e9 };
const spec = (name: string, more: Partial<FakeModel> = {}): FakeProviderSpec => ({
  name,
  wordsPerChunk: 12,
  models: [{ ...model, ...more }],
});

/** The length of the stream as the provider sends it. */
function streamBytes(): number {
  const provider = createFakeProvider(spec('alpha'), { now: () => 0 });
  const plan = provider.handle({ method: 'POST', path: '/chat/completions', headers: {}, body: JSON.stringify(body) });
  return plan.chunks.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

const takesPrefill = toEntry('beta', {
  priority: 20,
  models: [{ id: 'm1', kind: 'chat', context: 131_072, size: 'large', capabilities: ['prefill'] }],
});

type Prefill = NonNullable<FakeModel['prefill']>;

/** Breaks a stream of the first provider; `prefill`: how the second takes a beginning, null when it is given none. */
async function createBreaker(prefill: Prefill | null): Promise<(fault: Fault) => Promise<Reply>> {
  const entries = [
    toEntry('alpha', { priority: 10 }),
    prefill === null ? toEntry('beta', { priority: 20 }) : takesPrefill,
  ];
  const second = spec('beta', prefill === null ? {} : { prefill });
  const world = await createWorld({ providers: [spec('alpha'), second], entries });
  return async (fault) => {
    world.providers['alpha']!.script([fault, 'ok']);
    const reply = await world.ask(body);
    expect([world.upstream.open(), world.clock.pending()]).toEqual([0, 0]);
    // A success in between keeps the first provider from being benched.
    await world.ask(body);
    return reply;
  };
}

/** Through the official client: its text, and how it ended. */
async function readOfficially(reply: Reply): Promise<{ text: string; finishes: string[] }> {
  const fetch = async (): Promise<Response> =>
    new Response(reply.text, { status: reply.status, headers: { ...reply.headers } });
  const client = new OpenAI({ apiKey: 'k', baseURL: 'http://gateway.test/v1', fetch, maxRetries: 0 });
  const stream = await client.chat.completions.create({
    model: 'm1',
    stream: true,
    messages: [{ role: 'user', content: 'Go.' }],
  });
  const read = { text: '', finishes: [] as string[] };
  for await (const chunk of stream) {
    read.text += chunk.choices[0]?.delta.content ?? '';
    const finish = chunk.choices[0]?.finish_reason;
    if (finish) read.finishes.push(finish);
  }
  return read;
}

const total = streamBytes();
const faults: Readonly<Record<string, (bytes: number) => Fault>> = {
  'reset by the provider': (bytes) => ({ kind: 'cut', at: { bytes }, how: 'reset' }),
  'ended as if it were whole': (bytes) => ({ kind: 'cut', at: { bytes }, how: 'end' }),
  stalled: (bytes) => ({ kind: 'stall', at: { bytes } }),
};

/** A cut behind the finish leaves nothing to rescue: these replies, too, must be the canonical answer. */
const isCanonical = (reply: Reply): boolean =>
  reply.status === 200 &&
  reply.content() === canonicalAnswer &&
  reply.error() === null &&
  reply.events().at(-1) === '[DONE]';

describe.each(Object.entries(faults))('a stream %s', (_, toFault) => {
  it(`at every one of its ${total} bytes goes on by telling it again`, async () => {
    const ask = await createBreaker(null);
    const wrong: number[] = [];
    for (let bytes = 0; bytes <= total; bytes++) if (!isCanonical(await ask(toFault(bytes)))) wrong.push(bytes);
    expect(wrong).toEqual([]);
  });
  it.each(['continues', 'restarts', 'rejects'] as const)(
    'goes on where the other is given a beginning and %s',
    async (prefill) => {
      const ask = await createBreaker(prefill);
      const wrong: number[] = [];
      for (let bytes = 0; bytes <= total; bytes += 3) if (!isCanonical(await ask(toFault(bytes)))) wrong.push(bytes);
      expect(wrong).toEqual([]);
    },
  );
  it('is read by the official client', async () => {
    const ask = await createBreaker('continues');
    for (let bytes = 60; bytes <= total; bytes += 97) {
      const { text, finishes } = await readOfficially(await ask(toFault(bytes)));
      expect({ bytes, text, finishes }).toEqual({ bytes, text: canonicalAnswer, finishes: ['stop'] });
    }
  });
});
