// Marks of what is worth keeping in a prompt cache: told on in the words of whoever takes them, else left out and said so.
import { describe, expect, it } from 'vitest';
import { providers } from '#catalog/index.ts';
import { loadChatWires } from '#lambda/wire/index.ts';
import { continueQuestion } from '#lambda/wire/continue.ts';
import { converse } from '#lambda/wire/converse/index.ts';
import type { ChatQuestion, RequestTarget, UpstreamWire } from '#lambda/wire/types.ts';

const { 'openai-chat': chat, 'openai-responses': responses, anthropic, gemini } = await loadChatWires();
const ephemeral = { type: 'ephemeral' };
const hour = { type: 'ephemeral', ttl: '1h' };
const text = (said: string, mark?: object): object => ({
  type: 'text',
  text: said,
  ...(mark ? { cache_control: mark } : {}),
});

const claude = {
  max_tokens: 9,
  system: [text('You are'), text('kind.', hour)],
  messages: [
    { role: 'user', content: [text('Weather?', ephemeral)] },
    { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'get', input: {} }] },
    {
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: 't1', content: 'Sunny.', cache_control: ephemeral }],
    },
    { role: 'assistant', content: [text('It is sunny.', ephemeral)] },
    { role: 'user', content: [text('And'), text('tomorrow?', ephemeral)] },
  ],
  tools: [{ name: 'get', input_schema: { type: 'object' }, cache_control: ephemeral }],
};
const question = anthropic.parseQuestion({ model: 'm', ...claude });

const targetOf = (id: string, model: string): RequestTarget => ({
  model,
  quirks: providers.find((provider) => provider.id === id)?.quirks ?? [],
  stripped: [],
  wantUsage: true,
  maxOutputTokens: 4_000,
});
const send = (
  wire: UpstreamWire,
  asked: ChatQuestion,
  target: RequestTarget,
): [Record<string, unknown>, readonly string[]] => {
  const rendered = wire.renderRequest(asked, null, target);
  return [JSON.parse(rendered.text) as Record<string, unknown>, [...asked.dropped, ...rendered.dropped]];
};

describe('marks of Anthropic’s format', () => {
  it('go to OpenRouter’s models that take them', () => {
    const [body, dropped] = send(chat, question, targetOf('openrouter', 'anthropic/claude-sonnet-5'));
    expect(body['messages']).toEqual([
      { role: 'system', content: [text('You are'), text('kind.', hour)] },
      { role: 'user', content: [text('Weather?', ephemeral)] },
      expect.objectContaining({ role: 'assistant', content: null }),
      { role: 'tool', tool_call_id: 't1', content: [text('Sunny.', ephemeral)] },
      { role: 'assistant', content: [text('It is sunny.', ephemeral)] },
      { role: 'user', content: [text('And'), text('tomorrow?', ephemeral)] },
    ]);
    expect(dropped).toEqual([]);
  });
  it('become points of Bedrock’s, behind what they mark', () => {
    const [body, dropped] = send(converse, question, targetOf('bedrock', 'global.anthropic.claude-sonnet-5-5'));
    const point = { cachePoint: { type: 'default' } };
    expect(body['system']).toEqual([
      { text: 'You are' },
      { text: 'kind.' },
      { cachePoint: { type: 'default', ttl: '1h' } },
    ]);
    expect(body['messages']).toEqual([
      { role: 'user', content: [{ text: 'Weather?' }, point] },
      { role: 'assistant', content: [{ toolUse: { toolUseId: 't1', name: 'get', input: {} } }] },
      { role: 'user', content: [{ toolResult: { toolUseId: 't1', content: [{ text: 'Sunny.' }] } }, point] },
      { role: 'assistant', content: [{ text: 'It is sunny.' }, point] },
      { role: 'user', content: [{ text: 'And' }, { text: 'tomorrow?' }, point] },
    ]);
    expect(dropped).toEqual([]);
  });
  it.each<readonly [string, UpstreamWire, RequestTarget]>([
    ['others of OpenAI’s format', chat, targetOf('groq', 'm')],
    ['OpenRouter’s other models', chat, targetOf('openrouter', 'nvidia/x:free')],
    ['Bedrock’s other models', converse, targetOf('bedrock', 'zai.glm-4.7-flash')],
    ['Gemini', gemini, targetOf('gemini', 'm')],
    ['the Responses format', responses, targetOf('openai', 'm')],
  ])('are left out for %s, which is said', (_, wire, target) => {
    const [body, dropped] = send(wire, question, target);
    expect(JSON.stringify(body)).not.toMatch(/cache_control|cachePoint|ephemeral/);
    expect(dropped).toEqual(['cache_control']);
  });
  it('change nothing where there are none', () => {
    const plain = anthropic.parseQuestion({ model: 'm', max_tokens: 9, system: [text('A'), text('B')], messages: [{ role: 'user', content: [text('x')] }] }); // prettier-ignore
    const [body, dropped] = send(chat, plain, targetOf('openrouter', 'anthropic/claude-sonnet-5'));
    expect(body['messages']).toEqual([
      { role: 'system', content: 'A\n\nB' },
      { role: 'user', content: 'x' },
    ]);
    expect(dropped).toEqual([]);
  });
  it('are forgotten where an answer that broke off goes on', () => {
    const again = continueQuestion(question, { messages: [{ role: 'assistant', content: 'So' }], writtenTokens: 1 });
    const [body] = send(chat, again, targetOf('openrouter', 'anthropic/claude-sonnet-5'));
    expect(JSON.stringify(body)).toContain('So');
    expect(JSON.stringify(body)).not.toContain('cache_control');
  });
});

describe('marks of OpenRouter’s callers', () => {
  const asked = chat.parseQuestion({
    model: 'm',
    messages: [
      { role: 'system', content: [text('You are'), text('kind.', hour)] },
      { role: 'user', content: [text('Hi.', ephemeral)] },
    ],
  });
  it('are Anthropic’s own', () => {
    const [body] = send(anthropic, asked, targetOf('anthropic', 'm'));
    expect(body['system']).toEqual([text('You are'), text('kind.', hour)]);
    expect(body['messages']).toEqual([{ role: 'user', content: [text('Hi.', ephemeral)] }]);
  });
  it.each<readonly [string, UpstreamWire, RequestTarget]>([
    ['Gemini', gemini, targetOf('gemini', 'm')],
    ['the Responses format', responses, targetOf('openai', 'm')],
    ['Bedrock’s other models', converse, targetOf('bedrock', 'zai.glm-4.7-flash')],
  ])('are left out for %s, which is said', (_, wire, target) => {
    const [body, dropped] = send(wire, asked, target);
    expect(JSON.stringify(body)).not.toMatch(/cache_control|cachePoint|ephemeral/);
    expect(dropped).toEqual(['cache_control']);
  });
  it('become points of Bedrock’s', () => {
    const [body] = send(converse, asked, targetOf('bedrock', 'global.anthropic.claude-sonnet-5-5'));
    expect(body['messages']).toEqual([
      { role: 'user', content: [{ text: 'Hi.' }, { cachePoint: { type: 'default' } }] },
    ]);
  });
});
