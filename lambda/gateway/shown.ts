// What a caller has been shown of an answer so far, over all attempts: kept so that an answer which breaks off can go on elsewhere.
import type { ReplyBody } from '../ports.ts';
import type { FrameFacts, ReplyHead } from '../wire/types.ts';

interface ShownCall {
  name: string;
  arguments: string;
}

/** Grows with the answer. */
export interface Shown {
  content: string;
  reasoning: string;
  refusal: string;
  /** Tool calls by their index. */
  readonly calls: Map<number, ShownCall>;
  /** Something was shown that can't be told again: audio, or more than is kept. */
  opaque: boolean;
  /** The names of the first attempt, which the whole answer keeps. */
  head: ReplyHead | null;
  /** Where the answer goes; null while nothing was shown. */
  body: ReplyBody | null;
}

/** Nothing shown yet. */
export const createShown = (): Shown => ({
  content: '',
  reasoning: '',
  refusal: '',
  calls: new Map(),
  opaque: false,
  head: null,
  body: null,
});

/** An answer longer than this (in characters) is not kept, and can't go on when it breaks off. */
const LONGEST_KEPT = 2_000_000;

type Adds = Pick<FrameFacts, 'text' | 'calls' | 'opaque'>;

/** Notes what the caller is being shown. */
export function noteShown(shown: Shown, { text, calls, opaque }: Adds): void {
  if (opaque) shown.opaque = true;
  if (text !== null) {
    shown.content += text.content;
    shown.reasoning += text.reasoning;
    shown.refusal += text.refusal;
    if (shown.content.length + shown.reasoning.length > LONGEST_KEPT) forget(shown);
  }
  for (const { index, name, arguments: piece } of calls) {
    const call = shown.calls.get(index);
    if (call === undefined) shown.calls.set(index, { name: name ?? '', arguments: piece });
    else call.arguments += piece;
  }
}

function forget(shown: Shown): void {
  shown.opaque = true;
  shown.content = '';
  shown.reasoning = '';
}
