// The head of a streamed reply as the function sends it: JSON, eight zero bytes, then the body.
export const PRELUDE_TYPE = 'application/vnd.awslambda.http-integration-response';

export interface Prelude {
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
}

const DELIMITER = Buffer.alloc(8);

/** Collects chunks until the prelude is whole; then returns it with the bytes of the body that came along. Throws when it is no JSON. */
export function createPreludeReader(): (chunk: Buffer) => { prelude: Prelude; rest: Buffer } | null {
  let held = Buffer.alloc(0);
  return (chunk) => {
    held = Buffer.concat([held, chunk]);
    const at = held.indexOf(DELIMITER);
    if (at < 0) return null;
    return { prelude: JSON.parse(held.toString('utf8', 0, at)) as Prelude, rest: held.subarray(at + DELIMITER.length) };
  };
}
