// What every way out does with a reply, whatever carries it: deadlines, decoding, back-pressure, and exactly one ending.
import {
  UpstreamError,
  type Headers,
  type UpstreamCall,
  type UpstreamHandle,
  type UpstreamListener,
} from '../ports.ts';
import { findDecoder, type Decoder } from './decode.ts';

/** How connections to providers are kept. */
export interface UpstreamOptions {
  /** Connections per provider at most. */
  readonly connections?: number;
  /** How long an idle connection is kept for the next call. */
  readonly keepAliveMs?: number;
  /** Until a connection stands, TLS included. */
  readonly connectTimeoutMs?: number;
  /** Whether HTTP/2 is spoken to providers that offer it. */
  readonly http2?: boolean;
  /** How long calls wait for the connection of another one in the hope that it will carry them too, by HTTP/2. */
  readonly hopeMs?: number;
  /** Told what a listener threw: a fault of ours, which ends that call and nothing else. */
  readonly onFault?: (error: unknown) => void;
}

const defaults = {
  connections: 256,
  keepAliveMs: 30_000,
  connectTimeoutMs: 10_000,
  http2: true,
  hopeMs: 300,
  onFault: (): void => undefined,
};

/** The options with what they leave out. */
export const withDefaults = (options: UpstreamOptions): Required<UpstreamOptions> => ({ ...defaults, ...options });

/** The code of an error, or of what led to it; empty where there is none. */
export function codeOf(error: unknown): string {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  if (typeof code === 'string') return code;
  return cause === undefined ? '' : codeOf(cause);
}

const TIMED_OUT = 'ETIMEDOUT';

/** Passes one reply from the network on to its listener. */
export class Relay implements UpstreamHandle {
  readonly #call: UpstreamCall;
  readonly #listener: UpstreamListener;
  readonly #options: Required<UpstreamOptions>;
  #connecting: NodeJS.Timeout | null = null;
  #source: UpstreamHandle | null = null;
  /** Until the head comes, then between the pieces of the body. */
  #timer: NodeJS.Timeout | null = null;
  #isIdleTimer = false;
  #makeDecoder: ((first: Uint8Array) => Decoder) | null = null;
  #decoder: Decoder | null = null;
  #sent = false;
  #headSeen = false;
  #paused = false;
  #ended = false;

  constructor(call: UpstreamCall, listener: UpstreamListener, options: Required<UpstreamOptions>) {
    this.#call = call;
    this.#listener = listener;
    this.#options = options;
    if (call.headTimeoutMs > 0) this.#timer = setTimeout(() => this.#expire(), call.headTimeoutMs);
  }

  /** No connection stands yet that could carry the call. */
  awaitConnection(): void {
    const { connectTimeoutMs } = this.#options;
    this.#connecting ??= setTimeout(
      () => this.#fail('timeout', `no connection within ${connectTimeoutMs} ms`),
      connectTimeoutMs,
    );
  }

  /** What the call can be stopped with. */
  attach(source: UpstreamHandle): void {
    this.#source = source;
    if (this.#ended) source.abort();
    else if (this.#paused) source.pause();
  }

  /** The connection stands: from now on bytes of the request may have left. */
  sent(): void {
    this.#sent = true;
    if (this.#connecting !== null) clearTimeout(this.#connecting);
    this.#connecting = null;
  }

  head(status: number, headers: Headers): void {
    if (this.#ended) return;
    this.#headSeen = true;
    this.#makeDecoder = findDecoder(headers['content-encoding']);
    if (this.#makeDecoder === null) return this.#tellHead(status, headers);
    const { 'content-encoding': _, 'content-length': __, ...rest } = headers;
    this.#tellHead(status, rest);
  }

  data(chunk: Uint8Array): void {
    if (this.#ended) return;
    if (this.#makeDecoder === null) return this.#deliver(chunk);
    this.#decoder ??= this.#openDecoder(this.#makeDecoder(chunk));
    if (!this.#decoder.write(chunk)) this.#source?.pause();
  }

  /** What came is used up, and the reply is not whole: the time for what follows begins. */
  awaitMore(): void {
    if (this.#headSeen && !this.#paused && !this.#ended) this.#armIdle();
  }

  /** The reply is whole. From here on its connection belongs to other calls. */
  end(): void {
    if (this.#ended) return;
    this.#source = null;
    if (this.#decoder) this.#decoder.end();
    else this.#finish();
  }

  /** The connection failed. Its address is not told, since it may hold a secret path. */
  broke(error: unknown): void {
    const code = codeOf(error);
    const kind = code === TIMED_OUT ? 'timeout' : 'network';
    this.#fail(kind, `the connection to the provider failed${code === '' ? '' : ` (${code})`}`);
  }

  abort(): void {
    this.#fail('cancelled', 'the call was given up');
  }

  pause(): void {
    this.#paused = true;
    // A reader that is slow is not a provider that is.
    if (this.#headSeen) this.#disarm();
    this.#decoder?.pause();
    this.#source?.pause();
  }

  resume(): void {
    if (!this.#paused || this.#ended) return;
    this.#paused = false;
    if (this.#headSeen) this.#armIdle();
    this.#decoder?.resume();
    if (!this.#decoder?.writableNeedDrain) this.#source?.resume();
  }

  #openDecoder(decoder: Decoder): Decoder {
    decoder.on('data', (chunk: Buffer) => this.#deliver(chunk));
    decoder.on('drain', () => {
      if (!this.#paused) this.#source?.resume();
    });
    decoder.on('end', () => this.#finish());
    decoder.on('error', () => this.#fail('network', 'the reply is not encoded as it says'));
    if (this.#paused) decoder.pause();
    return decoder;
  }

  #deliver(chunk: Uint8Array): void {
    if (this.#ended) return;
    try {
      this.#listener.onData(chunk);
    } catch (error) {
      this.#confused(error);
    }
  }

  #tellHead(status: number, headers: Headers): void {
    try {
      this.#listener.onHead(status, headers);
    } catch (error) {
      this.#confused(error);
    }
  }

  /** A listener that throws must not take the process with it. */
  #confused(error: unknown): void {
    this.#options.onFault(error);
    this.#fail('network', 'the reply could not be read');
  }

  #finish(): void {
    if (this.#ended) return;
    this.#close();
    try {
      this.#listener.onEnd();
    } catch (error) {
      this.#options.onFault(error);
      this.#tellError('network', 'the reply could not be read');
    }
  }

  #tellError(kind: UpstreamError['kind'], message: string): void {
    try {
      this.#listener.onError(new UpstreamError(kind, message, this.#sent));
    } catch (error) {
      this.#options.onFault(error);
    }
  }

  #expire(): void {
    const { headTimeoutMs, idleTimeoutMs } = this.#call;
    this.#fail(
      'timeout',
      this.#isIdleTimer ? `the reply stood still for ${idleTimeoutMs} ms` : `no reply within ${headTimeoutMs} ms`,
    );
  }

  #fail(kind: UpstreamError['kind'], message: string): void {
    if (this.#ended) return;
    const source = this.#source;
    this.#close();
    this.#decoder?.destroy();
    source?.abort();
    this.#tellError(kind, message);
  }

  #close(): void {
    this.#ended = true;
    this.#source = null;
    if (this.#connecting !== null) clearTimeout(this.#connecting);
    this.#disarm();
  }

  #armIdle(): void {
    if (this.#isIdleTimer && this.#timer !== null) return void this.#timer.refresh();
    this.#disarm();
    this.#isIdleTimer = true;
    const { idleTimeoutMs } = this.#call;
    if (idleTimeoutMs > 0) this.#timer = setTimeout(() => this.#expire(), idleTimeoutMs);
  }

  #disarm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
