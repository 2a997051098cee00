// One answer as it grows: what has come is shown some at a time.
import { ApiError } from '../../lib/api.ts';
import type { AnswerListener } from './answer-stream.ts';
import { joinRest } from './request.ts';
import type { Message, MessageError } from './types.ts';

/** Text is shown this often while it streams: more often costs the page its ease, less often looks slow. */
const FLUSH_MS = 100;

/** Reads of an error what is worth keeping with a message. */
export function toMessageError(error: unknown): MessageError {
  if (error instanceof ApiError) {
    const { code, message, requestId, retryAtMs, why } = error;
    return { code, message, requestId, retryAtMs, ...(why !== undefined && { why }) };
  }
  return { code: 'bad_reply', message: String(error), requestId: null, retryAtMs: null };
}

/** The answer so far, and what it is told. */
export class Progress implements AnswerListener {
  message: Message;
  readonly #before: string;
  readonly #startedAtMs: number;
  readonly #now: () => number;
  readonly #show: (message: Message) => void;
  #rest = '';
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(from: Message, now: () => number, show: (message: Message) => void) {
    this.message = from;
    this.#before = from.text;
    this.#now = now;
    this.#startedAtMs = now();
    this.#show = show;
  }

  text(text: string): void {
    this.#rest += text;
    const firstWordMs = this.message.firstWordMs ?? this.#now() - this.#startedAtMs;
    this.#grow({ text: this.#before + this.#rest, firstWordMs });
  }

  reasoning(text: string): void {
    this.#grow({ reasoning: this.message.reasoning + text });
  }

  route(route: NonNullable<Message['route']>): void {
    this.#grow({ route });
  }

  attempt(attempt: Message['attempts'][number]): void {
    this.#grow({ attempts: [...this.message.attempts, attempt] });
  }

  receipt(receipt: NonNullable<Message['receipt']>): void {
    this.#grow({ receipt });
  }

  finish(finish: string): void {
    this.#grow({ finish });
  }

  end(state: Message['state'], error: MessageError | null): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.message = { ...this.message, state, error, route: null, text: joinRest(this.#before, this.#rest) };
  }

  #grow(changes: Partial<Message>): void {
    this.message = { ...this.message, ...changes };
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#show(this.message);
    }, FLUSH_MS);
  }
}
