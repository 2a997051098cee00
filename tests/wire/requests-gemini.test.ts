// Gemini requests told in the OpenAI chat format, and chat requests told in the Gemini format.
import { describe, expect, it } from 'vitest';
import { CallerError } from '#shared/failures.ts';
import { loadChatWires } from '#lambda/wire/index.ts';
import type { RequestTarget } from '#lambda/wire/types.ts';

const chatWires = await loadChatWires();

const { gemini } = chatWires;
const openai = chatWires['openai-chat'];
const target: RequestTarget = { model: 'm', quirks: [], stripped: [], wantUsage: true, maxOutputTokens: null };
const hello = [{ role: 'user', parts: [{ text: 'hello' }] }];

const toPivot = (body: Record<string, unknown>): Record<string, unknown> => ({
  ...gemini.parseQuestion({ model: 'm', contents: hello, ...body }).pivot,
});
const toGemini = (body: Record<string, unknown>): Record<string, unknown> => {
  const question = openai.parseQuestion({ model: 'm', messages: [{ role: 'user', content: 'hello' }], ...body });
  return JSON.parse(gemini.renderRequest(question, null, target).text) as Record<string, unknown>;
};

const city = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };

describe('a Gemini request', () => {
  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    [
      'system, in either spelling',
      { system_instruction: { parts: [{ text: 'Be kind.' }] } },
      {
        messages: [
          { role: 'system', content: 'Be kind.' },
          { role: 'user', content: 'hello' },
        ],
      },
    ],
    [
      'sampling and bounds',
      { generationConfig: { temperature: 0.5, topP: 0.9, maxOutputTokens: 50, stopSequences: ['x'], seed: 3 } },
      { temperature: 0.5, top_p: 0.9, max_tokens: 50, stop: ['x'], seed: 3 },
    ],
    [
      'a schema in the words of OpenAPI',
      {
        generationConfig: {
          responseMimeType: 'application/json',
          responseSchema: {
            type: 'OBJECT',
            properties: {
              n: { type: 'INTEGER', nullable: true },
              l: { type: 'ARRAY', items: { type: 'STRING' }, minItems: '1' },
            },
            propertyOrdering: ['n'],
          },
        },
      },
      {
        response_format: {
          type: 'json_schema',
          json_schema: {
            name: 'output',
            schema: {
              type: 'object',
              properties: {
                n: { type: ['integer', 'null'] },
                l: { type: 'array', items: { type: 'string' }, minItems: 1 },
              },
            },
          },
        },
      },
    ],
    [
      'a budget of thought',
      { generationConfig: { thinkingConfig: { thinkingBudget: 20_000 } } },
      { reasoning_effort: 'high' },
    ],
    ['no thought', { generationConfig: { thinkingConfig: { thinkingBudget: 0 } } }, { reasoning_effort: 'none' }],
    [
      'a level of thought',
      { generation_config: { thinking_config: { thinking_level: 'LOW' } } },
      { reasoning_effort: 'low' },
    ],
    [
      'one allowed function is the one to call',
      {
        tools: [
          {
            functionDeclarations: [
              { name: 'a', parameters: { type: 'OBJECT' } },
              { name: 'b', parametersJsonSchema: city },
            ],
          },
        ],
        toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['b'] } },
      },
      {
        tools: [{ type: 'function', function: { name: 'b', parameters: city } }],
        tool_choice: { type: 'function', function: { name: 'b' } },
      },
    ],
    [
      'results without ids answer the calls of their name, in order',
      {
        contents: [
          ...hello,
          {
            role: 'model',
            parts: [
              { functionCall: { name: 'f', args: { n: 1 } }, thoughtSignature: 's' },
              { functionCall: { name: 'f', args: { n: 2 } } },
            ],
          },
          {
            role: 'user',
            parts: [
              { functionResponse: { name: 'f', response: { output: 'one' } } },
              { functionResponse: { name: 'f', response: { n: 2 } } },
            ],
          },
        ],
      },
      {
        messages: [
          { role: 'user', content: 'hello' },
          {
            role: 'assistant',
            content: null,
            tool_calls: [
              { id: 'call_0', type: 'function', function: { name: 'f', arguments: '{"n":1}' } },
              { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"n":2}' } },
            ],
          },
          { role: 'tool', tool_call_id: 'call_0', content: 'one' },
          { role: 'tool', tool_call_id: 'call_1', content: '{"n":2}' },
        ],
      },
    ],
  ])('with %s', (_, body, expected) => {
    expect(toPivot(body)).toMatchObject(expected);
  });

  it('leaves out what no answer needs, and says so; what it needs binds it to its format', () => {
    const question = gemini.parseQuestion({
      model: 'm',
      contents: [
        { role: 'user', parts: [{ fileData: { fileUri: 'https://x/v1beta/files/1', mimeType: 'video/mp4' } }] },
      ],
      tools: [{ googleSearch: {} }],
      safetySettings: [],
      generationConfig: { topK: 3 },
    });
    expect(question.dropped).toEqual(['tools.googleSearch', 'generationConfig.topK', 'safetySettings']);
    expect(question.bound).toEqual(['contents[0].parts[0]']);
  });

  it('goes to its own format as it was sent', () => {
    const body = { contents: hello, safetySettings: [{ category: 'X' }], generationConfig: { topK: 3 } };
    const question = gemini.parseQuestion({ ...body, model: 'm', stream: true, freeway: { tier: 'free' } });
    expect(JSON.parse(gemini.renderRequest(question, [], target).text)).toEqual(body);
    expect(gemini.requestPath(question, target)).toBe('/models/m:streamGenerateContent?alt=sse');
  });

  it('has what Google never signed marked as that, and all else as it was', () => {
    const call = { functionCall: { name: 'f', args: {} } };
    const kept = 'eyJjbGF1ZGUiOltdfQ==';
    const unsigned = { ...call, thoughtSignature: 'skip_thought_signature_validator' };
    const told = (parts: readonly object[]): unknown => {
      const contents = [...hello, { role: 'model', parts }];
      const question = gemini.parseQuestion({ model: 'm', contents });
      const rendered = JSON.parse(gemini.renderRequest(question, null, target).text) as { contents: unknown[] };
      return (rendered.contents.at(-1) as { parts: unknown }).parts;
    };
    const text = { text: 'Let me see.' };
    expect(told([text, call, call])).toEqual([text, unsigned, call]);
    expect(
      told([
        { ...call, thoughtSignature: kept },
        { ...call, thought_signature: kept },
      ]),
    ).toEqual([unsigned, call]);
    for (const name of ['thoughtSignature', 'thought_signature'])
      expect(told([{ ...call, [name]: 's' }, call])).toEqual([{ ...call, [name]: 's' }, call]);
    expect(told([text])).toEqual([text]);
  });

  it.each<[unknown, string]>([
    [{ contents: [] }, 'contents'],
    [{}, 'contents'],
    [{ contents: [{ role: 'narrator', parts: [] }] }, 'contents[0].role'],
    [{ contents: [{ parts: [7] }] }, 'contents[0].parts[0]'],
    [{ contents: [{ parts: [{}] }] }, 'contents[0].parts[0]'],
    [{ contents: [{ parts: [{ inlineData: { data: 'x' } }] }] }, 'contents[0].parts[0].inlineData.mimeType'],
    [{ contents: hello, generationConfig: { candidateCount: 2 } }, 'generationConfig.candidateCount'],
    [{ contents: hello, tools: [{ functionDeclarations: [{}] }] }, 'tools[0].functionDeclarations[0].name'],
  ])('%j is refused with the field at fault', (body, param) => {
    expect(() => gemini.parseQuestion(body)).toThrow(CallerError);
    expect(() => gemini.parseQuestion(body)).toThrow(expect.objectContaining({ param }) as Error);
  });
});

describe('a chat request for a provider of the Gemini format', () => {
  it('tells turns, pictures, tools and their results', () => {
    const body = toGemini({
      messages: [
        { role: 'system', content: 'Be kind.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'see' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } },
          ],
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{"n":1}' } }],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'one' },
      ],
      tools: [{ type: 'function', function: { name: 'f', parameters: city } }],
      tool_choice: 'required',
      max_tokens: 9,
    });
    expect(body).toEqual({
      systemInstruction: { parts: [{ text: 'Be kind.' }] },
      contents: [
        { role: 'user', parts: [{ text: 'see' }, { inlineData: { mimeType: 'image/png', data: 'AA==' } }] },
        {
          role: 'model',
          parts: [
            {
              functionCall: { id: 'c1', name: 'f', args: { n: 1 } },
              thoughtSignature: 'skip_thought_signature_validator',
            },
          ],
        },
        { role: 'user', parts: [{ functionResponse: { id: 'c1', name: 'f', response: { output: 'one' } } }] },
      ],
      tools: [{ functionDeclarations: [{ name: 'f', parametersJsonSchema: city }] }],
      toolConfig: { functionCallingConfig: { mode: 'ANY' } },
      generationConfig: { maxOutputTokens: 9 },
    });
  });

  it('tells how many tokens to choose from', () => {
    expect(toGemini({ top_k: 40 })['generationConfig']).toEqual({ topK: 40 });
  });

  it('read back is the same question', () => {
    const chat = {
      model: 'm',
      messages: [
        { role: 'system', content: 'Be kind.' },
        { role: 'user', content: 'hello' },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{"n":1}' } }],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'one' },
        { role: 'user', content: 'and now?' },
      ],
      tools: [{ type: 'function', function: { name: 'f', parameters: city } }],
      tool_choice: 'auto',
      temperature: 0.5,
      stop: ['x'],
    };
    const told = gemini.renderRequest(openai.parseQuestion(chat), null, target).text;
    const { messages, ...rest } = gemini.parseQuestion({ ...(JSON.parse(told) as object), model: 'm' }).pivot;
    const { messages: before, ...others } = chat;
    expect(messages).toEqual(before);
    expect(rest).toEqual(others);
  });
});
