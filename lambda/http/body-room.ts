// The memory that the bodies of all requests under way may take together: each of them is bounded, but not how many come at once.
import { getHeapStatistics } from 'node:v8';
import { CallerError } from '#shared/failures.ts';

/** Bodies up to this size, which are nearly all, are taken without a look at the others. */
export const SMALL_BYTES = 131_072;
/** What a body takes while it is worked on, as a multiple of its size: bytes, text and the provider's copy were 3.3 of it, and text of other alphabets takes twice as much. */
const COPIES = 8;
/** When to come again: large bodies are held as long as their requests last. */
const RETRY_AFTER_MS = 5_000;

/** How many bytes of bodies this process can hold at once, by the memory that there is when it is asked. */
export const toRoomBytes = (): number =>
  Math.floor(Math.min(getHeapStatistics().heap_size_limit, process.availableMemory()) / COPIES);

const full = (): CallerError =>
  new CallerError(
    'exhausted',
    'The server has no memory left for a body of this size, for others are being worked on. Send it again in a few seconds, or send less at once.',
    { retryable: true, retryAfterMs: RETRY_AFTER_MS },
  );

/** Room for the bodies of one server. */
export class BodyRoom {
  readonly #mostBytes: number;
  #takenBytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** The place of one request. */
  open(): BodyPlace {
    return new BodyPlace(this);
  }

  /** Throws CallerError `exhausted` where there is no room for so much more beside others. Whoever is alone always has room: nobody would wait for anything. */
  take(bytes: number, heldBytes: number): void {
    const others = this.#takenBytes - heldBytes;
    if (others > 0 && this.#takenBytes + bytes > this.#mostBytes) throw full();
    this.#takenBytes += bytes;
  }

  give(bytes: number): void {
    this.#takenBytes -= bytes;
  }
}

/** What one request has of the room. */
export class BodyPlace {
  readonly #room: BodyRoom;
  #heldBytes = 0;
  #isLeft = false;

  constructor(room: BodyRoom) {
    this.#room = room;
  }

  /** Makes sure of room for a body of this size. Throws CallerError `exhausted` where there is none. */
  reach(bytes: number): void {
    // What still comes of a body that nobody waits for is not kept.
    if (this.#isLeft || bytes <= SMALL_BYTES || bytes <= this.#heldBytes) return;
    this.#room.take(bytes - this.#heldBytes, this.#heldBytes);
    this.#heldBytes = bytes;
  }

  /** The body is needed no more. */
  leave(): void {
    this.#room.give(this.#heldBytes);
    this.#heldBytes = 0;
    this.#isLeft = true;
  }
}
