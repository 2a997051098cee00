// Providers that offer HTTP/2 behind the started server: many streams at a time, the rescue of those that are cut, and the switch.
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { certificate, startH2Provider, type Asked, type H2Provider } from '../http/h2-provider.ts';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

const CHATS = '/v1/chat/completions';
const WORDS = Array.from({ length: 60 }, (_, at) => `word${at} `);

const trusted = getCACertificates('default');
let alpha: H2Provider;
let beta: H2Provider;
let server: Started;

const toFrame = (delta: object, finish: string | null): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm1', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

/** Answers with all words, one frame each; with `cut`, which breaks it off, after the first twenty of them. */
const answerWith =
  (cut: ((asked: Asked) => void) | null) =>
  (asked: Asked): void => {
    const { request, response } = asked;
    request.resume();
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const told = cut === null ? WORDS : WORDS.slice(0, 20);
      for (const word of told.slice(0, -1)) response.write(toFrame({ content: word }, null));
      response.write(toFrame({ content: told.at(-1) }, null), () => {
        if (cut === null) response.end(`${toFrame({}, 'stop')}data: [DONE]\n\n`);
        else setImmediate(() => cut(asked));
      });
    });
  };

async function startAll(env: Record<string, string>): Promise<void> {
  const base = ({ url }: H2Provider): string => `${url}/v1`;
  server = await startServer(
    [toEntry('alpha', base(alpha), { priority: 10 }), toEntry('beta', base(beta), { priority: 20 })],
    { FREEWAY_HEALTH_CHECKS: 'off', ...env },
  );
}
beforeEach(async () => {
  setDefaultCACertificates([certificate]);
  alpha = await startH2Provider();
  beta = await startH2Provider();
  beta.on(CHATS, answerWith(null));
});
afterEach(async () => {
  await server.stop();
  await alpha.close();
  await beta.close();
  setDefaultCACertificates(trusted);
});

/** The words of a streamed answer; `unfinished` follows where it did not end as it should. */
async function ask(question: string): Promise<string> {
  const response = await fetch(`${server.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${OWNER_KEY}` },
    body: JSON.stringify({ model: 'm1', stream: true, messages: [{ role: 'user', content: question }] }),
  });
  const text = await response.text();
  const frames = [...text.matchAll(/^data: (\{.*\})$/gm)].map(([, json = '']) => JSON.parse(json) as Frame);
  const words = frames.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
  return text.endsWith('data: [DONE]\n\n') ? words : `${words} unfinished`;
}
interface Frame {
  readonly choices: readonly { readonly delta: { readonly content?: string } }[];
}

const whole = WORDS.join('');
const overH2 = ({ asked }: H2Provider): number => asked.filter((one) => one === `2 ${CHATS}`).length;

it('carries many streams over HTTP/2', async () => {
  alpha.on(CHATS, answerWith(null));
  await startAll({});
  const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => ask(`question ${at}`)));
  expect(answers).toEqual(Array(20).fill(whole));
  expect(overH2(alpha)).toBeGreaterThan(1);
  expect(beta.asked).toEqual([]);
});

it.each([
  ['the stream', ({ stream }: Asked) => stream?.close(2)],
  ['the session', () => alpha.cut()],
])('goes on elsewhere when %s is cut in the middle of an answer', async (_, cut) => {
  const first = Promise.withResolvers<Asked>();
  alpha.on(CHATS, (asked) => {
    alpha.on(CHATS, answerWith(cut));
    first.resolve(asked);
  });
  await startAll({});
  // The first one keeps the connection of HTTP/1.1 busy.
  const held = ask('hold on');
  const { response } = await first.promise;
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(toFrame({ content: WORDS[0] }, null));
  expect(await ask('go on')).toBe(whole);
  expect(overH2(alpha)).toBe(1);
  expect(beta.asked.length).toBeGreaterThan(0);
  for (const word of WORDS.slice(1)) response.write(toFrame({ content: word }, null));
  response.end(`${toFrame({}, 'stop')}data: [DONE]\n\n`);
  expect(await held).toBe(whole);
});

it('speaks HTTP/1.1 alone where that is wanted', async () => {
  alpha.on(CHATS, answerWith(null));
  await startAll({ FREEWAY_HTTP2: 'off' });
  const answers = await Promise.all(Array.from({ length: 5 }, (_, at) => ask(`question ${at}`)));
  expect(answers).toEqual(Array(5).fill(whole));
  expect(overH2(alpha)).toBe(0);
  expect(alpha.counts.sessions).toBe(0);
});
