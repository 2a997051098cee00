// What the writer of a Responses stream remembers.
import type { ChatQuestion } from '../types.ts';
import type { Json } from '../json.ts';
import type { ToolNames } from './tool-names.ts';

/** An item of the output while it grows. `part` is the kind of text a message holds at the time. */
export interface OpenItem {
  readonly kind: 'message' | 'reasoning' | 'call';
  readonly id: string;
  readonly index: number;
  readonly parts: Json[];
  part: 'content' | 'refusal' | null;
  text: string;
  /** Of calls only. */
  readonly call: { readonly id: string; readonly name: string; readonly index: number } | null;
}

/** What a stream holds so far. */
export interface WriterState {
  readonly question: ChatQuestion;
  readonly tools: ToolNames;
  id: string;
  sequence: number;
  /** Finished items, by their place; growing ones are in `open`. */
  readonly items: Map<number, Json>;
  next: number;
  calls: number;
  open: OpenItem[];
}
