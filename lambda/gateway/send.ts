// Carries out one attempt: sends the call, watches the clock, and hands the reply to its reader.
import type { ProviderFailure } from '#shared/failures.ts';
import type { Usage } from '#shared/usage.ts';
import { UpstreamError, type Clock, type ReplyBody, type Upstream } from '../ports.ts';
import { createCalls } from './calls.ts';
import type { Credential } from './credentials.ts';
import type { Closing } from '../wire/writer.ts';
import type { AttemptOutcome, Operation, ReaderContext } from './operation.ts';
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

/** A failure below HTTP, in the words of the failure table. */
export function toFailure(error: UpstreamError): ProviderFailure {
  return { kind: error.kind, message: error.message, ...(!error.sent && { unsent: true }) };
}

const toUnsigned = (message: string): Omit<AttemptOutcome, 'ms' | 'firstContentMs'> => ({
  failure: { kind: 'bad_credential', message },
  committed: false,
  usage: null,
  seenTokens: 0,
  limits: [],
});

/** From one moment to another, ms: a clock that is set back in between makes nobody answer before they were asked. */
const passed = (fromMs: number, toMs: number): number => Math.max(0, toMs - fromMs);

/** Sends the call. The attempt ends exactly once; its timers and its connection end with it. */
export function send(input: SendInput): Sent {
  const { operation, index, clock } = input;
  const call = operation.prepare(index, input.stripped);
  const startedAtMs = clock.now();
  const { promise: done, resolve } = Promise.withResolvers<AttemptOutcome>();
  let firstContentMs: number | null = null;
  let over = false;
  const finish: ReaderContext['finish'] = (outcome) => {
    if (over) return;
    over = true;
    watch.stop();
    calls.end(outcome.failure === null);
    const failure = calls.clean(outcome.failure);
    resolve({ ...outcome, failure, firstContentMs, ms: passed(startedAtMs, clock.now()) });
  };
  const progress = (): void => {
    watch.seen();
    if (firstContentMs !== null) return;
    firstContentMs = passed(startedAtMs, clock.now());
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
      calls.pause();
    },
    resume: () => {
      watch.resumed();
      calls.resume();
    },
    ask: (further) => calls.ask(further),
    finish,
    closing: input.closing,
  });
  const { credential, upstream } = input;
  const unsigned = (message: string): void => finish(toUnsigned(message));
  const calls = createCalls({ credential, upstream, clock, reader, unsigned });
  // The reader hears of it like of any other end, so that it can settle what was already received.
  const end = (kind: UpstreamError['kind'], message: string): void => {
    if (over) return;
    // First the reason, then the end of the call: aborting tells the reader that it was given up, and nothing more.
    reader.onError(new UpstreamError(kind, message, true));
    calls.abort();
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
  calls.start(call);
  return { done, cancel: (reason) => end('cancelled', reason) };
}
