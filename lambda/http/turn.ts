// What comes while the server is busy is handled together, turn by turn of the event loop: first all that has come is read, then all of it is
// worked on, then all that came of it is written. So each step's code, ours and the kernel's, is in the processor's caches for all but the
// first: measured at saturation, a request takes a third less processor time. Whoever is alone is worked on and answered at once.
import type { Socket } from 'node:net';

/** So many arrivals are worked on before what came of them is written. */
const MOST_TOGETHER = 32;
/** One socket brings no more than this to a turn: Node reads up to 2 MB of it at once, all of which would be on its way to whoever may not read it. */
const MOST_WAITING_BYTES = 131_072;

type Piece = Uint8Array | string;

/** The turns of this process's event loop. */
class Turn {
  #inFlight = 0;
  /** Somebody's bytes have been worked on in this turn: what comes now waits for its end. */
  #hasBegun = false;
  #isGathering = false;
  readonly #arrived: TurnSocket[] = [];
  #leaving: TurnSocket[] = [];

  /** What is written now leaves with what others write. */
  get isGathering(): boolean {
    return this.#isGathering;
  }

  /** A request has come. As long as there is but one, nothing waits for anything. */
  began(): void {
    this.#inFlight++;
  }

  /** A request that came is over. */
  ended(): void {
    this.#inFlight--;
  }

  /** Whether what has come on this socket is worked on at once. If not, it is told to take it at the end of the turn. */
  isFree(socket: TurnSocket): boolean {
    if (this.#hasBegun) {
      if (this.#arrived.push(socket) === 1) setImmediate(this.#write);
      return false;
    }
    if (this.#inFlight > 1) {
      this.#hasBegun = true;
      setImmediate(this.#work);
    }
    return true;
  }

  /** This socket has something to write when all have been worked on. */
  gather(socket: TurnSocket): void {
    this.#leaving.push(socket);
  }

  readonly #work = (): void => {
    this.#hasBegun = false;
    const arrived = this.#arrived;
    this.#isGathering = arrived.length > 0;
    for (let left = MOST_TOGETHER; left > 0 && arrived.length > 0; left--) arrived.shift()?.take();
  };

  /** Stands in line behind `#work`, and so comes after all that needed no waiting. */
  readonly #write = (): void => {
    this.#isGathering = false;
    const leaving = this.#leaving;
    this.#leaving = [];
    for (const socket of leaving) socket.flush();
    if (this.#arrived.length === 0) return;
    this.#hasBegun = true;
    setImmediate(this.#work);
    setImmediate(this.#write);
  };
}

export const turn = new Turn();

/**
 * Has what comes on a socket told at once, instead of through the buffer of Node's stream, which asks for more on a tick of its own each time:
 * two a request, of some 3 us each. While the socket is paused, and as long as something is left in that buffer, all goes through it as ever
 * and comes as `data`. Answers what ends this.
 */
export function tapSocket(socket: Socket, arrive: (bytes: Buffer) => void): () => void {
  const push = socket.push.bind(socket);
  socket.push = (chunk: unknown, encoding?: BufferEncoding) => {
    const isDirect = socket.readableFlowing === true && socket.readableLength === 0;
    if (!isDirect || !Buffer.isBuffer(chunk)) return push(chunk, encoding);
    arrive(chunk);
    return true;
  };
  return () => {
    socket.push = push;
  };
}

/** A socket that takes part in the turns. All of its bytes pass through here, so that they stay in order. */
export class TurnSocket {
  readonly #socket: Socket;
  readonly #receive: (bytes: Buffer) => void;
  #arrived: Buffer[] = [];
  #waitingBytes = 0;
  /** More is wanted, but not in this turn. */
  #isHeld = false;
  #leaving: Piece[] = [];

  /** `receive` is told what has come. */
  constructor(socket: Socket, receive: (bytes: Buffer) => void) {
    this.#socket = socket;
    this.#receive = receive;
  }

  /** Nothing that has come waits to be taken. */
  get hasTaken(): boolean {
    return this.#arrived.length === 0;
  }

  /** Nothing that was written waits to leave. */
  get hasSent(): boolean {
    return this.#leaving.length === 0 && this.#socket.writableLength === 0;
  }

  /** Bytes have come. */
  arrive(bytes: Buffer): void {
    if (this.#arrived.length === 0 && turn.isFree(this)) return this.#receive(bytes);
    this.#arrived.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes < MOST_WAITING_BYTES || this.#socket.isPaused()) return;
    this.#isHeld = true;
    this.#socket.pause();
  }

  /** Hands over what waits to be taken, unless nothing is wanted at the moment. */
  take(): void {
    const isHeld = this.#isHeld;
    if (this.#socket.isPaused() && !isHeld) return;
    this.#isHeld = false;
    // Before they are taken, since whoever takes them may want no more.
    if (isHeld) this.#socket.resume();
    this.takeAll();
  }

  /** The same, wanted or not: nothing more will come. */
  takeAll(): void {
    const [first, ...others] = this.drop();
    if (first !== undefined) this.#receive(others.length === 0 ? first : Buffer.concat([first, ...others]));
  }

  /** What waits to be taken, for somebody else or nobody. */
  drop(): Buffer[] {
    const arrived = this.#arrived;
    if (arrived.length > 0) this.#arrived = [];
    this.#waitingBytes = 0;
    return arrived;
  }

  /** No more is wanted for now. */
  pause(): void {
    this.#isHeld = false;
    this.#socket.pause();
  }

  /** More is wanted again. */
  resume(): void {
    this.#isHeld = false;
    if (this.#arrived.length > 0) setImmediate(() => this.take());
    this.#socket.resume();
  }

  /** Writes bytes, or text in Latin-1. Answers whether more may come. */
  write(piece: Piece): boolean {
    if (turn.isGathering) return this.#gather([piece]);
    this.flush();
    return this.#socket.write(piece, 'latin1');
  }

  /** Writes several pieces in one go. */
  writeAll(pieces: readonly Piece[]): boolean {
    if (turn.isGathering) return this.#gather(pieces);
    this.flush();
    return this.#writeNow(pieces);
  }

  /** What waits to leave leaves now. */
  flush(): void {
    const leaving = this.#leaving;
    if (leaving.length === 0) return;
    this.#leaving = [];
    if (!this.#socket.destroyed) this.#writeNow(leaving);
  }

  #gather(pieces: readonly Piece[]): boolean {
    if (this.#leaving.length === 0) turn.gather(this);
    this.#leaving.push(...pieces);
    return !this.#socket.writableNeedDrain;
  }

  #writeNow(pieces: readonly Piece[]): boolean {
    const socket = this.#socket;
    const [first] = pieces;
    if (pieces.length === 1 && first !== undefined) return socket.write(first, 'latin1');
    let isFree = true;
    socket.cork();
    for (const piece of pieces) isFree = socket.write(piece, 'latin1');
    socket.uncork();
    return isFree;
  }
}
