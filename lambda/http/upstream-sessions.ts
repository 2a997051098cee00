// All HTTP/2 sessions to one origin, and which of them takes the next call.
import type { Socket } from 'node:net';
import { USUAL_STREAMS, type Call } from './upstream-pool.ts';
import { Session, type SessionOwner } from './upstream-session.ts';

/** The pool they belong to. */
export interface SessionsOwner {
  now(): number;
  isStale(session: Session): boolean;
  /** A session carries nothing any more. */
  rests(): void;
  /** Those who wait may hope for this one. */
  hope(session: Session): void;
  /** Something changed for those who wait; with a session: they no longer hope for it. */
  serve(session?: Session): void;
  /** The provider wants HTTP/1.1. */
  refusedSessions(): void;
  ask(call: Call): void;
}

/** Silence after which a session shows that it still lives before it gets a call. */
const QUIET_MS = 5_000;
/** A call may come back unread so often until that is a failure. */
const MOST_RETURNS = 3;

export class Sessions implements SessionOwner {
  readonly #pool: SessionsOwner;
  readonly #all = new Set<Session>();
  readonly #probed = new Set<Session>();
  #isClosed = false;
  usual = USUAL_STREAMS;
  /** Calls under way. */
  calls = 0;

  constructor(pool: SessionsOwner) {
    this.#pool = pool;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Gives a call to one that has room. Answers false when none has. */
  carry(call: Call): boolean {
    const session = this.#find();
    if (session === null) return false;
    this.#give(session, call);
    return true;
  }

  /** Begins one, unless another one has had room meanwhile. */
  open(socket: Socket, call: Call): void {
    if (this.carry(call)) return void socket.destroy();
    const session = new Session(socket, this);
    this.#all.add(session);
    this.#give(session, call);
  }

  /** Closes those that have been idle for too long. Answers whether idle ones are left. */
  sweep(): boolean {
    const idle = [...this.#all].filter(({ isOpen, calls }) => isOpen && calls === 0);
    const stale = idle.filter((session) => this.#pool.isStale(session));
    for (const session of stale) session.destroy('STALE');
    return idle.length > stale.length;
  }

  close(): void {
    this.#isClosed = true;
    for (const session of this.#all) session.destroy('CLOSED');
  }

  now(): number {
    return this.#pool.now();
  }

  over(session: Session): void {
    this.calls--;
    if (session.calls === 0 && session.isOpen) {
      session.idleSinceMs = this.now();
      this.#pool.rests();
    }
    this.#pool.serve();
  }

  allowed(streams: number): void {
    this.usual = Math.max(1, streams);
    this.#pool.serve();
  }

  left(session: Session): void {
    this.#probed.delete(session);
    this.#pool.serve(session);
  }

  gone(session: Session): void {
    this.#all.delete(session);
    this.#pool.serve(session);
  }

  unread(call: Call, why: string): void {
    if (why === 'HTTP2_HTTP_1_1_REQUIRED') this.#pool.refusedSessions();
    if (++call.returned > MOST_RETURNS || this.#isClosed) call.relay.broke({ code: why });
    else this.#pool.ask(call);
  }

  #give(session: Session, call: Call): void {
    this.calls++;
    session.carry(call);
  }

  /** One that has room. Of one that has been silent for long it is asked first whether it lives. */
  #find(): Session | null {
    for (const session of this.#all) {
      if (!session.isOpen || session.calls >= session.limit || this.#probed.has(session)) continue;
      if (session.calls === 0 && this.#pool.isStale(session)) session.destroy('STALE');
      else if (this.now() - session.heardAtMs < QUIET_MS) return session;
      else this.#probe(session);
    }
    return null;
  }

  #probe(session: Session): void {
    this.#probed.add(session);
    this.#pool.hope(session);
    session.probe(() => {
      if (this.#probed.delete(session)) this.#pool.serve(session);
    });
  }
}
