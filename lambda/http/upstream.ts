// The way out to providers: keep-alive connections per origin, each call written and read as bytes, without streams or objects in between.
import type { Upstream } from '../ports.ts';
import { lookupPublic, refuseUnsafe } from './addresses.ts';
import { Relay, withDefaults, type UpstreamOptions } from './relay.ts';
import { Pool, type PoolSettings } from './upstream-pool.ts';
import { createTargets, toOutgoing, type Target } from './upstream-request.ts';

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
  const targets = createTargets();
  const pools = new Pools({ ...settings, now: options.now ?? Date.now });
  return {
    start: (call, listener) => {
      const relay = new Relay(call, listener, settings);
      try {
        if (call.publicOnly) refuseUnsafe(call.url);
        const target = targets(call.url);
        const outgoing = toOutgoing(call, target);
        pools.find(target, call.publicOnly ?? false).ask({ outgoing, relay, returned: 0 });
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
