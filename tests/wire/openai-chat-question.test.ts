import { describe, expect, it } from 'vitest';
import { CallerError } from '#shared/failures.ts';
import { openaiChat } from '#lambda/wire/openai-chat/index.ts';

const user = { role: 'user', content: 'secret words' };
const call = { id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } };

function errorOf(body: unknown): CallerError {
  try {
    openaiChat.parseQuestion(body);
  } catch (error) {
    if (error instanceof CallerError) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('parseQuestion', () => {
  it('reads what routing needs', () => {
    const body = {
      model: 'm',
      models: ['n', 'o'],
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 5,
      max_completion_tokens: 7,
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: {} } },
      reasoning_effort: 'high',
      tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }],
      freeway: { tier: 'free' },
      unknown_field: 1,
      messages: [
        { role: 'developer', content: 'be brief' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'see' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AA', detail: 'low' } },
            { type: 'image_url', image_url: { url: 'https://example.org/a.png' } },
            { type: 'input_audio', input_audio: { data: 'AA', format: 'wav' } },
            { type: 'file', file: { file_id: 'f' } },
          ],
        },
        { role: 'assistant', content: null, tool_calls: [call] },
        { role: 'tool', tool_call_id: 'c1', content: 'done' },
      ],
    };
    const question = openaiChat.parseQuestion(body);
    expect(question.body).toBe(body);
    expect(question).toMatchObject({
      model: 'm',
      models: ['n', 'o'],
      stream: true,
      includeUsage: true,
      needs: { tools: true, vision: true, json: true, reasoning: true, audio: true, documents: true },
      maxOutputTokens: 7,
      images: [{ detail: 'low' }, { detail: 'auto' }],
      toolCount: 1,
      controls: { tier: 'free' },
    });
    expect(question.texts).toEqual([
      { role: 'system', text: 'be brief' },
      { role: 'user', text: 'see' },
      { role: 'assistant', text: 'f' },
      { role: 'assistant', text: '{"a":1}' },
      { role: 'tool', text: 'done' },
      { role: 'tools', text: JSON.stringify(body.tools[0]) },
    ]);
  });

  it('takes absent and null for not given', () => {
    const question = openaiChat.parseQuestion({
      messages: [user],
      model: null,
      max_tokens: null,
      temperature: null,
      n: null,
      tools: null,
      response_format: null,
      stop: null,
    });
    expect(question).toMatchObject({ model: 'auto', models: [], stream: false, maxOutputTokens: null, controls: null });
    expect(Object.values(question.needs)).not.toContain(true);
  });

  it.each([
    [[], undefined, 'The request body: expected a JSON object; received an empty array.'],
    [null, undefined, 'The request body: expected a JSON object; received null.'],
    [{}, 'messages', 'messages: expected a non-empty array; received nothing.'],
    [{ messages: [] }, 'messages', 'messages: expected a non-empty array; received an empty array.'],
    [{ messages: [1] }, 'messages[0]', 'messages[0]: expected an object; received a number.'],
    [
      { messages: [user, { role: 'bot', content: 'x' }] },
      'messages[1].role',
      'messages[1].role: expected one of system, developer, user, assistant, tool, function; received "bot".',
    ],
    [{ messages: [{ role: 'constructor', content: '' }] }, 'messages[0].role', /received "constructor"/],
    [{ messages: [{ role: 'secret words', content: '' }] }, 'messages[0].role', /received a string\.$/],
    [
      { messages: [{ role: 'user', content: null }] },
      'messages[0].content',
      /expected a string or an array of parts; received null/,
    ],
    [{ messages: [{ role: 'assistant', content: null }] }, 'messages[0].content', /beside tool calls or a refusal/],
    [{ messages: [{ role: 'user', content: [] }] }, 'messages[0].content', /non-empty array of parts/],
    [
      { messages: [{ role: 'user', content: [{ type: 'text', text: 5 }] }] },
      'messages[0].content[0].text',
      /received a number/,
    ],
    [{ messages: [{ role: 'user', content: [{ type: 'video' }] }] }, 'messages[0].content[0].type', /received "video"/],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: 'u' }] }] },
      'messages[0].content[0].image_url',
      /object with a url/,
    ],
    [{ messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].tool_call_id', /received nothing/],
    [
      { messages: [{ role: 'assistant', tool_calls: [{ id: 'a', function: { name: 'f', arguments: {} } }] }] },
      'messages[0].tool_calls[0].function.arguments',
      /string of JSON; received an object/,
    ],
    [{ messages: [user], model: 5 }, 'model', /non-empty string; received a number/],
    [{ messages: [user], model: '' }, 'model', /received an empty string/],
    [{ messages: [user], models: ['a', 1] }, 'models[1]', /received a number/],
    [
      { messages: [user], n: 2 },
      'n',
      'n: expected 1, because Freeway answers one choice per request; received the number 2.',
    ],
    [
      { messages: [user], max_tokens: 0 },
      'max_tokens',
      'max_tokens: expected a positive integer; received the number 0.',
    ],
    [{ messages: [user], max_completion_tokens: '9' }, 'max_completion_tokens', /positive integer; received "9"/],
    [{ messages: [user], temperature: 'hot' }, 'temperature', /a number; received "hot"/],
    [{ messages: [user], stream: 'yes' }, 'stream', /true or false; received "yes"/],
    [{ messages: [user], stream_options: { include_usage: 1 } }, 'stream_options.include_usage', /true or false/],
    [{ messages: [user], stop: [1] }, 'stop', /array of strings/],
    [{ messages: [user], tools: {} }, 'tools', /an array; received an object/],
    [{ messages: [user], tools: [{ type: 'function' }] }, 'tools[0].function', /an object; received nothing/],
    [
      { messages: [user], tools: [{ type: 'function', function: { name: 'f', parameters: [] } }] },
      'tools[0].function.parameters',
      /JSON Schema object/,
    ],
    [{ messages: [user], functions: [{ name: '' }] }, 'functions[0].name', /empty string/],
    [
      { messages: [user], response_format: { type: 'xml' } },
      'response_format.type',
      /one of text, json_object, json_schema; received "xml"/,
    ],
    [
      { messages: [user], response_format: { type: 'json_schema' } },
      'response_format.json_schema',
      /an object; received nothing/,
    ],
  ])('refuses %j', (body, param, message) => {
    const error = errorOf(body);
    expect(error.code).toBe('invalid_request');
    expect(error.param ?? undefined).toBe(param);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('secret');
  });
});
