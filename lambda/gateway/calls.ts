// The calls of one attempt: addressed, authorised and started one after the other, and undone when nobody waits for them any more.
import type { ProviderFailure } from '#shared/failures.ts';
import {
  VaultError,
  type Clock,
  type Headers,
  type Upstream,
  type UpstreamCall,
  type UpstreamHandle,
  type UpstreamListener,
} from '../ports.ts';
import { SigningError } from './authorize.ts';
import type { Credential } from './credentials.ts';
import { withoutKeys } from './echo.ts';
import type { FurtherCall, OutgoingCall, ReplyReader } from './operation.ts';

const USER_AGENT = 'freeway/0.1';

/** Where a call goes, and with which headers. */
interface Address {
  readonly url: string;
  readonly headers: Headers;
}

/** Addresses that come again and again, by the headers of their operations, and what else they are made of. */
const known = new WeakMap<
  Headers,
  Address & { readonly credential: Credential; readonly own: Headers; readonly path: string }
>();

function toAddress(credential: Credential, { path, headers, auth }: OutgoingCall): Address {
  const own = credential.authorize(auth);
  const before = known.get(headers);
  if (before?.credential === credential && before.own === own && before.path === path) return before;
  const all = { 'user-agent': USER_AGENT, 'accept-encoding': 'identity', ...headers, ...own };
  const address = { url: toUrl(credential, path), headers: all };
  // Secrets that are opened for each call are not kept.
  if (Object.isFrozen(headers) && Object.isFrozen(own)) {
    Object.freeze(all);
    known.set(headers, { ...address, credential, own, path });
  }
  return address;
}

/** Paths that lead out of the base URL are resolved, since nobody else does; other hosts are called only where nobody has set a base URL, below which all is asked then. */
function toUrl({ baseUrl, provider }: Credential, path: string): string {
  if (path.startsWith('/../')) return new URL(baseUrl + path).href;
  if (path.startsWith('/')) return baseUrl + path;
  if (new URL(provider.baseUrl).origin === new URL(baseUrl).origin) return path;
  const { pathname } = new URL(path);
  // The version is named once.
  return baseUrl + (/\/v\d+$/.test(baseUrl) ? pathname.replace(/^\/v\d+/, '') : pathname);
}

function toUpstreamCall(credential: Credential, outgoing: OutgoingCall): UpstreamCall {
  const { method = 'POST', body } = outgoing;
  const { url, headers } = toAddress(credential, outgoing);
  return {
    method,
    url,
    headers,
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
  /** Hears all replies, unless a further call brings its own reader. */
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
  /** What went wrong with the call that was started last, told without the key that it carried. To be asked once, at the end. */
  clean(failure: ProviderFailure | null): ProviderFailure | null;
  /** The attempt is over, and so is the call under way. What it has begun is undone unless it ended `well`. */
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
  error instanceof SigningError || error instanceof VaultError ? error.message : 'the call could not be authorised';

class AttemptCalls implements Calls {
  readonly #input: CallsInput;
  #handle: UpstreamHandle | null = null;
  /** Headers of the call that was started last, which carry the key: forgotten with the end of the attempt. */
  #sent: Headers = {};
  #undoing: OutgoingCall | null = null;
  #stopPause: (() => void) | null = null;
  #reader: ReplyReader;
  #isOver = false;

  constructor(input: CallsInput) {
    this.#input = input;
    this.#reader = input.reader;
  }

  start(outgoing: OutgoingCall): void {
    const refuse = (error: unknown): void => this.#input.unsigned(toReason(error));
    try {
      this.#authorise(outgoing, (call) => this.#begin(call), refuse);
    } catch (error) {
      // A secret that can't be opened is this credential's fault alone: others may serve.
      if (!(error instanceof VaultError)) throw error;
      refuse(error);
    }
  }

  ask(further: FurtherCall): void {
    const { clock, unsigned } = this.#input;
    this.#undoing = further.undo;
    if (further.reader !== undefined) this.#reader = further.reader;
    // Whoever asks on has heard enough, also of a stream that its provider leaves open.
    this.#handle?.abort();
    this.#stopPause = clock.after(further.afterMs, () => {
      try {
        this.start(further.call);
      } catch (error) {
        unsigned(toReason(error));
      }
    });
  }

  abort(): void {
    this.#handle?.abort();
  }

  pause(): void {
    this.#handle?.pause();
  }

  resume(): void {
    this.#handle?.resume();
  }

  clean(failure: ProviderFailure | null): ProviderFailure | null {
    const sent = this.#sent;
    this.#sent = {};
    if (failure === null) return null;
    const { auth } = this.#input.credential.provider;
    const ownHeader = auth.scheme === 'header' ? auth.header.toLowerCase() : null;
    return { ...failure, message: withoutKeys(failure.message, sent, ownHeader) };
  }

  end(well: boolean): void {
    this.#isOver = true;
    this.#stopPause?.();
    // Of a good reply that has not ended by itself the rest is of no use; anything else must stop using quota.
    this.#handle?.abort();
    if (!well && this.#undoing !== null) this.#undo(this.#undoing);
  }

  #begin(call: UpstreamCall): void {
    if (this.#isOver) return;
    this.#sent = call.headers;
    const started = this.#input.upstream.start(call, this.#reader);
    this.#handle = started;
    if (this.#isOver) started.abort();
  }

  /** Listens for nothing: the attempt is over. */
  #undo(outgoing: OutgoingCall): void {
    const tell = (call: UpstreamCall): unknown => this.#input.upstream.start({ ...call, headTimeoutMs: UNDO_MS }, deaf);
    this.#authorise(outgoing, tell, () => undefined);
  }

  #authorise(outgoing: OutgoingCall, then: (call: UpstreamCall) => unknown, or: (error: unknown) => void): void {
    const { credential, upstream, clock } = this.#input;
    const call = toUpstreamCall(credential, outgoing);
    if (credential.sign === null) then(call);
    else void credential.sign(call, { upstream, clock }).then(then, or);
  }
}

/** Calls with this credential. */
export const createCalls = (input: CallsInput): Calls => new AttemptCalls(input);
