// Lays the tool calls of a new attempt against those shown already: each must go on exactly where the shown one stopped. Pure.
import { withSignature } from '../wire/signatures.ts';
import type { FrameCall } from '../wire/types.ts';
import type { StreamTool } from '../wire/writer.ts';
import type { Aligner } from './align.ts';
import type { Shown } from './shown.ts';

/** What a piece of a call adds for the caller; `null` in `tool`: nothing. `fits` false: it is another call than the one shown. */
export interface AlignedCall {
  readonly fits: boolean;
  readonly tool: StreamTool | null;
}

export interface CallAligner {
  feed(call: FrameCall): AlignedCall;
  /** True when every call shown has been told again as far as it was shown. */
  complete(): boolean;
}

const isSpace = (letter: string | undefined): boolean =>
  letter === ' ' || letter === '\n' || letter === '\r' || letter === '\t';

/** For JSON that is told again from the start: some write white space between its words, others none. */
function createJsonAligner(shown: string): Aligner {
  let at = 0;
  let isText = false;
  let isEscaped = false;
  const skip = (): void => {
    if (!isText) while (isSpace(shown[at])) at++;
  };
  const step = (letter: string | undefined): void => {
    at++;
    const isMark = !isEscaped;
    isEscaped = isText && isMark && letter === '\\';
    if (isMark && letter === '"') isText = !isText;
    skip();
  };
  skip();
  return {
    feed: (text) => {
      for (let place = 0; place < text.length; place++) {
        if (at === shown.length) return text.slice(place);
        const letter = text[place];
        if (shown[at] === letter) step(letter);
        else if (isText || !isSpace(letter)) return null;
      }
      return '';
    },
    end: () => (at === shown.length ? '' : null),
  };
}

interface Before {
  readonly name: string;
  readonly rest: Aligner;
}

/** An aligner for the calls shown so far. */
export function createCallAligner(shown: Shown['calls']): CallAligner {
  const before = new Map<number, Before>();
  for (const [index, { name, arguments: text }] of shown) before.set(index, { name, rest: createJsonAligner(text) });
  const begun = new Set<number>();
  const feed = (call: FrameCall): AlignedCall => {
    const old = before.get(call.index);
    const isFirst = !begun.has(call.index);
    begun.add(call.index);
    if (old === undefined) {
      const names = isFirst
        ? { id: call.id ?? `call_${call.index}`, name: call.name ?? '', ...withSignature(call.signature) }
        : {};
      return { fits: true, tool: { index: call.index, ...names, arguments: call.arguments } };
    }
    if (isFirst && call.name !== old.name) return { fits: false, tool: null };
    const text = old.rest.feed(call.arguments);
    if (text === null) return { fits: false, tool: null };
    return { fits: true, tool: text === '' ? null : { index: call.index, arguments: text } };
  };
  return {
    feed,
    complete: () => [...before].every(([index, { rest }]) => begun.has(index) && rest.end() !== null),
  };
}
