// What the system says between messages of the Anthropic format: untouched for models that take it there, told elsewhere for all others.
import { describe, expect, it } from 'vitest';
import { providers } from '#catalog/index.ts';
import { loadChatWires } from '#lambda/wire/index.ts';
import { findFields, joinParts } from '#lambda/wire/splice.ts';
import type { RequestTarget } from '#lambda/wire/types.ts';

const { anthropic, 'openai-chat': chat, gemini } = await loadChatWires();
const quirks = providers.find(({ id }) => id === 'anthropic')?.quirks ?? [];
const at = (model: string): RequestTarget => ({
  model,
  quirks,
  stripped: [],
  wantUsage: true,
  maxOutputTokens: 64_000,
});
const text = (words: string, more: object = {}) => ({ type: 'text', text: words, ...more });
const reminder = (words: string) => `<system-reminder>\n${words}\n</system-reminder>`;

/** As Claude Code 2.1 opens a session: what surrounds it is told behind the first message, and how hard to think with it. */
const opening = {
  model: 'claude-opus-5-5',
  max_tokens: 1_000,
  system: [text('You are an agent.', { cache_control: { type: 'ephemeral' } })],
  messages: [
    { role: 'user', content: [text('Read notes.txt.')] },
    {
      role: 'system',
      content: [text('# Environment', { cache_control: { type: 'ephemeral' } })],
      output_config: { effort: 'low' },
    },
  ],
  output_config: { effort: 'medium', format: null },
};
type Body = Record<string, unknown>;
const sent = (body: object, model: string, wire = anthropic): Body =>
  JSON.parse(wire.renderRequest(anthropic.parseQuestion(body), null, at(model)).text) as Body;

describe('words of the system between messages', () => {
  it.each(['claude-opus-5-5', 'claude-fable-5-2'])('stay the bytes that they were for %s', (model) => {
    const own = JSON.stringify({ ...opening, model }).replace('"role":"user"', '"role" : "user"');
    const rendered = anthropic.renderRequest(anthropic.parseQuestion(JSON.parse(own)), findFields(own), at(model));
    expect(joinParts(own, rendered.parts ?? [])).toBe(own);
  });

  it.each(['claude-sonnet-4-5', 'claude-haiku-4-5', 'claude-sonnet-4-6'])(
    'are told %s among those of the user',
    (model) => {
      expect(sent(opening, model)).toEqual({
        ...opening,
        model,
        messages: [
          {
            role: 'user',
            content: [
              text('Read notes.txt.'),
              text(reminder('# Environment'), { cache_control: { type: 'ephemeral' } }),
            ],
          },
        ],
        output_config: { effort: 'low', format: null },
      });
    },
  );

  it('keep their place where no effort is taken there, which is the one of the request', () => {
    const effortAlone = { role: 'system', content: [], output_config: { effort: 'max' } };
    const body = { ...opening, messages: [...opening.messages, { role: 'assistant', content: 'Hm.' }, effortAlone] };
    const { messages, output_config: config } = sent(body, 'claude-sonnet-5-5');
    const { role, content } = opening.messages[1] ?? {};
    expect(messages).toEqual([opening.messages[0], { role, content }, { role: 'assistant', content: 'Hm.' }]);
    expect(config).toEqual({ effort: 'max', format: null });
  });

  it('stand behind results of tools, which must follow their calls', () => {
    const call = { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'get', input: {} }] };
    const result = { type: 'tool_result', tool_use_id: 't1', content: 'one' };
    const messages = [
      { role: 'user', content: 'Hi.' },
      call,
      { role: 'system', content: 'Early.' },
      { role: 'user', content: [result] },
      { role: 'system', content: 'Late.' },
    ];
    expect(sent({ ...opening, messages }, 'claude-sonnet-4-5')['messages']).toEqual([
      { role: 'user', content: 'Hi.' },
      call,
      { role: 'user', content: [result, text(reminder('Early.')), text(reminder('Late.'))] },
    ]);
  });

  it('are a message of their own where no user follows, and those of the system where nobody spoke before', () => {
    const messages = [
      { role: 'system', content: 'First.' },
      { role: 'user', content: 'Hi.' },
      { role: 'assistant', content: 'Hello.' },
      { role: 'system', content: 'Last.' },
    ];
    const { system, messages: told } = sent({ ...opening, system: 'You are.', messages }, 'claude-sonnet-4-5');
    expect(system).toEqual([text('You are.'), text('First.')]);
    expect(told).toEqual([messages[1], messages[2], { role: 'user', content: [text(reminder('Last.'))] }]);
  });

  it('are over with the next message of the user where they are for one turn', () => {
    const once = (content: string) => ({ role: 'system', content, clear_at: 'next_user_message' });
    const messages = [
      { role: 'user', content: 'Hi.' },
      once('Be short.'),
      { role: 'assistant', content: 'Hello.' },
      { role: 'user', content: 'Go on.' },
      once('Be long.'),
    ];
    expect(sent({ ...opening, messages }, 'claude-sonnet-4-5')['messages']).toEqual([
      messages[0],
      messages[2],
      { role: 'user', content: [text('Go on.'), text(reminder('Be long.'))] },
    ]);
  });

  it('reach providers of other formats, with the effort', () => {
    const body = { ...opening, thinking: { type: 'adaptive' } };
    expect(sent(body, 'm', chat)).toMatchObject({
      messages: [
        { role: 'system', content: 'You are an agent.' },
        { role: 'user', content: [text('Read notes.txt.'), text(reminder('# Environment'))] },
      ],
      reasoning_effort: 'low',
    });
    expect(JSON.stringify(sent(body, 'm', gemini)['contents'])).toContain('# Environment');
  });
});

describe('what can not be read of the system between messages is refused, where it would be missing without a word', () => {
  const said = (message: object) => ({ ...opening, messages: [{ role: 'user', content: 'Hi.' }, message] });

  it.each<[what: string, message: object, param: string]>([
    ['a number', { content: 5 }, 'messages[1].content'],
    ['an object', { content: { type: 'text', text: 'Be short.' } }, 'messages[1].content'],
    ['null', { content: null }, 'messages[1].content'],
    ['nothing', {}, 'messages[1].content'],
    ['words without a block', { content: ['Be short.'] }, 'messages[1].content[0]'],
    ['a block without words', { content: [text('a'), { type: 'text' }] }, 'messages[1].content[1].text'],
    ['words for one turn that are none', { content: [5], clear_at: 'next_user_message' }, 'messages[1].content[0]'],
  ])('%s', (_, message, param) => {
    expect(() => anthropic.parseQuestion(said({ role: 'system', ...message }))).toThrow(
      expect.objectContaining({ code: 'invalid_request', param }),
    );
  });

  it('but an effort may come alone', () => {
    const effort = { role: 'system', output_config: { effort: 'max' } };
    expect(sent(said(effort), 'claude-sonnet-4-5')['output_config']).toMatchObject({ effort: 'max' });
  });
});

describe('tools that come and go between messages', () => {
  const tool = (name: string, more: object = {}) => ({ name, input_schema: { type: 'object' }, ...more });
  const change = (type: string, named: object) => ({ type, tool: named });
  const named = (name: string) => ({ type: 'tool_reference', name });
  const body = {
    ...opening,
    tools: [tool('get'), tool('put', { defer_loading: true }), tool('end')],
    messages: [
      { role: 'user', content: 'Hi.' },
      {
        role: 'system',
        content: [
          change('tool_addition', named('put')),
          change('tool_removal', named('end')),
          change('tool_addition', { type: 'tool_definition', definition: tool('new') }),
        ],
      },
    ],
  };
  const words = [
    'Hi.',
    reminder('The tool put can be called now.'),
    reminder("The tool end can't be called any more."),
    reminder('The tool new can be called now.'),
  ].map((one) => text(one));

  it('stay as they were for whoever takes them', () => {
    expect(sent(body, 'claude-opus-5-5')).toEqual(body);
  });

  it('are those of the request for others, and told in words', () => {
    const { tools, messages } = sent(body, 'claude-sonnet-4-5');
    expect(tools).toEqual([tool('get'), tool('put'), tool('new')]);
    expect(messages).toEqual([{ role: 'user', content: words }]);
  });

  it('reach providers of other formats', () => {
    const { tools, messages } = sent(body, 'm', chat) as { tools: { function: { name: string } }[]; messages: Body[] };
    expect(tools.map((one) => one.function.name)).toEqual(['get', 'put', 'new']);
    expect(messages.at(-1)).toEqual({ role: 'user', content: words });
  });

  it('never leave calls of earlier answers without any tools', () => {
    const gone = { role: 'system', content: [change('tool_removal', named('get'))] };
    const left = sent({ ...body, tools: [tool('get')], messages: [body.messages[0], gone] }, 'claude-sonnet-4-5');
    expect(left['tools']).toEqual([tool('get')]);
  });
});
