// An answer's stream as it comes: many pieces at once, an error in the middle, a connection that breaks.
import { expect, it } from 'vitest';
import { readAnswer, type AnswerListener } from '../../ui/src/features/chat/answer-stream.ts';

const ignore = (): void => undefined;
const quiet: AnswerListener = {
  text: ignore,
  reasoning: ignore,
  route: ignore,
  attempt: ignore,
  receipt: ignore,
  finish: ignore,
};
const delta = (content: string): string => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;
const words = Array.from({ length: 500 }, (_, at) => `word${String(at)} `);

/** A reply whose events lie ready, each a piece of its own; `then` says how it goes on. */
const toReply = (events: readonly string[], then: (out: ReadableStreamDefaultController) => void) =>
  new Response(
    new ReadableStream<Uint8Array>({
      start: (out) => {
        for (const event of events) out.enqueue(new TextEncoder().encode(event));
        then(out);
      },
    }),
  );
const end = (out: ReadableStreamDefaultController): void => out.close();

it('all that lies ready is read at once, however many pieces it came in', async () => {
  let text = '';
  let pauses = 0;
  const pause = (): Promise<void> => Promise.resolve(void pauses++);
  const listener = { ...quiet, text: (more: string): void => void (text += more) };
  await readAnswer(toReply([...words.map(delta), 'data: [DONE]\n\n'], end), listener, pause);
  expect(text).toBe(words.join(''));
  expect(pauses).toBe(0);
});

it('an error in the stream ends it, also while the connection stays open', async () => {
  const error = `data: ${JSON.stringify({ error: { message: 'None left.', code: 'exhausted' } })}\n\n`;
  const reply = toReply([delta('Hello'), error], ignore);
  await expect(readAnswer(reply, quiet, () => Promise.resolve())).rejects.toMatchObject({ code: 'exhausted' });
});

it('what came before the connection broke is told, and so is what came after a pause', async () => {
  let text = '';
  let pauses = 0;
  const pause = (): Promise<void> => Promise.resolve(void pauses++);
  const listener = { ...quiet, text: (more: string): void => void (text += more) };
  const later = (act: () => void): void => void setTimeout(act, 20);
  const reply = toReply([delta('Hello ')], (out) =>
    later(() => {
      out.enqueue(new TextEncoder().encode(delta('world')));
      later(() => out.error(new TypeError('network error')));
    }),
  );
  await expect(readAnswer(reply, listener, pause)).rejects.toMatchObject({ code: 'broke_off' });
  expect([text, pauses]).toEqual(['Hello world', 2]);
});
