// An exchange in front of another one: whatever is not given is that of the one behind it, its class's own things included.
import { expect, it } from 'vitest';
import { withMembers } from '#lambda/ports-exchange.ts';
import type { Exchange, Gone, ReplyBody } from '#lambda/ports.ts';

/** Everything an exchange may have, as a class has it: told by getters and methods, which stand on a field that nobody else can read. */
class Whole implements Required<Exchange> {
  readonly #told: string[] = [];
  get told(): readonly string[] {
    return this.#told;
  }
  get method(): string {
    return this.#tell('POST');
  }
  get path(): string {
    return this.#tell('/v1/x');
  }
  get query(): string {
    return this.#tell('a=b');
  }
  get headers(): Exchange['headers'] {
    return { via: this.#tell('header') };
  }
  get remoteAddress(): string {
    return this.#tell('203.0.113.9');
  }
  get deadlineAtMs(): number {
    return this.#tell('').length + 7;
  }
  get waitsForHandler(): boolean {
    return this.#tell('yes') === 'yes';
  }
  body(limitBytes: number): Uint8Array {
    return Buffer.from(this.#tell(`body ${limitBytes}`));
  }
  async *chunks(limitBytes: number): AsyncGenerator<Uint8Array> {
    yield Buffer.from(this.#tell(`chunk ${limitBytes}`));
  }
  onGone(listener: (why: Gone) => void): void {
    this.#tell('onGone');
    listener('stopping');
  }
  reply(status: number): ReplyBody {
    this.#tell(`reply ${status}`);
    return { write: () => true, drained: async () => undefined, end: () => undefined };
  }
  #tell(text: string): string {
    this.#told.push(text);
    return text;
  }
}

it('has all that the one behind it has', async () => {
  const whole = new Whole();
  const front = withMembers(whole, {});
  const { method, path, query, headers, remoteAddress, deadlineAtMs, waitsForHandler } = front;
  expect({ method, path, query, headers, remoteAddress, deadlineAtMs, waitsForHandler }).toEqual({
    method: 'POST',
    path: '/v1/x',
    query: 'a=b',
    headers: { via: 'header' },
    remoteAddress: '203.0.113.9',
    deadlineAtMs: 7,
    waitsForHandler: true,
  });
  expect(Buffer.from(await front.body(3)).toString()).toBe('body 3');
  const [chunk] = await Array.fromAsync(front.chunks?.(4) ?? []);
  expect(Buffer.from(chunk ?? []).toString()).toBe('chunk 4');
  const gone: Gone[] = [];
  front.onGone((why) => gone.push(why));
  expect(gone).toEqual(['stopping']);
  expect(front.reply(204, {}).write('')).toBe(true);
  expect(whole.told.at(-1)).toBe('reply 204');
});

it('lacks nothing of a class that gets new members', () => {
  const inherited = Object.getOwnPropertyNames(Whole.prototype).filter(
    (name) => !['constructor', 'told'].includes(name),
  );
  expect(Object.keys(withMembers(new Whole(), {})).toSorted()).toEqual(inherited.toSorted());
});

it('differs in what is given alone, and reads no body in pieces where there is none to read so', () => {
  const { chunks: _, ...bare } = withMembers(new Whole(), {});
  const front = withMembers(bare, { remoteAddress: null, headers: {} });
  expect([front.remoteAddress, front.headers, front.method]).toEqual([null, {}, 'POST']);
  expect(front.chunks).toBeUndefined();
});
