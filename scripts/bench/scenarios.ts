// What is asked: bodies of several sizes and shapes, and the raw requests made of them.
import { plainDirective, renderDirective, type Directive } from './directive.ts';

export interface Scenario {
  readonly name: string;
  readonly body: string;
  readonly directive: Directive;
}

const SENTENCE =
  'The quarterly report says that shipments to the northern region rose by 4.2 percent while returns fell, which the team explains by better packaging. ';

function toBody(directive: Directive, more: Readonly<Record<string, unknown>>): string {
  const { chunks } = directive;
  return JSON.stringify({
    model: 'auto',
    user: renderDirective(directive),
    ...(chunks > 0 ? { stream: true } : {}),
    ...more,
  });
}

const smallMessages = [{ role: 'user', content: 'What is the capital of France? Answer in one word.' }];

function toTool(index: number): unknown {
  return {
    type: 'function',
    function: {
      name: `lookup_record_${index}`,
      description: SENTENCE,
      parameters: {
        type: 'object',
        properties: {
          id: { type: 'string', description: 'Identifier of the record, as printed on the form.' },
          fields: { type: 'array', items: { type: 'string', enum: ['name', 'state', 'total', 'created', 'updated'] } },
          limit: { type: 'integer', minimum: 1, maximum: 100 },
        },
        required: ['id'],
      },
    },
  };
}

function toConversation(turns: number, sentences: number): unknown[] {
  const messages = Array.from({ length: turns }, (_, turn) => ({
    role: turn % 2 === 0 ? 'user' : 'assistant',
    content: `${turn}. ${SENTENCE.repeat(sentences)}`,
  }));
  return [{ role: 'system', content: 'You answer questions about reports.' }, ...messages];
}

/** Bodies that the decision is timed on: about 170 B, 8 KB with tools, and 100 KB of conversation. */
export const decisionBodies: Readonly<Record<'small' | 'tools' | 'large', string>> = {
  small: toBody(plainDirective, { messages: smallMessages }),
  tools: toBody(plainDirective, {
    messages: toConversation(3, 2),
    tools: Array.from({ length: 14 }, (_, index) => toTool(index)),
  }),
  large: toBody(plainDirective, { messages: toConversation(21, 33) }),
};

const withDirective = (directive: Directive): Pick<Scenario, 'body' | 'directive'> => ({
  directive,
  body: toBody(directive, { messages: smallMessages }),
});

export const small: Scenario = { name: 'small JSON', body: decisionBodies.small, directive: plainDirective };
export const tools: Scenario = { name: '8 KB with tools', body: decisionBodies.tools, directive: plainDirective };
export const large: Scenario = { name: '100 KB prompt', body: decisionBodies.large, directive: plainDirective };
export const burst: Scenario = { name: 'stream, burst of 100', ...withDirective({ ...plainDirective, chunks: 100 }) };
export const paced: Scenario = {
  name: 'stream, 40 every 2 ms',
  ...withDirective({ ...plainDirective, chunks: 40, paceMs: 2 }),
};

/** Three of ten calls to the provider are refused with 429: what reaches the caller, and what going to the next candidate costs. */
export const busy: Scenario = { name: 'small, 30 % refused', ...withDirective({ ...plainDirective, busyPercent: 30 }) };

/** The raw HTTP request; the same bytes for every target. */
export function toRequest({ body }: Pick<Scenario, 'body'>, apiKey: string): Buffer {
  const bytes = Buffer.from(body);
  const head =
    'POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\naccept: */*\r\n' +
    `authorization: Bearer ${apiKey}\r\ncontent-length: ${bytes.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes]);
}
