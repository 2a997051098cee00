// Reads replies that are judged when they are complete: a fault by its dialect, anything else by what the operation makes of it.
import type { ProviderFailure } from '#shared/failures.ts';
import type { Usage } from '#shared/usage.ts';
import type { Headers } from '../ports.ts';
import type { Dialect, ReplyContext } from '../wire/types.ts';
import type { ReaderContext, ReplyReader } from './operation.ts';
import { createWholeBody, MAX_FAULT_BYTES, tooLarge } from './read-whole.ts';
import { toFailure } from './send.ts';

/** What is made of a complete reply: the answer for the caller, or a fault after all. */
export type ReadReply =
  | {
      readonly body: Uint8Array | string;
      readonly contentType: string;
      /** null when the provider did not say. */
      readonly usage: Usage | null;
    }
  | { readonly failure: ProviderFailure };

export interface ReplyReading {
  readonly dialect: Dialect;
  readonly context: ReaderContext;
  /** Makes of a reply of status 2xx what the caller gets. */
  readonly read: (body: Buffer, headers: Headers) => ReadReply;
}

/** What a parser says of a JSON document that goes to the caller as it is. */
export type ParsedDocument =
  | { readonly text: string; readonly usage: Usage | null }
  | { readonly failure: ProviderFailure };

/** A reader for one JSON document, judged by `parse`. */
export const createDocumentReader = (
  { dialect, context }: Omit<ReplyReading, 'read'>,
  parse: (body: string, reply: ReplyContext) => ParsedDocument,
): ReplyReader =>
  createReplyReader({
    dialect,
    context,
    read: (body) => {
      const parsed = parse(body.toString('utf8'), { dialect, nowMs: context.nowMs() });
      return 'failure' in parsed ? parsed : { body: parsed.text, contentType: 'application/json', usage: parsed.usage };
    },
  });

const nothing = { committed: false, usage: null, seenTokens: 0 } as const;

/** A reader for one reply in one piece. */
export function createReplyReader({ dialect, context, read }: ReplyReading): ReplyReader {
  let body = createWholeBody();
  let head: { readonly status: number; readonly headers: Headers } = { status: 0, headers: {} };
  const isFault = (): boolean => head.status < 200 || head.status > 299;
  const end = (): void => {
    const bytes = body.bytes();
    // Limits are told by the head, or by the body of a fault.
    const reply = { ...head, body: isFault() ? (bytes?.toString('utf8') ?? '') : '' };
    const limits = dialect.parseLimits(reply, context.nowMs());
    const fail = (failure: ProviderFailure): void => context.finish({ ...nothing, failure, limits });
    if (isFault()) return fail(dialect.parseFailure(reply, context.nowMs()));
    if (bytes === null) return fail(tooLarge);
    const made = read(bytes, head.headers);
    if ('failure' in made) return fail(made.failure);
    const { contentType, usage } = made;
    context.commit(contentType, usage).end(made.body);
    context.finish({ failure: null, committed: true, usage, seenTokens: 0, limits });
  };
  return {
    onHead: (status, headers) => {
      head = { status, headers };
      if (isFault()) body = createWholeBody(MAX_FAULT_BYTES);
    },
    onData: (chunk) => {
      if (!body.add(chunk)) end();
    },
    onEnd: end,
    onError: (error) => context.finish({ ...nothing, failure: toFailure(error), limits: [] }),
  };
}
