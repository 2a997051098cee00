// The calls of one attempt: addressed, authorised and started one after the other, and undone when nobody waits for them any more.
import type { Clock, Headers, Upstream, UpstreamCall, UpstreamHandle, UpstreamListener } from '../ports.ts';
import { SigningError } from './authorize.ts';
import type { Credential } from './credentials.ts';
import type { FurtherCall, OutgoingCall, ReplyReader } from './operation.ts';

const USER_AGENT = 'freeway/0.1';

/** Headers that come again and again, with those that authorise their calls. */
const joined = new WeakMap<Headers, { readonly own: Headers; readonly all: Headers }>();

function toHeaders(credential: Credential, { headers, auth }: OutgoingCall): Headers {
  const own = credential.authorize(auth);
  const known = joined.get(headers);
  if (known?.own === own) return known.all;
  const all = { 'user-agent': USER_AGENT, 'accept-encoding': 'identity', ...headers, ...own };
  // Secrets that are opened for each call are not kept.
  if (Object.isFrozen(headers) && Object.isFrozen(own)) joined.set(headers, { own, all: Object.freeze(all) });
  return all;
}

/** Paths that lead out of the base URL are resolved, since nobody else does; other hosts are only called by those who have not set one. */
function toUrl({ baseUrl, provider }: Credential, path: string): string {
  if (path.startsWith('/../')) return new URL(baseUrl + path).href;
  if (path.startsWith('/')) return baseUrl + path;
  return new URL(provider.baseUrl).origin === new URL(baseUrl).origin
    ? path
    : new URL(new URL(path).pathname, baseUrl).href;
}

function toUpstreamCall(credential: Credential, outgoing: OutgoingCall): UpstreamCall {
  const { method = 'POST', path, body } = outgoing;
  return {
    method,
    url: toUrl(credential, path),
    headers: toHeaders(credential, outgoing),
    body,
    publicOnly: credential.publicOnly,
    // The watch keeps the deadlines: it tells content from signs of life.
    headTimeoutMs: 0,
    idleTimeoutMs: 0,
  };
}

export interface CallsInput {
  readonly credential: Credential;
  readonly upstream: Upstream;
  readonly clock: Clock;
  /** Hears all replies. */
  readonly reader: ReplyReader;
  /** A call could not be authorised; the message says why. */
  readonly unsigned: (message: string) => void;
}

/** Calls of one attempt, at most one under way at a time. */
export interface Calls {
  /** Starts a call: at once, or as soon as it is authorised. */
  start(outgoing: OutgoingCall): void;
  /** Starts a further one, after its pause. */
  ask(further: FurtherCall): void;
  abort(): void;
  pause(): void;
  resume(): void;
  /** The attempt is over. What it has begun is stopped and undone unless it ended `well`. */
  end(well: boolean): void;
}

/** How long a provider may take to be told that nobody waits for its work any more. */
const UNDO_MS = 10_000;
const deaf: UpstreamListener = {
  onHead: () => undefined,
  onData: () => undefined,
  onEnd: () => undefined,
  onError: () => undefined,
};

const toReason = (error: unknown): string =>
  error instanceof SigningError ? error.message : 'the call could not be authorised';

/** Calls with this credential. */
export function createCalls({ credential, upstream, clock, reader, unsigned }: CallsInput): Calls {
  let handle: UpstreamHandle | null = null;
  let undoing: OutgoingCall | null = null;
  let stopPause = (): void => undefined;
  let over = false;
  const authorise = (call: UpstreamCall, then: (call: UpstreamCall) => void, or: (error: unknown) => void): void => {
    if (credential.sign === null) return then(call);
    void credential.sign(call, { upstream, clock }).then(then, or);
  };
  const begin = (call: UpstreamCall): void => {
    if (over) return;
    const started = upstream.start(call, reader);
    handle = started;
    if (over) started.abort();
  };
  const start = (outgoing: OutgoingCall): void =>
    authorise(toUpstreamCall(credential, outgoing), begin, (error) => unsigned(toReason(error)));
  /** Listens for nothing: the attempt is over. */
  const undo = (outgoing: OutgoingCall): void => {
    const tell = (call: UpstreamCall): unknown => upstream.start({ ...call, headTimeoutMs: UNDO_MS }, deaf);
    authorise(toUpstreamCall(credential, outgoing), tell, () => undefined);
  };
  return {
    start,
    ask: (further) => {
      undoing = further.undo;
      stopPause = clock.after(further.afterMs, () => {
        try {
          start(further.call);
        } catch (error) {
          unsigned(toReason(error));
        }
      });
    },
    abort: () => handle?.abort(),
    pause: () => handle?.pause(),
    resume: () => handle?.resume(),
    end: (well) => {
      over = true;
      stopPause();
      // A good reply has ended by itself; anything else must stop using quota.
      if (well) return;
      handle?.abort();
      if (undoing !== null) undo(undoing);
    },
  };
}
