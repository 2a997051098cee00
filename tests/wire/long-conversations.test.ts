// Conversations of tens of thousands of pieces take as long as they are long: whoever took the square of that would hold up everybody for minutes.
import { describe, expect, it } from 'vitest';
import { loadChatWires, type CallerWireId } from '#lambda/wire/index.ts';
import type { RequestTarget } from '#lambda/wire/types.ts';

const wires = await loadChatWires();
const formats = ['openai-chat', 'openai-responses', 'anthropic', 'gemini', 'bedrock-converse'] as const;
/** The square of it takes minutes, itself less than a second. */
const MANY = 60_000;
const LONGEST_MS = 15_000;
const target: RequestTarget = { model: 'm', quirks: [], stripped: [], wantUsage: true, maxOutputTokens: 9 };
const many = <T>(make: (index: number) => T): T[] => Array.from({ length: MANY }, (_, index) => make(index));
const user = { role: 'user', content: 'a' };
const toolCall = (id: string) => ({ id, type: 'function', function: { name: 't', arguments: '{}' } });
const responses = (input: object[], more: object = {}) => ({ model: 'm', input: [user, ...input], ...more });
const called = (index: number) => ({ type: 'function_call', call_id: `c${index}`, name: 't', arguments: '{}' });
const output = (index: number) => ({ type: 'function_call_output', call_id: `c${index}`, output: 'r' });
const offered = many((index) => ({ type: 'function', name: `t${index}`, parameters: {} }));

const conversations: readonly (readonly [string, CallerWireId, object])[] = [
  [
    'calls that share an id',
    'openai-chat',
    {
      model: 'm',
      messages: [
        user,
        { role: 'assistant', content: null, tool_calls: many(() => toolCall('c')) },
        ...many(() => ({ role: 'tool', tool_call_id: 'c', content: 'r' })),
      ],
    },
  ],
  ['calls of one turn', 'openai-responses', responses([...many(called), ...many(output)])],
  ['calls answered one by one', 'openai-responses', responses(many((at) => [called(at), output(at)]).flat())],
  [
    'results far behind their calls',
    'openai-responses',
    responses([...many((at) => [called(at), user]).flat(), ...many(output)]),
  ],
  ['results of no calls', 'openai-responses', responses(many(output))],
  ['sealed summaries', 'openai-responses', responses(many(() => ({ type: 'compaction', encrypted_content: 'e' })))],
  [
    'tools chosen among many',
    'openai-responses',
    responses(many(called), { tools: offered, tool_choice: { type: 'allowed_tools', mode: 'auto', tools: offered } }),
  ],
  [
    'groups whose names come to the same',
    'openai-responses',
    responses([], {
      tools: many((at) => ({
        type: 'namespace',
        name: at.toString(2).replaceAll('0', '!').replaceAll('1', '?'),
        tools: [{ type: 'function', name: `t`, parameters: {} }],
      })),
    }),
  ],
  [
    'functions answered from the last to the first',
    'gemini',
    {
      model: 'm',
      contents: [
        { role: 'user', parts: [{ text: 'a' }] },
        { role: 'model', parts: many((at) => ({ functionCall: { name: `t${at}`, args: {} } })) },
        { role: 'user', parts: many((at) => ({ functionResponse: { name: `t${MANY - 1 - at}`, response: {} } })) },
      ],
      tools: [{ functionDeclarations: many((at) => ({ name: `t${at}`, parameters: { type: 'OBJECT' } })) }],
      toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: many((at) => `t${at}`) } },
    },
  ],
];

describe('a long conversation', () => {
  it.each(conversations)(
    'of %s (%s) is told in every format without delay',
    (_, from, body) => {
      const startMs = performance.now();
      const question = wires[from].parseQuestion(body);
      for (const format of formats) wires[format]?.renderRequest(question, null, target);
      expect(performance.now() - startMs).toBeLessThan(LONGEST_MS);
    },
    2 * LONGEST_MS,
  );

  it('keeps results behind the calls they answer, in their order, and tells calls of one id apart', () => {
    const input = [
      called(0),
      called(1),
      user,
      output(1),
      called(2),
      output(0),
      output(2),
      output(9),
      called(0),
      output(0),
    ];
    const { pivot } = wires['openai-responses'].parseQuestion(responses(input));
    const told = (pivot['messages'] as { role: string; tool_calls?: { id: string }[]; tool_call_id?: string }[]).map(
      ({ role, tool_calls: calls, tool_call_id: id }) => calls?.map((call) => call.id).join('+') ?? id ?? role,
    );
    expect(told).toEqual(['user', 'c0+c1', 'c1', 'c0', 'user', 'c2', 'c2', 'c9', 'c0', 'c0']);
  });
});
