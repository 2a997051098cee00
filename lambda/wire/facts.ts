// Gathers what the frames of a stream mean into one answer, and tells a whole answer as if it had come in one frame.
import type { ProviderFailure } from '#shared/failures.ts';
import type { Usage } from '#shared/usage.ts';
import { parseJson } from './json.ts';
import { withSignature } from './signatures.ts';
import type { Answer, Finish, FrameCall, FrameFacts, ReplyHead, ToolCall } from './types.ts';

/** A frame that means nothing: a comment, a sign of life. */
export const nothing: FrameFacts = {
  content: false,
  toolCall: false,
  finish: null,
  usage: null,
  usageOnly: false,
  done: false,
  malformed: false,
  normalise: null,
  head: null,
  text: null,
  calls: [],
  opaque: false,
  failure: null,
};

/** A frame whose text tells that it is a piece of the answer, and that breaks off before its end. */
export const lostPiece: FrameFacts = {
  ...nothing,
  failure: { kind: 'bad_reply', message: 'The provider broke a piece of the answer.', status: 200 },
};

const namelessHead: ReplyHead = { id: '', model: '', created: 0 };

/** An answer that grows by facts. */
export interface Gathering {
  add(facts: FrameFacts): void;
  /** As far as it was told. `finish` is null while the end has not come. */
  answer(): Answer;
}

/** The reason an answer ended, so that some `stop` after tool calls is told as what it is. */
export function finishAfter(finish: Finish | null, toolCalls: number): Finish | null {
  return finish === 'stop' && toolCalls > 0 ? 'tool_calls' : finish;
}

/** Gathers frames, in their order. */
export function createGathering(): Gathering {
  let head = namelessHead;
  let content = '';
  let reasoning = '';
  let refusal = '';
  let finish: Finish | null = null;
  let usage: Usage | null = null;
  const calls = new Map<number, ToolCall>();
  return {
    add: (facts) => {
      if (head === namelessHead && facts.head !== null) head = facts.head;
      usage = facts.usage ?? usage;
      content += facts.text?.content ?? '';
      reasoning += facts.text?.reasoning ?? '';
      refusal += facts.text?.refusal ?? '';
      for (const piece of facts.calls) addCall(calls, piece);
      // Some tell the reason twice; the first one that says more than `stop` stands.
      if (facts.finish !== null && (finish === null || finish === 'stop')) finish = facts.finish;
    },
    answer: () => {
      const toolCalls = [...calls.entries()].sort(([left], [right]) => left - right).map(([, call]) => call);
      return { ...head, content, reasoning, refusal, toolCalls, finish: finishAfter(finish, toolCalls.length), usage };
    },
  };
}

function addCall(calls: Map<number, ToolCall>, piece: FrameCall): void {
  const before = calls.get(piece.index);
  calls.set(piece.index, {
    id: before?.id || piece.id || '',
    name: before?.name || piece.name || '',
    arguments: (before?.arguments ?? '') + piece.arguments,
    ...withSignature(before?.signature ?? piece.signature),
  });
}

/** A whole answer as the facts of one frame, without its end. */
export function toFacts(answer: Answer): FrameFacts {
  const { content, reasoning, refusal, toolCalls, usage } = answer;
  const text = content !== '' || reasoning !== '' || refusal !== '' ? { content, reasoning, refusal } : null;
  return {
    ...nothing,
    content: text !== null || toolCalls.length > 0,
    toolCall: toolCalls.length > 0,
    usage,
    head: answer,
    text,
    calls: toolCalls.map((call, index) => ({ index, ...call })),
  };
}

type Arguments = Pick<ToolCall, 'arguments'>;

/** Whether calls of an answer can't be carried out: their arguments are no JSON, although no bound has cut them short. */
export const areBroken = (calls: readonly Arguments[], finish: Finish | null): boolean =>
  finish !== 'length' && calls.some(({ arguments: text }) => text.trim() !== '' && parseJson(text) === undefined);

/** The arguments of a stream's calls as they grow. */
export interface GrowingCalls {
  add(pieces: readonly FrameCall[]): void;
  count(): number;
  /** Whether they can't be carried out as they stand, at the end of the stream. */
  areBroken(finish: Finish | null): boolean;
}

/** Calls that have yet to begin. */
export function createGrowingCalls(): GrowingCalls {
  let calls: Map<number, { arguments: string }> | null = null;
  return {
    add: (pieces) => {
      for (const { index, arguments: text } of pieces) {
        const known = (calls ??= new Map()).get(index);
        if (known === undefined) calls.set(index, { arguments: text });
        else known.arguments += text;
      }
    },
    count: () => calls?.size ?? 0,
    areBroken: (finish) => calls !== null && areBroken([...calls.values()], finish),
  };
}

/** What is said of such an answer. */
export const brokenCall: ProviderFailure = {
  kind: 'bad_reply',
  message: 'The provider answered with a tool call whose arguments are no JSON.',
};

/** Why an answer that came to its end is none all the same; null when it is one. */
export function findFault({ content, reasoning, refusal, toolCalls, finish }: Answer): ProviderFailure | null {
  if (finish === 'error')
    return { kind: 'bad_reply', message: 'The provider broke the answer off with an error of its own.' };
  if (areBroken(toolCalls, finish)) return brokenCall;
  if (content !== '' || reasoning !== '' || refusal !== '' || toolCalls.length > 0) return null;
  // An answer without a word is one only where the caller's bound left no room for any.
  if (finish === 'length') return null;
  return finish === 'content_filter'
    ? { kind: 'content_filtered', message: "The provider's content filter held the whole answer back." }
    : { kind: 'bad_reply', message: 'The provider answered with an empty message.' };
}
