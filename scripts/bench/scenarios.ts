// What is asked: bodies of several sizes and shapes, and the raw requests made of them.
import { plainDirective, renderDirective, type Directive } from './directive.ts';

export interface Scenario {
  readonly name: string;
  readonly body: string;
  readonly directive: Directive;
  /** Body of a request that is under way on another connection whenever this one is asked. */
  readonly beside?: string;
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

/** Most calls are refused: the way to an answer is longer than the answer. */
export const busier: Scenario = {
  name: 'small, 60 % refused',
  ...withDirective({ ...plainDirective, busyPercent: 60 }),
};

/** A short question while a long one is being worked on: whether it has to wait for it. */
export const beside: Scenario = { ...small, name: 'small beside 100 KB', beside: decisionBodies.large };

/** Asked of a Freeway of which some providers do not answer at all. */
export const dead: Scenario = { ...small, name: 'small, a fifth dead' };

/** The raw HTTP request: the same bytes for every target, but for the headers that it needs. */
export function toRequest(body: string, headers: Readonly<Record<string, string>>): Buffer {
  const bytes = Buffer.from(body);
  const own = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head =
    'POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\naccept: */*\r\n' +
    `${own.join('')}content-length: ${bytes.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes]);
}
