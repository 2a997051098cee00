// Reads symbols that were written with their probabilities, as Opus does (RFC 6716, 4.1). Bits behind the end are zero.

/** Below this the decoder takes in the next byte. */
const LEAST_RANGE = 2 ** 23;
const HELD = 0x7f_ff_ff_ff;

export class RangeDecoder {
  readonly #bytes: Uint8Array;
  #at = 1;
  #range = 128;
  #value: number;
  #rest: number;

  constructor(bytes: Uint8Array) {
    const first = bytes[0] ?? 0;
    this.#bytes = bytes;
    this.#value = 127 - (first >> 1);
    this.#rest = first & 1;
    this.#fill();
  }

  #fill(): void {
    while (this.#range <= LEAST_RANGE) {
      const next = this.#bytes[this.#at++] ?? 0;
      const symbol = (this.#rest << 7) | (next >> 1);
      this.#rest = next & 1;
      this.#range *= 256;
      this.#value = (this.#value * 256 + (255 - symbol)) % (HELD + 1);
    }
  }

  /** Where in `total` the next symbol lies; `take` has to follow. */
  look(total: number): number {
    return total - Math.min(Math.floor(this.#value / Math.floor(this.#range / total)) + 1, total);
  }

  /** The symbol that lies from `low` up to `high` of `total` is read. */
  take(low: number, high: number, total: number): void {
    const step = Math.floor(this.#range / total);
    this.#value -= step * (total - high);
    this.#range = low > 0 ? step * (high - low) : this.#range - step * (total - high);
    this.#fill();
  }

  /** The number of the next symbol, of which these are the shares. */
  symbol(shares: readonly number[]): number {
    const total = shares.reduce((sum, share) => sum + share, 0);
    const place = this.look(total);
    let low = 0;
    let index = 0;
    while (index < shares.length - 1 && place >= low + (shares[index] ?? 0)) low += shares[index++] ?? 0;
    this.take(low, low + (shares[index] ?? 0), total);
    return index;
  }
}
