// The way out to providers: keep-alive connections per origin, each call written and read as bytes, without streams or objects in between.
import type { LookupFunction } from 'node:net';
import type { Headers, Upstream, UpstreamCall } from '../ports.ts';
import { lookupPublic, refuseUnsafe } from './addresses.ts';
import { findName, token } from './headers.ts';
import { Relay, withDefaults, type UpstreamOptions } from './relay.ts';
import { Connection, type ConnectionOwner, type Origin, type Outgoing } from './upstream-connection.ts';

interface Target extends Origin {
  /** Name of the pool: scheme, host and port. */
  readonly origin: string;
  /** As the Host header says it. */
  readonly authority: string;
  /** Path and query. */
  readonly path: string;
}

function toTarget(url: string): Target {
  const { protocol, hostname, port, host, origin, pathname, search } = new URL(url);
  const isTls = protocol === 'https:';
  if (!isTls && protocol !== 'http:') throw new TypeError('neither http nor https');
  return {
    origin,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (isTls ? 443 : 80) : Number(port),
    isTls,
    authority: host,
    path: pathname + search,
  };
}

/** So many URLs are remembered: some for each provider and model in use. */
const MAX_TARGETS = 2_000;

/** Reads URLs, each once as long as there are not too many. */
function createTargets(): (url: string) => Target {
  const known = new Map<string, Target>();
  return (url) => {
    let target = known.get(url);
    if (target === undefined) {
      target = toTarget(url);
      if (known.size >= MAX_TARGETS) known.clear();
      known.set(url, target);
    }
    return target;
  };
}

// Signs that may stand in a header's value (RFC 9110, section 5.5).
const value = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Headers that belong to the connection, and the length, which we count ourselves. */
const ours: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'expect',
  'content-length',
]);
const bodiless: ReadonlySet<string> = new Set(['GET', 'HEAD']);

const unsendable = (): Error =>
  Object.assign(new Error('a header can not be sent'), { code: 'ERR_INVALID_HEADER_VALUE' });

function renderLines(headers: Headers): string {
  let lines = '';
  for (const name in headers) {
    if (ours.has(name)) continue;
    const text = headers[name] as string;
    if (findName(name) === null || !value.test(text)) throw unsendable();
    lines += `${name}: ${text}\r\n`;
  }
  return lines;
}

function toLength(method: string, body: UpstreamCall['body']): string {
  if (body === null) return bodiless.has(method) ? '' : 'content-length: 0\r\n';
  return `content-length: ${typeof body === 'string' ? Buffer.byteLength(body) : body.length}\r\n`;
}

/** Texts longer than this are encoded at once; measuring them and encoding them later would read them twice. */
const LONG_TEXT = 16_384;

/** Heads but for their lengths, by headers that come again and again. */
const starts = new WeakMap<Headers, { readonly target: Target; readonly method: string; readonly text: string }>();

/** A request's head up to its length. */
function toStart({ method, headers }: UpstreamCall, target: Target): string {
  const known = starts.get(headers);
  if (known?.target === target && known.method === method) return known.text;
  if (!token.test(method)) throw unsendable();
  const host = headers['host'] === undefined ? `host: ${target.authority}\r\n` : '';
  const text = `${method} ${target.path} HTTP/1.1\r\n${host}connection: keep-alive\r\n${renderLines(headers)}`;
  if (Object.isFrozen(headers)) starts.set(headers, { target, method, text });
  return text;
}

function toOutgoing(call: UpstreamCall, target: Target): Outgoing {
  const { method } = call;
  const body = typeof call.body === 'string' && call.body.length > LONG_TEXT ? Buffer.from(call.body) : call.body;
  return { method, head: `${toStart(call, target)}${toLength(method, body)}\r\n`, body };
}

interface Call {
  readonly outgoing: Outgoing;
  readonly relay: Relay;
}

interface PoolSettings {
  readonly connections: number;
  readonly keepAliveMs: number;
  readonly now: () => number;
  readonly lookup: LookupFunction | null;
  /** The pool has its first idle connection, which will be too old one day. */
  readonly onIdle: () => void;
  /** The pool has no connection any more. */
  readonly onEmpty: () => void;
}

/** All connections to one origin. The one that was used last is used first. */
class Pool implements ConnectionOwner {
  readonly #origin: Origin;
  readonly #settings: PoolSettings;
  readonly #all = new Set<Connection>();
  readonly #idle: Connection[] = [];
  readonly #waiting = new Set<Call>();
  readonly lookup: LookupFunction | null;
  session: Buffer | null = null;

  constructor(origin: Origin, settings: PoolSettings) {
    this.#origin = origin;
    this.#settings = settings;
    this.lookup = settings.lookup;
  }

  ask(call: Call): void {
    const connection = this.#takeIdle();
    if (connection !== null) return connection.carry(call.outgoing, call.relay);
    call.relay.awaitConnection();
    if (this.#all.size < this.#settings.connections) return this.#open(call);
    this.#waiting.add(call);
    call.relay.attach({
      abort: () => this.#waiting.delete(call),
      pause: () => undefined,
      resume: () => undefined,
    });
  }

  idle(connection: Connection): void {
    const [next] = this.#waiting;
    if (next !== undefined) {
      this.#waiting.delete(next);
      return connection.carry(next.outgoing, next.relay);
    }
    connection.idleSinceMs = this.#settings.now();
    this.#idle.push(connection);
    this.#settings.onIdle();
  }

  closed(connection: Connection): void {
    this.#all.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    const [next] = this.#waiting;
    if (next !== undefined) {
      this.#waiting.delete(next);
      this.#open(next);
    } else if (this.#all.size === 0) {
      this.#settings.onEmpty();
    }
  }

  /** Closes what has been idle for too long. Answers whether idle connections are left. */
  sweep(): boolean {
    for (const connection of this.#idle.filter((one) => this.#isStale(one))) this.#drop(connection);
    return this.#idle.length > 0;
  }

  close(): void {
    for (const { relay } of this.#waiting) relay.broke({ code: 'CLOSED' });
    this.#waiting.clear();
    this.#idle.length = 0;
    for (const connection of this.#all) connection.destroy('CLOSED');
  }

  #open(call: Call): void {
    this.#all.add(new Connection(this.#origin, this, call));
  }

  #drop(connection: Connection): void {
    this.#idle.splice(this.#idle.indexOf(connection), 1);
    connection.destroy('STALE');
  }

  /** By the clock, not by what the connection tells: a process that was frozen can't have seen that it was closed. */
  #isStale({ idleSinceMs, keptMs }: Connection): boolean {
    return this.#settings.now() - idleSinceMs >= Math.min(keptMs, this.#settings.keepAliveMs);
  }

  #takeIdle(): Connection | null {
    for (let last = this.#idle.at(-1); last !== undefined; last = this.#idle.at(-1)) {
      if (!this.#isStale(last)) {
        this.#idle.pop();
        return last;
      }
      this.#drop(last);
    }
    return null;
  }
}

export interface PooledOptions extends UpstreamOptions {
  /** Time in ms; for the age of idle connections. */
  readonly now?: () => number;
}

/** So many pools stay without a connection: what they know of TLS makes their next handshake shorter. */
const MAX_KEPT_POOLS = 200;

/** The pools of all origins, and the one timer that closes what they no longer need. */
class Pools {
  readonly #settings: Omit<PoolSettings, 'lookup' | 'onIdle' | 'onEmpty'>;
  readonly #pools = new Map<string, Pool>();
  #sweeper: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(settings: Omit<PoolSettings, 'lookup' | 'onIdle' | 'onEmpty'>) {
    this.#settings = settings;
  }

  /** Connections that may lead anywhere are not shared with those that may not. */
  find(target: Target, publicOnly: boolean): Pool {
    if (this.#isClosed) throw Object.assign(new Error('no calls are taken any more'), { code: 'CLOSED' });
    const name = publicOnly ? `public ${target.origin}` : target.origin;
    const known = this.#pools.get(name);
    if (known !== undefined) return known;
    const pool = new Pool(target, {
      ...this.#settings,
      lookup: publicOnly ? lookupPublic : null,
      onIdle: () => this.#sweepLater(),
      onEmpty: () => {
        if (this.#pools.size > MAX_KEPT_POOLS && this.#pools.get(name) === pool) this.#pools.delete(name);
      },
    });
    this.#pools.set(name, pool);
    return pool;
  }

  close(): void {
    this.#isClosed = true;
    if (this.#sweeper !== null) clearTimeout(this.#sweeper);
    for (const pool of this.#pools.values()) pool.close();
  }

  #sweepLater(): void {
    this.#sweeper ??= setTimeout(() => {
      this.#sweeper = null;
      const left = [...this.#pools.values()].filter((pool) => pool.sweep());
      if (left.length > 0) this.#sweepLater();
    }, this.#settings.keepAliveMs).unref();
  }
}

/** An upstream over keep-alive connections. Redirects are not followed. */
export function createUpstream(options: PooledOptions = {}): Upstream {
  const settings = withDefaults(options);
  const { connections, keepAliveMs } = settings;
  const targets = createTargets();
  const pools = new Pools({ connections, keepAliveMs, now: options.now ?? Date.now });
  return {
    start: (call, listener) => {
      const relay = new Relay(call, listener, settings);
      try {
        if (call.publicOnly) refuseUnsafe(call.url);
        const target = targets(call.url);
        const outgoing = toOutgoing(call, target);
        pools.find(target, call.publicOnly ?? false).ask({ outgoing, relay });
      } catch (error) {
        relay.broke(error);
      }
      return relay;
    },
    close: () => {
      pools.close();
      return Promise.resolve();
    },
  };
}
