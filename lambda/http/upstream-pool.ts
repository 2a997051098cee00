// All ways to one origin: connections that carry one call each, and, where the provider offers HTTP/2, sessions that carry many.
import type { LookupFunction } from 'node:net';
import type { Relay } from './relay.ts';
import { Connection, type ConnectionOwner } from './upstream-connection.ts';
import type { Origin, Outgoing } from './upstream-request.ts';
import type { Sessions, SessionsOwner } from './upstream-sessions.ts';

/** A call on its way. */
export interface Call {
  readonly outgoing: Outgoing;
  readonly relay: Relay;
  /** How often the provider gave it back without having looked at it. */
  returned: number;
}

export interface PoolSettings {
  /** At most so many connections, and so many calls under way. */
  readonly connections: number;
  readonly keepAliveMs: number;
  /** Whether HTTP/2 is spoken to providers that do. */
  readonly http2: boolean;
  /** How long calls wait for the connection of another one in the hope that it will carry them too. */
  readonly hopeMs: number;
  readonly now: () => number;
  readonly lookup: LookupFunction | null;
  /** The pool has its first idle connection, which will be too old one day. */
  readonly onIdle: () => void;
  /** The pool has no connection any more. */
  readonly onEmpty: () => void;
}

/** Calls that a session carries as long as no provider has said how many: what RFC 9113 asks of it at least. */
export const USUAL_STREAMS = 100;

/** Bodies longer than this, bytes, have a connection of their own: of one on a session no more than 64 kB is on its way unless the provider allows it. */
const LONG_BODY = 256 * 1024;

const isLong = ({ outgoing: { length } }: Call): boolean => length !== null && length > LONG_BODY;

/**
 * The connection that was used last is used first. Whoever calls alone does so by HTTP/1.1, which takes less than half of the time; only calls
 * that find it busy are offered to HTTP/2.
 */
export class Pool implements ConnectionOwner, SessionsOwner {
  readonly #origin: Origin;
  readonly #settings: PoolSettings;
  readonly #all = new Set<Connection>();
  readonly #idle: Connection[] = [];
  readonly #waiting = new Set<Call>();
  /** There are none before the provider has chosen HTTP/2 once. */
  #sessions: Sessions | null = null;
  /** What may soon carry several calls: connections that are being opened, and sessions that are asked whether they live. */
  readonly #hopes = new Set<object>();
  /** What it speaks, by its last connection that had the choice, or refused to have none; null as long as that is not known. */
  #speaks: 'h1' | 'h2' | 'both' | null = null;
  #isServing = false;
  readonly lookup: LookupFunction | null;
  ticket: Buffer | null = null;

  constructor(origin: Origin, settings: PoolSettings) {
    this.#origin = origin;
    this.#settings = settings;
    this.lookup = settings.lookup;
    if (!settings.http2 || !origin.isTls) this.#speaks = 'h1';
  }

  ask(call: Call): void {
    if (this.#give(call)) return;
    call.relay.awaitConnection();
    if (this.#mayOpen(this.#waiting.size + 1, true)) return this.#open(call);
    this.#waiting.add(call);
    call.relay.attach({
      abort: () => this.#waiting.delete(call),
      pause: () => undefined,
      resume: () => undefined,
    });
  }

  idle(connection: Connection): void {
    connection.idleSinceMs = this.now();
    this.#idle.push(connection);
    this.#serve();
    if (this.#idle.length > 0) this.rests();
  }

  closed(connection: Connection): void {
    this.#all.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    // What failed once is not trusted again by those who waited for it: each of them tries for itself.
    this.#serve(!this.#hopes.delete(connection));
    if (this.#size() === 0) this.#settings.onEmpty();
  }

  negotiated(connection: Connection, protocol: 'h2' | 'http/1.1'): void {
    if (protocol === 'h2') {
      this.#speaks ??= 'both';
      this.#openSession(connection).catch(() => connection.destroy('NO_HTTP2'));
    } else {
      this.#speaks = 'h1';
      this.serve(connection);
    }
  }

  refusedProtocol(call: Call): boolean {
    if (!this.#settings.http2) return false;
    this.#speaks = 'h2';
    this.ask(call);
    return true;
  }

  now(): number {
    return this.#settings.now();
  }

  rests(): void {
    this.#settings.onIdle();
  }

  refusedSessions(): void {
    this.#speaks = 'h1';
  }

  hope(one: object): void {
    this.#hopes.add(one);
  }

  /** Lets those who wait have what there is for them; they no longer hope for `one`. */
  serve(one?: object): void {
    if (one !== undefined) this.#hopes.delete(one);
    this.#serve();
    if (this.#size() === 0) this.#settings.onEmpty();
  }

  /** Closes what has been idle for too long. Answers whether idle connections are left. */
  sweep(): boolean {
    for (const connection of this.#idle.filter((one) => this.isStale(one))) this.#drop(connection);
    return this.#sessions?.sweep() === true || this.#idle.length > 0;
  }

  close(): void {
    for (const { relay } of this.#waiting) relay.broke({ code: 'CLOSED' });
    this.#waiting.clear();
    this.#idle.length = 0;
    for (const connection of this.#all) connection.destroy('CLOSED');
    this.#sessions?.close();
  }

  #open(call: Call): void {
    const speaks = this.#speaks;
    const offersH2 = speaks === 'h2' || (speaks !== 'h1' && this.#size() > 0 && !isLong(call));
    const connection = new Connection(this.#origin, this, { call, offersH2 });
    this.#all.add(connection);
    if (offersH2) this.#hopeFor(connection);
  }

  #hopeFor(connection: Connection): void {
    this.#hopes.add(connection);
    setTimeout(() => {
      // Of whom nothing is known it may well be that it carries one call only.
      if (this.#hopes.delete(connection)) this.#serve(this.#speaks !== null);
    }, this.#settings.hopeMs).unref();
  }

  /** Lets those who wait have what there is for them. Patient ones trust in what is being opened. */
  #serve(isPatient = true): void {
    // What is found on the way may have ended, and says so.
    if (this.#isServing || this.#waiting.size === 0) return;
    this.#isServing = true;
    for (const call of this.#waiting) {
      if (!this.#give(call)) {
        if (!this.#mayOpen(this.#waiting.size, isPatient)) break;
        this.#open(call);
      }
      this.#waiting.delete(call);
    }
    this.#isServing = false;
  }

  /** Gives a call to what is there, or, where its body is long, to a connection of its own. Answers false when all is busy. */
  #give(call: Call): boolean {
    const connection = this.#takeIdle();
    if (connection !== null) {
      connection.carry(call);
    } else if (isLong(call) && this.#speaks !== 'h2' && this.#mayOpen(1, false)) {
      call.relay.awaitConnection();
      this.#open(call);
    } else {
      return this.#mayCarry() && this.#sessions?.carry(call) === true;
    }
    return true;
  }

  #size(): number {
    return this.#all.size + (this.#sessions?.size ?? 0);
  }

  #mayCarry(): boolean {
    return this.#all.size - this.#idle.length + (this.#sessions?.calls ?? 0) < this.#settings.connections;
  }

  /** Whether `wanting` calls are reason enough for one more connection. */
  #mayOpen(wanting: number, isPatient: boolean): boolean {
    if (!this.#mayCarry() || this.#size() >= this.#settings.connections) return false;
    // Each hope has a call of its own already.
    return !isPatient || wanting > this.#hopes.size * ((this.#sessions?.usual ?? USUAL_STREAMS) - 1);
  }

  /** The provider has chosen HTTP/2. What speaks it is loaded by the first that does. */
  async #openSession(connection: Connection): Promise<void> {
    const { Sessions: Loaded } = await import('./upstream-sessions.ts');
    const released = connection.release();
    // It was closed meanwhile, and has said so.
    if (released === null) return;
    this.#all.delete(connection);
    this.#sessions ??= new Loaded(this);
    this.#sessions.open(released.socket, released.call);
    this.serve(connection);
  }

  #drop(connection: Connection): void {
    this.#idle.splice(this.#idle.indexOf(connection), 1);
    connection.destroy('STALE');
  }

  /** By the clock, not by what the connection tells: a process that was frozen can't have seen that it was closed. */
  isStale({ idleSinceMs, keptMs = Infinity }: { readonly idleSinceMs: number; readonly keptMs?: number }): boolean {
    return this.now() - idleSinceMs >= Math.min(keptMs, this.#settings.keepAliveMs);
  }

  #takeIdle(): Connection | null {
    for (let last = this.#idle.at(-1); last !== undefined; last = this.#idle.at(-1)) {
      if (!this.isStale(last)) {
        this.#idle.pop();
        return last;
      }
      this.#drop(last);
    }
    return null;
  }
}
