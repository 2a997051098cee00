// Reads one chat reply as it arrives and picks the way of reading by its head: a fault, a whole reply, or a stream.
import type { Usage } from '#shared/usage.ts';
import type { ProviderFailure } from '#shared/failures.ts';
import type { Headers } from '../ports.ts';
import { isStreamOf } from './cut.ts';
import type { ChatQuestion, ChatWire, Dialect, Finish, HttpReply, ObservedLimit, UpstreamWire } from '../wire/types.ts';
import type { StreamWriter } from '../wire/writer.ts';
import { toFailure } from './send.ts';
import type { ReaderContext, ReplyReader } from './operation.ts';
import { createCollectReader } from './read-collect.ts';
import { createStreamReader } from './read-stream.ts';
import { createWholeReader, MAX_FAULT_BYTES } from './read-whole.ts';
import type { Rescue, Resumption } from './rescue.ts';
import type { Retelling } from './retelling.ts';

/** What a reader must know of the request and of the provider's way of speaking. */
export interface ChatReading {
  readonly question: ChatQuestion;
  /** The wire the provider speaks. */
  readonly wire: UpstreamWire;
  /** The model the provider was asked for, as it calls it. */
  readonly model: string;
  /** The wire the caller speaks. Where both are the same, bytes are passed on as they are. */
  readonly callerWire: ChatWire;
  /** Writes the stream the caller gets, over all attempts. */
  readonly writer: StreamWriter;
  /** What a filter held back whole is told as an answer; else it has failed. */
  readonly tellsRefusals: boolean;
  /** Fields of the caller's request that this provider was not told. */
  readonly dropped: readonly string[];
  /** What was put right of the request, and of the answer so far. */
  readonly mended: readonly string[];
  readonly dialect: Dialect;
  readonly context: ReaderContext;
  readonly rescue: Rescue;
  /** null where no stream is asked for. */
  readonly retelling: Retelling | null;
  /** For body readers: everything that matters has been read, or nothing more is wanted. */
  readonly over: () => void;
}

/** What is left of a reading when it ends. */
export interface Reading {
  readonly failure: ProviderFailure | null;
  readonly committed: boolean;
  readonly usage: Usage | null;
  /** Tokens of answer seen, roughly; for the books when the provider does not say. */
  readonly seenTokens: number;
  /** Why the answer ended; absent or null when that was not told. */
  readonly finish?: Finish | null;
}

/** One way of reading a body. */
export interface BodyReader {
  data(chunk: Uint8Array): void;
  /** The body has ended; `failure` when it broke off. */
  end(failure: ProviderFailure | null): Reading;
}

/** Most faults come in one piece. */
function toText(chunks: readonly Uint8Array[]): string {
  const [only] = chunks;
  if (only === undefined) return '';
  const bytes =
    chunks.length === 1 ? Buffer.from(only.buffer, only.byteOffset, only.byteLength) : Buffer.concat(chunks);
  return bytes.toString('utf8');
}

function createFaultReader(
  status: number,
  headers: Headers,
  { dialect, context, over }: ChatReading,
): BodyReader & { reply(): HttpReply } {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let told: HttpReply | null = null;
  // Asked for twice: what failed, and which limits it names.
  const reply = (): HttpReply => (told ??= { status, headers, body: toText(chunks) });
  return {
    reply,
    data: (chunk) => {
      if (size < MAX_FAULT_BYTES) chunks.push(chunk.subarray(0, MAX_FAULT_BYTES - size));
      size += chunk.length;
      if (size >= MAX_FAULT_BYTES) over();
    },
    end: () => ({
      failure: dialect.parseFailure(reply(), context.nowMs()),
      committed: false,
      usage: null,
      seenTokens: 0,
    }),
  };
}

/** The way of reading a body of status 200. */
function createBodyReader(reading: ChatReading, isStream: boolean, resumption: Resumption | null): BodyReader {
  const { question, wire, callerWire, retelling } = reading;
  if (!question.stream) return isStream ? createCollectReader(reading) : createWholeReader(reading);
  if (isStream && resumption === null && wire === callerWire) return createStreamReader(reading);
  if (retelling === null) throw new Error('What tells streams anew was not loaded for a question that asks for one.');
  return isStream
    ? retelling.createRetellReader(reading, resumption)
    : retelling.createRetellWholeReader(reading, resumption);
}

/** What comes at once and is not longer takes less time to read than to send on in two pieces. */
const SHORT_BYTES = 4_096;
/** So much of what is longer is looked at first; twice as much each time that no content was found. */
const START_BYTES = 1_024;

/** A reader for one reply to a chat request; with a `resumption`, to a request to go on with an answer. */
export function createChatReader(asked: Omit<ChatReading, 'over'>, resumption: Resumption | null): ReplyReader {
  const { dialect, context } = asked;
  const reading: ChatReading = { ...asked, over: () => finish(null) };
  let body: BodyReader | null = null;
  let fault: ReturnType<typeof createFaultReader> | null = null;
  let head: HttpReply | null = null;
  /** The caller is told piece by piece what comes so. */
  let isTold = false;
  const limits = (): readonly ObservedLimit[] =>
    head === null ? [] : dialect.parseLimits(fault?.reply() ?? head, context.nowMs());
  const finish = (failure: ProviderFailure | null): void => {
    if (body === null && head !== null) body = openBody(null);
    const ended = body?.end(failure) ?? { failure, committed: false, usage: null, seenTokens: 0 };
    context.finish({ ...ended, limits: limits() });
  };
  /** The caller has the first content before the rest of what came with it is looked at. Answers how much was. */
  const tellStart = (chunk: Uint8Array): number => {
    let start = 0;
    for (let size = START_BYTES; asked.rescue.shown.body === null && chunk.length - start > SHORT_BYTES; size *= 2)
      body?.data(chunk.subarray(start, (start += size)));
    return start;
  };
  const openBody = (first: Uint8Array | null): BodyReader => {
    const isStream = isStreamOf(asked.wire, head?.headers['content-type'] ?? '', first);
    isTold = isStream && asked.question.stream;
    return createBodyReader(reading, isStream, resumption);
  };
  return {
    onHead: (status, headers) => {
      head = { status, headers, body: '' };
      if (status < 200 || status > 299) body = fault = createFaultReader(status, headers, reading);
    },
    onData: (chunk) => {
      body ??= openBody(chunk);
      const start = isTold && chunk.length > SHORT_BYTES ? tellStart(chunk) : 0;
      if (start < chunk.length) body.data(start === 0 ? chunk : chunk.subarray(start));
    },
    onEnd: () => finish(null),
    onError: (error) => finish(toFailure(error)),
  };
}
