// Takes a body in as it comes, in pieces of a useful size however small the chunks are: each of these costs far more than its bytes.
import type { IncomingMessage } from 'node:http';
import { CallerError } from '#shared/failures.ts';
import { brokeOff, tooLarge } from './body.ts';

/** Smaller chunks are copied together into blocks of this size. */
const BLOCK_BYTES = 65_536;
const COPIED_BYTES = 4_096;
/** Who sends so many chunks, and fewer bytes in each on average, is refused: a million of one byte took all others' time for eight seconds. */
const MOST_FINE_CHUNKS = 16_384;
const FINE_BYTES = 32;

const tooFine = (): CallerError =>
  new CallerError(
    'invalid_request',
    `The body comes in more than ${MOST_FINE_CHUNKS} chunks of fewer than ${FINE_BYTES} bytes on average. Send it in larger ones, or with a Content-Length.`,
  );

export interface IntakeBounds {
  readonly limitBytes: number;
  /** How long nothing of it may come, ms. */
  readonly stillMs: number;
  /** Told how much has come, before more than that is kept. May throw CallerError. */
  readonly onSize?: (bytes: number) => void;
}

/** One body on its way in. */
export class BodyIntake {
  readonly #request: IncomingMessage;
  readonly #bounds: IntakeBounds;
  #size = 0;
  #chunks = 0;
  #pieces: Buffer[] = [];
  /** The block that small chunks are copied into, and how far it is filled; what lies before is among the pieces. */
  #block: Buffer | null = null;
  #from = 0;
  #to = 0;
  #waitingBytes = 0;
  #fault: unknown = null;
  #isWhole = false;
  #isPulled = false;
  #wake = (): void => undefined;

  constructor(request: IncomingMessage, bounds: IntakeBounds) {
    this.#request = request;
    this.#bounds = bounds;
    if (request.destroyed && !request.complete) this.#fault = brokeOff();
    request.socket.setTimeout(bounds.stillMs);
    request.on('data', (chunk: Buffer) => this.#add(chunk));
    request.on('end', () => this.#ended(null));
    request.on('error', () => this.#ended(brokeOff()));
    // A request that is complete closes too; making an error for that would cost more than reading the body did.
    request.on('close', () => request.complete || this.#ended(brokeOff()));
  }

  /** All of it. Rejects with CallerError for what breaks off or goes beyond a bound. */
  async whole(): Promise<Uint8Array> {
    while (!this.#isWhole) await this.#more();
    const pieces = this.#take();
    return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
  }

  /** What has come since it was last asked, at the reader's own pace; null: that was all. Rejects as `whole` does. */
  async next(): Promise<Uint8Array | null> {
    this.#isPulled = true;
    for (;;) {
      if (this.#waitingBytes > 0) {
        const pieces = this.#take();
        this.#request.resume();
        return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
      }
      if (this.#isWhole) return null;
      await this.#more();
    }
  }

  /** Nobody wants the rest: it passes, since Node would hold it back, and with it every further request of the connection. */
  forget(): void {
    this.#ended(brokeOff());
    this.#request.resume();
  }

  async #more(): Promise<void> {
    if (this.#fault === null) await new Promise<void>((resolve) => (this.#wake = resolve));
    if (this.#fault !== null) throw this.#fault;
  }

  #add(chunk: Buffer): void {
    if (this.#fault !== null) return;
    this.#size += chunk.length;
    try {
      if (this.#size > this.#bounds.limitBytes) throw tooLarge(this.#bounds.limitBytes);
      if (++this.#chunks > MOST_FINE_CHUNKS && this.#size < this.#chunks * FINE_BYTES) throw tooFine();
      this.#bounds.onSize?.(this.#size);
    } catch (error) {
      return this.#ended(error);
    }
    this.#waitingBytes += chunk.length;
    if (chunk.length > COPIED_BYTES) {
      this.#cut();
      this.#pieces.push(chunk);
    } else this.#copy(chunk);
    if (!this.#isPulled) return;
    if (this.#waitingBytes >= BLOCK_BYTES) this.#request.pause();
    this.#wake();
  }

  #copy(chunk: Buffer): void {
    if (this.#block === null || this.#to + chunk.length > BLOCK_BYTES) {
      this.#cut();
      this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      this.#from = this.#to = 0;
    }
    this.#to += chunk.copy(this.#block, this.#to);
  }

  /** What was copied together is a piece of its own. */
  #cut(): void {
    if (this.#block === null || this.#to === this.#from) return;
    this.#pieces.push(this.#block.subarray(this.#from, this.#to));
    this.#from = this.#to;
  }

  #take(): Buffer[] {
    this.#cut();
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#waitingBytes = 0;
    return pieces;
  }

  #ended(fault: unknown): void {
    if (this.#isWhole || this.#fault !== null) return;
    this.#request.socket.setTimeout(0);
    this.#fault = fault;
    this.#isWhole = fault === null;
    if (fault !== null) this.#pieces = [];
    this.#wake();
  }
}
