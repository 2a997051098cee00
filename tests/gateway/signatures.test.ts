// What Google signs its calls with comes back to it whatever format the caller speaks, and reaches nobody who would refuse it.
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SIGNATURE } from '../fakes/provider/signatures.ts';
import { createWorld, toEntry, type Reply, type World } from './harness.ts';

type Json = Readonly<Record<string, unknown>>;

const UNSIGNED = 'skip_thought_signature_validator';
const MODEL = 'gemini-3.5-flash';
const model = { id: MODEL, kind: 'chat', context: 131_072, maxOutput: 8_192, size: 'large' } as const;
const parameters = { type: 'object' as const, properties: { city: { type: 'string' } } };
const PROMPT = 'call tool get with {"city":"Oslo"}';

/** A caller that carries on a conversation of one call, as the official clients keep what they were told. */
interface Talker {
  readonly name: string;
  readonly path: string;
  readonly begin: Json;
  /** The body that brings the result of the tool behind what the reply said. */
  goOn(begun: Json, reply: Reply): Promise<Json> | Json;
}

const respond =
  (reply: Reply): typeof fetch =>
  async () =>
    new Response(reply.text, { status: reply.status, headers: { ...reply.headers } });
const openAi = (reply: Reply): OpenAI =>
  new OpenAI({ apiKey: 'k', baseURL: 'http://x.test/v1', fetch: respond(reply), maxRetries: 0 });

const chat = {
  path: '/v1/chat/completions',
  begin: {
    model: MODEL,
    messages: [{ role: 'user', content: PROMPT }],
    tools: [{ type: 'function', function: { name: 'get', parameters } }],
  },
  behind: (begun: Json, message: OpenAI.ChatCompletionMessage): Json => ({
    ...begun,
    messages: [
      ...(begun['messages'] as Json[]),
      message,
      { role: 'tool', tool_call_id: message.tool_calls?.[0]?.id, content: 'rain' },
    ],
  }),
};
const responses = {
  path: '/v1/responses',
  begin: {
    messages: undefined,
    model: MODEL,
    store: false,
    include: ['reasoning.encrypted_content'],
    input: [{ type: 'message', role: 'user', content: PROMPT }],
    tools: [{ type: 'function', name: 'get', parameters, strict: false }],
  },
  behind: (begun: Json, { output }: OpenAI.Responses.Response): Json => ({
    ...begun,
    input: [
      ...(begun['input'] as Json[]),
      ...output,
      ...output.flatMap((item) =>
        item.type === 'function_call' ? [{ type: 'function_call_output', call_id: item.call_id, output: 'rain' }] : [],
      ),
    ],
  }),
};
const messages = {
  path: '/v1/messages',
  begin: {
    model: MODEL,
    max_tokens: 3_000,
    thinking: { type: 'enabled', budget_tokens: 1_024 },
    messages: [{ role: 'user', content: PROMPT }],
    tools: [{ name: 'get', input_schema: parameters }],
  },
  behind: (begun: Json, { content }: Anthropic.Message): Json => ({
    ...begun,
    messages: [
      ...(begun['messages'] as Json[]),
      { role: 'assistant', content },
      {
        role: 'user',
        content: content.flatMap((block) =>
          block.type === 'tool_use' ? [{ type: 'tool_result', tool_use_id: block.id, content: 'rain' }] : [],
        ),
      },
    ],
  }),
};
const claude = (reply: Reply): Anthropic =>
  new Anthropic({ apiKey: 'k', baseURL: 'http://x.test', fetch: respond(reply), maxRetries: 0 });
const geminiBegin = {
  messages: undefined,
  model: undefined,
  contents: [{ role: 'user', parts: [{ text: PROMPT }] }],
  tools: [{ functionDeclarations: [{ name: 'get' }] }],
};
const geminiBehind = (begun: Json, documents: readonly Json[]): Json => {
  const parts = documents.flatMap((document) => {
    const candidates = document['candidates'] as { content?: { parts?: Json[] } }[] | undefined;
    return candidates?.[0]?.content?.parts ?? [];
  });
  const results = parts.flatMap(({ functionCall }) => {
    const { id, name } = (functionCall ?? {}) as Json;
    return name === undefined ? [] : [{ functionResponse: { id, name, response: { output: 'rain' } } }];
  });
  return {
    ...begun,
    contents: [...(begun['contents'] as Json[]), { role: 'model', parts }, { role: 'user', parts: results }],
  };
};

const streaming = (begin: Json): Json => ({ ...begin, stream: true });
const talkers: readonly Talker[] = [
  {
    name: 'the OpenAI chat format',
    path: chat.path,
    begin: chat.begin,
    goOn: async (begun, reply) => {
      const answer = await openAi(reply).chat.completions.create({ model: MODEL, messages: [] });
      return chat.behind(begun, answer.choices[0]!.message);
    },
  },
  {
    name: 'the OpenAI chat format, streamed',
    path: chat.path,
    begin: streaming(chat.begin),
    goOn: async (begun, reply) => {
      const stream = openAi(reply).chat.completions.stream({ model: MODEL, messages: [] });
      return chat.behind(begun, (await stream.finalChatCompletion()).choices[0]!.message);
    },
  },
  {
    name: 'the Responses format',
    path: responses.path,
    begin: responses.begin,
    goOn: async (begun, reply) =>
      responses.behind(begun, await openAi(reply).responses.create({ model: MODEL, input: '' })),
  },
  {
    name: 'the Responses format, streamed',
    path: responses.path,
    begin: streaming(responses.begin),
    goOn: async (begun, reply) =>
      responses.behind(begun, await openAi(reply).responses.stream({ model: MODEL, input: '' }).finalResponse()),
  },
  {
    name: "Anthropic's format",
    path: messages.path,
    begin: messages.begin,
    goOn: async (begun, reply) =>
      messages.behind(begun, await claude(reply).messages.create({ model: MODEL, max_tokens: 1, messages: [] })),
  },
  {
    name: "Anthropic's format, streamed",
    path: messages.path,
    begin: streaming(messages.begin),
    goOn: async (begun, reply) =>
      messages.behind(
        begun,
        await claude(reply).messages.stream({ model: MODEL, max_tokens: 1, messages: [] }).finalMessage(),
      ),
  },
  {
    name: "Gemini's format",
    path: `/v1beta/models/${MODEL}:generateContent`,
    begin: geminiBegin,
    goOn: (begun, reply) => geminiBehind(begun, [reply.json()]),
  },
  {
    name: "Gemini's format, streamed",
    path: `/v1beta/models/${MODEL}:streamGenerateContent?alt=sse`,
    begin: geminiBegin,
    goOn: (begun, reply) =>
      geminiBehind(
        begun,
        reply.events().map((data) => JSON.parse(data) as Json),
      ),
  },
];

/** Google's models as they are asked by default, and by their own format. */
const ways = {
  'the OpenAI path': { provider: 'gemini' },
  'their own format': { provider: 'openai-compatible' },
} as const;

function createGoogle(way: keyof typeof ways, more: { readonly beside?: string } = {}): Promise<World> {
  const capabilities = ['tools'] as const;
  const { provider } = ways[way];
  const own = { ...model, capabilities: [...capabilities] };
  const google = toEntry('google', {
    provider,
    priority: 10,
    models: [provider === 'gemini' ? own : { ...own, wire: 'gemini' as const }],
  });
  const strict = toEntry('strict', { provider: more.beside ?? 'groq', priority: 20, models: [own] });
  return createWorld({
    providers: [
      { name: 'google', dialect: 'gemini', keepRequests: 9, models: [{ id: MODEL, signatures: 'wanted' }] },
      { name: 'strict', dialect: 'groq', keepRequests: 9, models: [{ id: MODEL, signatures: 'refused' }] },
    ],
    entries: [google, strict],
  });
}

/** Who is asked. */
const to = {
  google: { 'x-freeway-providers': '{"only": ["google"]}' },
  strict: { 'x-freeway-providers': '{"only": ["strict"]}' },
} as const;

const received = (world: World, name: string): readonly string[] =>
  (world.providers[name]?.received() ?? []).map(({ body }) => body);

describe.each(Object.keys(ways) as (keyof typeof ways)[])('answered by Google through %s', (way) => {
  it.each(talkers)('a caller of $name brings the signature back', async ({ path, begin, goOn }) => {
    const world = await createGoogle(way);
    const first = await world.ask(begin, to.google, path);
    const second = await world.ask(await goOn(begin, first), to.google, path);
    expect(second.text).toContain('rain');
    expect(second.headers).toMatchObject({ 'x-freeway-credential': 'google', 'x-freeway-attempts': '1' });
    expect(received(world, 'google')).toHaveLength(2);
    expect(received(world, 'google')[1]).toContain(SIGNATURE);
    expect(received(world, 'google')[1]).not.toContain(UNSIGNED);
  });

  it.each(talkers)(
    'a caller of $name goes on elsewhere, where signatures are refused',
    async ({ path, begin, goOn }) => {
      const world = await createGoogle(way);
      const first = await world.ask(begin, to.google, path);
      const second = await world.ask(await goOn(begin, first), to.strict, path);
      expect(second.text).toContain('rain');
      expect(second.headers).toMatchObject({ 'x-freeway-credential': 'strict', 'x-freeway-attempts': '1' });
      expect(received(world, 'strict')[0]).not.toContain(SIGNATURE);
    },
  );

  it.each(talkers)('a caller of $name comes from elsewhere, where nothing is signed', async ({ path, begin, goOn }) => {
    const world = await createGoogle(way);
    const first = await world.ask(begin, to.strict, path);
    const second = await world.ask(await goOn(begin, first), to.google, path);
    expect(second.text).toContain('rain');
    expect(second.headers).toMatchObject({ 'x-freeway-credential': 'google', 'x-freeway-attempts': '1' });
    expect(received(world, 'google').at(-1)).toContain(UNSIGNED);
  });

  it('a signature that is refused is left out once, and nothing is learned from it', async () => {
    const world = await createGoogle(way);
    const begun = await talkers[0]!.goOn(chat.begin, await world.ask(chat.begin, to.google, chat.path));
    const stale = JSON.parse(JSON.stringify(begun).replaceAll(SIGNATURE, 'b2xk')) as Json;
    const reply = await world.ask(stale, to.google, chat.path);
    expect(reply.headers).toMatchObject({ 'x-freeway-credential': 'google', 'x-freeway-attempts': '2' });
    expect(reply.text).toContain('rain');
    await world.ask(begun, to.google, chat.path);
    const bodies = received(world, 'google');
    expect(bodies).toHaveLength(4);
    expect(bodies[2]).toContain(UNSIGNED);
    expect(bodies[3]).toContain(SIGNATURE);
  });
});

it.each([
  ['whole', 'gemini/chat-tool-gemini_3_flash_preview-a44b3f.json', talkers[0]!],
  ['streamed', 'vertex/chat-stream-tool-gemini_2.5_flash-7d3a80.json', talkers[1]!],
] as const)(
  'what Google has signed in a recorded reply, %s, is told and sent back as it was',
  async (_, name, talker) => {
    const file = readFileSync(new URL(`../fixtures/wire/${name}`, import.meta.url), 'utf8');
    const { response } = JSON.parse(file) as { response: { status: number; body: string } };
    const signature = /"thoughtSignature": *"([^"]+)"/.exec(response.body)?.[1] ?? '';
    expect(signature.length).toBeGreaterThan(100);
    const world = await createGoogle('their own format');
    const type = talker.begin['stream'] === true ? 'text/event-stream' : 'application/json';
    world.providers['google']?.script([{ kind: 'raw', ...response, headers: { 'content-type': type } }]);
    const first = await world.ask(talker.begin, to.google, talker.path);
    expect(first.text).toContain(JSON.stringify({ google: { thought_signature: signature } }));
    await world.ask(await talker.goOn(talker.begin, first), to.google, talker.path);
    expect(received(world, 'google')[1]).toContain(`"thoughtSignature":"${signature}"`);
  },
);

it('an endpoint nobody knows is told signatures until it refuses them, and then no more', async () => {
  const world = await createGoogle('the OpenAI path', { beside: 'openai-compatible' });
  const begun = await talkers[0]!.goOn(chat.begin, await world.ask(chat.begin, to.google, chat.path));
  for (const attempts of ['2', '1'])
    expect((await world.ask(begun, to.strict, chat.path)).headers).toMatchObject({
      'x-freeway-credential': 'strict',
      'x-freeway-attempts': attempts,
    });
  expect(received(world, 'strict').map((body) => body.includes(SIGNATURE))).toEqual([true, false, false]);
});

it('a caller of Anthropic who asked for no thoughts is told none', async () => {
  const world = await createGoogle('the OpenAI path');
  const { thinking: _, ...begin } = messages.begin;
  const reply = await world.ask(begin, to.google, messages.path);
  expect(reply.json()['content']).toMatchObject([{ type: 'tool_use', name: 'get' }]);
});

it('a caller of the Responses format who keeps no thoughts is told none', async () => {
  const world = await createGoogle('the OpenAI path');
  const reply = await world.ask({ ...responses.begin, include: undefined }, to.google, responses.path);
  expect(reply.json()['output']).toMatchObject([{ type: 'function_call', name: 'get' }]);
});
