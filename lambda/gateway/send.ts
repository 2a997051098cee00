// Carries out one attempt: sends the call, watches the clock, and hands the reply to its reader.
import type { ProviderFailure } from '#shared/failures.ts';
import type { Usage } from '#shared/usage.ts';
import {
  UpstreamError,
  type Clock,
  type Headers,
  type ReplyBody,
  type Upstream,
  type UpstreamCall,
  type UpstreamHandle,
} from '../ports.ts';
import { SigningError } from './authorize.ts';
import type { Credential } from './credentials.ts';
import type { Closing } from '../wire/types.ts';
import type { AttemptOutcome, Operation, OutgoingCall, ReaderContext, ReplyReader } from './operation.ts';
import { createWatch } from './watch.ts';

export interface SendInput {
  readonly operation: Operation;
  readonly index: number;
  readonly credential: Credential;
  readonly stripped: readonly string[];
  readonly commit: (contentType: string, usage: Usage | null) => ReplyBody;
  readonly closing: (usage: Usage | null, seenTokens: number) => Closing;
  /** The first content has come. */
  readonly onContent: () => void;
  /** From the usual time to the first content to when it is called late; Infinity: never. */
  readonly lateMs: (usualContentMs: number) => number;
  /** Called once, when the first content is late. */
  readonly onLate: () => void;
  readonly upstream: Upstream;
  readonly clock: Clock;
}

/** One attempt under way. */
export interface Sent {
  /** Resolves when the attempt is over; never rejects. */
  readonly done: Promise<AttemptOutcome>;
  /** Gives the attempt up: it ends as `cancelled`, for this reason. */
  readonly cancel: (reason: string) => void;
}

const USER_AGENT = 'freeway/0.1';

/** A failure below HTTP, in the words of the failure table. */
export function toFailure(error: UpstreamError): ProviderFailure {
  return { kind: error.kind, message: error.message };
}

function toHeaders(credential: Credential, headers: Headers): Headers {
  return { 'user-agent': USER_AGENT, 'accept-encoding': 'identity', ...headers, ...credential.authorize() };
}

/** The address of a call. A path that leads out of the base URL's last parts is resolved here, since not every way out does it. */
function toUrl(baseUrl: string, path: string): string {
  return path.startsWith('/../') ? new URL(`${baseUrl}${path}`).href : `${baseUrl}${path}`;
}

function toUpstreamCall(credential: Credential, { path, headers, body }: OutgoingCall): UpstreamCall {
  return {
    method: 'POST',
    url: toUrl(credential.baseUrl, path),
    headers: toHeaders(credential, headers),
    body,
    publicOnly: credential.publicOnly,
    // The watch keeps the deadlines: it tells content from signs of life.
    headTimeoutMs: 0,
    idleTimeoutMs: 0,
  };
}

interface Launch {
  readonly reader: ReplyReader;
  readonly finish: ReaderContext['finish'];
  readonly isOver: () => boolean;
  readonly hold: (handle: UpstreamHandle) => void;
}

/** Starts the call: at once, or as soon as it is authorised. */
function launch(input: SendInput, outgoing: OutgoingCall, { reader, finish, isOver, hold }: Launch): void {
  const { credential, upstream, clock } = input;
  const start = (call: UpstreamCall): void => {
    if (isOver()) return;
    const handle = upstream.start(call, reader);
    hold(handle);
    if (isOver()) handle.abort();
  };
  const call = toUpstreamCall(credential, outgoing);
  if (credential.sign === null) return start(call);
  void credential.sign(call, { upstream, clock }).then(start, (error: unknown) => {
    const message = error instanceof SigningError ? error.message : 'the call could not be authorised';
    const failure = { kind: 'bad_credential', message } as const;
    finish({ failure, committed: false, usage: null, seenTokens: 0, limits: [] });
  });
}

/** Sends the call. The attempt ends exactly once; its timers and its connection end with it. */
export function send(input: SendInput): Sent {
  const { operation, index, clock } = input;
  const call = operation.prepare(index, input.stripped);
  const startedAtMs = clock.now();
  let handle: UpstreamHandle | null = null;
  const { promise: done, resolve } = Promise.withResolvers<AttemptOutcome>();
  let firstContentAtMs: number | null = null;
  let over = false;
  const finish: ReaderContext['finish'] = (outcome) => {
    if (over) return;
    over = true;
    watch.stop();
    // A good reply has ended by itself; anything else must stop using quota.
    if (outcome.failure) handle?.abort();
    const firstContentMs = firstContentAtMs === null ? null : firstContentAtMs - startedAtMs;
    resolve({ ...outcome, firstContentMs, ms: clock.now() - startedAtMs });
  };
  const progress = (): void => {
    watch.seen();
    if (firstContentAtMs !== null) return;
    firstContentAtMs = clock.now();
    input.onContent();
  };
  const reader = operation.read(index, {
    nowMs: () => clock.now(),
    progress,
    commit: (contentType, usage) => {
      progress();
      return input.commit(contentType, usage);
    },
    pause: () => {
      watch.paused();
      handle?.pause();
    },
    resume: () => {
      watch.resumed();
      handle?.resume();
    },
    finish,
    closing: input.closing,
  });
  // The reader hears of it like of any other end, so that it can settle what was already received.
  const end = (kind: UpstreamError['kind'], message: string): void => {
    if (over) return;
    // First the reason, then the end of the call: aborting tells the reader that it was given up, and nothing more.
    reader.onError(new UpstreamError(kind, message, true));
    handle?.abort();
  };
  const watch = createWatch({
    clock,
    lateMs: input.lateMs(call.usualContentMs),
    onLate: input.onLate,
    firstContentMs: call.firstContentTimeoutMs,
    idleMs: call.idleTimeoutMs,
    deadlineAtMs: operation.deadlineAtMs,
    onTimeout: (message) => end('timeout', message),
  });
  launch(input, call, { reader, finish, isOver: () => over, hold: (started) => (handle = started) });
  return { done, cancel: (reason) => end('cancelled', reason) };
}
