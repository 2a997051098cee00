// How a bench request tells the simulated provider what to answer: words in the `user` field, which every proxy passes on.

export interface Directive {
  /** Server-sent events in the answer; 0 asks for one JSON document. */
  readonly chunks: number;
  /** Pause between two events, ms; 0 sends them all at once. */
  readonly paceMs: number;
  /** Characters of text in a JSON answer. */
  readonly textLength: number;
  /** Share of requests answered with 429, percent. */
  readonly busyPercent: number;
}

export const plainDirective: Directive = { chunks: 0, paceMs: 0, textLength: 120, busyPercent: 0 };

const PREFIX = 'bench/';

/** The directive as the value of the `user` field. */
export function renderDirective({ chunks, paceMs, textLength, busyPercent }: Directive): string {
  return `${PREFIX}${chunks}/${paceMs}/${textLength}/${busyPercent}/`;
}

/** The directive inside a request body; the plain one when there is none. */
export function parseDirective(body: Buffer): Directive {
  const at = body.indexOf(PREFIX, 0, 'latin1');
  if (at < 0) return plainDirective;
  const numbers = body
    .toString('latin1', at + PREFIX.length, at + PREFIX.length + 40)
    .split('/')
    .map(Number);
  const [chunks = 0, paceMs = 0, textLength = 0, busyPercent = 0] = numbers;
  return { chunks, paceMs, textLength, busyPercent };
}
