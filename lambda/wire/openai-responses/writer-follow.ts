// Keeps the writer of a Responses stream in step with frames of the same format that were passed on.
import type { SseFrame } from '../types.ts';
import type { Json } from '../json.ts';
import { isRecord, parseJson, toAmount, toRecord, toText } from '../json.ts';
import { flatNameOf } from './tool-names.ts';
import type { OpenItem, WriterState } from './writer-state.ts';

/** Takes over what a frame says. */
export function follow(state: WriterState, { data }: SseFrame): void {
  const json = data === null ? undefined : parseJson(data);
  if (!isRecord(json)) return;
  state.sequence = Math.max(state.sequence, (toAmount(json['sequence_number']) ?? state.sequence) + 1);
  const { type, output_index: index, delta } = json;
  if (type === 'response.created') state.id = toText(toRecord(json['response'])['id']) ?? '';
  if (typeof index !== 'number') return;
  const open = state.open.find((item) => item.index === index);
  if (type === 'response.output_item.added') addItem(state, index, toRecord(json['item']));
  else if (type === 'response.output_item.done') {
    state.items.set(index, toRecord(json['item']));
    state.open = state.open.filter((item) => item !== open);
  } else if (open !== undefined && type === 'response.content_part.added')
    open.part = toRecord(json['part'])['type'] === 'refusal' ? 'refusal' : 'content';
  else if (open !== undefined && type === 'response.content_part.done') {
    open.parts.push(toRecord(json['part']));
    open.part = null;
    open.text = '';
  } else if (open !== undefined && String(type).endsWith('.delta') && typeof delta === 'string') open.text += delta;
}

function addItem(state: WriterState, index: number, item: Json): void {
  state.next = Math.max(state.next, index + 1);
  const id = toText(item['id']) ?? '';
  const base = { index, parts: [], part: null, text: toText(item['arguments']) ?? '' };
  const open = toOpen(state, item, { ...base, id });
  // Of items that are told by nobody else, only the end matters.
  if (open !== null) state.open.push(open);
}

function toOpen(state: WriterState, item: Json, base: Omit<OpenItem, 'kind' | 'call'>): OpenItem | null {
  const { type } = item;
  if (type === 'message' || type === 'reasoning') return { ...base, kind: type, call: null };
  if (type !== 'function_call') return null;
  const name = flatNameOf([...state.tools.values()], item);
  const call = { id: toText(item['call_id']) ?? '', name, index: state.calls++ };
  return { ...base, id: base.id.replace(/^fc_/, ''), kind: 'call', call };
}
