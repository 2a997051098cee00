// Writes streams in the Responses format: items that open, grow and close, and the whole response at the end.
import { renderError } from '../openai-chat/error.ts';
import { renderFrame } from '../sse.ts';
import { spliceFields } from '../splice.ts';
import type { ChatQuestion, Finish, ReplyHead, SseFrame } from '../types.ts';
import type { Closing, StreamDelta, StreamTool, StreamWriter } from '../writer.ts';
import type { Json } from '../json.ts';
import { isRecord, parseJson, toRecord } from '../json.ts';
import { toForeignId } from './foreign.ts';
import {
  toCallItem,
  toEnd,
  toMessageItem,
  toResponse,
  toSealedItems,
  toTextPart,
  toThoughtItem,
  toUsageJson,
} from './render.ts';
import { toToolNames } from './tool-names.ts';
import { follow } from './writer-follow.ts';
import type { OpenItem, WriterState } from './writer-state.ts';

/** Begins to write a stream. */
export function openWriter(question: ChatQuestion): StreamWriter {
  const state: WriterState = {
    question,
    tools: toToolNames(question.body),
    id: '',
    sequence: 0,
    items: new Map(),
    next: 0,
    calls: 0,
    open: [],
  };
  return {
    start: (head) => {
      state.id = head.id;
      const response = toResponse(head, question);
      return tell(state, 'response.created', { response }) + tell(state, 'response.in_progress', { response });
    },
    text: (_, delta) => (delta.kind === 'reasoning' ? writeThought(state, delta) : writeSaid(state, delta)),
    tool: (_, tool) => writeTool(state, tool),
    finish: (head, finish, closing) => writeFinish(state, head, { finish, closing }),
    passed: (frame) => follow(state, frame),
    closeAfter: (frame, head, closing) =>
      frame === null ? writeFinish(state, head, { finish: 'stop', closing }) : addReceipt(frame, closing),
    fail: (error, requestId, nowMs) => {
      const told = toRecord(toRecord(parseJson(renderError(error, requestId, nowMs)))['error']);
      return tell(state, 'error', { ...told, error: told });
    },
  };
}

function tell(state: WriterState, type: string, rest: Json): string {
  const sequence = state.sequence++;
  return renderFrame(JSON.stringify({ ...rest, type, sequence_number: sequence }), type);
}

const placeOf = ({ id, index }: OpenItem): Json => ({ item_id: id, output_index: index });

function begin(state: WriterState, kind: OpenItem['kind'], item: (id: string) => Json): string {
  const index = state.next++;
  const place = `${state.id}_${index}`;
  const id = kind === 'reasoning' ? toForeignId(place) : `${kind === 'message' ? 'msg' : 'fc'}_${place}`;
  state.open.push({ kind, id, index, parts: [], part: null, text: '', call: null });
  return tell(state, 'response.output_item.added', { output_index: index, item: item(id) });
}

function writeThought(state: WriterState, { text }: StreamDelta): string {
  let out = '';
  let open = state.open.find(({ kind }) => kind === 'reasoning');
  if (open === undefined) {
    out += closeAll(state, 'reasoning') + begin(state, 'reasoning', (id) => toThoughtItem(id, ''));
    open = state.open.at(-1);
    if (open === undefined) return out;
    const part = { type: 'summary_text', text: '' };
    out += tell(state, 'response.reasoning_summary_part.added', { ...placeOf(open), summary_index: 0, part });
  }
  open.text += text;
  return (
    out + tell(state, 'response.reasoning_summary_text.delta', { ...placeOf(open), summary_index: 0, delta: text })
  );
}

function writeSaid(state: WriterState, { kind, text }: StreamDelta): string {
  const part = kind === 'refusal' ? 'refusal' : 'content';
  let out = '';
  let open = state.open.find((item) => item.kind === 'message');
  if (open === undefined) {
    out += closeAll(state, 'message') + begin(state, 'message', (id) => toMessageItem(id, [], 'in_progress'));
    open = state.open.at(-1);
    if (open === undefined) return out;
  }
  if (open.part !== part) {
    out += closePart(state, open);
    open.part = part;
    const empty = part === 'refusal' ? { type: 'refusal', refusal: '' } : toTextPart('');
    out += tell(state, 'response.content_part.added', {
      ...placeOf(open),
      content_index: open.parts.length,
      part: empty,
    });
  }
  open.text += text;
  const at = { ...placeOf(open), content_index: open.parts.length, delta: text };
  return (
    out +
    (part === 'refusal'
      ? tell(state, 'response.refusal.delta', at)
      : tell(state, 'response.output_text.delta', { ...at, logprobs: [] }))
  );
}

/** Calls grow side by side; what was said before them is complete. */
function writeTool(state: WriterState, { index, id, name, arguments: text, signature }: StreamTool): string {
  let out = '';
  let open = state.open.find(({ call }) => call?.index === index);
  if (open === undefined) {
    // Nothing can follow a call that was complete.
    if (index < state.calls) return '';
    out += closeAll(state, 'call') + writeSealed(state, signature);
    const call = { id: id ?? `call_${index}`, name: name ?? '', index };
    open = {
      kind: 'call',
      id: `${state.id}_${state.next}`,
      index: state.next++,
      parts: [],
      part: null,
      text: '',
      call,
    };
    state.open.push(open);
    state.calls++;
    const item = toCallItem(open.id, { ...call, arguments: '' }, state.tools);
    const empty = item['type'] === 'function_call' ? { arguments: '' } : {};
    out += tell(state, 'response.output_item.added', {
      output_index: open.index,
      item: { ...item, ...empty, status: 'in_progress' },
    });
  }
  open.text += text;
  // Plain text is told when the one argument it stands in is complete.
  if (text === '' || state.tools.get(open.call?.name ?? '')?.takesText === true) return out;
  return (
    out +
    tell(state, 'response.function_call_arguments.delta', {
      item_id: `fc_${open.id}`,
      output_index: open.index,
      delta: text,
    })
  );
}

/** A thought that is complete when it begins. */
function writeSealed(state: WriterState, signature: string | undefined): string {
  return toSealedItems(`${state.id}_${state.next}`, signature, state.question)
    .map((item) => {
      const index = state.next++;
      state.items.set(index, item);
      const at = { output_index: index, item };
      return tell(state, 'response.output_item.added', at) + tell(state, 'response.output_item.done', at);
    })
    .join('');
}

function closePart(state: WriterState, open: OpenItem): string {
  if (open.part === null) return '';
  const { text } = open;
  const isRefusal = open.part === 'refusal';
  const part = isRefusal ? { type: 'refusal', refusal: text } : toTextPart(text);
  const at = { ...placeOf(open), content_index: open.parts.length };
  open.parts.push(part);
  open.text = '';
  open.part = null;
  const done = isRefusal
    ? tell(state, 'response.refusal.done', { ...at, refusal: text })
    : tell(state, 'response.output_text.done', { ...at, text, logprobs: [] });
  return done + tell(state, 'response.content_part.done', { ...at, part });
}

function closeThought(state: WriterState, open: OpenItem): string {
  const at = { ...placeOf(open), summary_index: 0 };
  const part = { type: 'summary_text', text: open.text };
  return (
    tell(state, 'response.reasoning_summary_text.done', { ...at, text: open.text }) +
    tell(state, 'response.reasoning_summary_part.done', { ...at, part })
  );
}

function closeCall(state: WriterState, { index }: OpenItem, item: Json): string {
  const at = { item_id: item['id'], output_index: index };
  if (item['type'] === 'function_call')
    return tell(state, 'response.function_call_arguments.done', {
      ...at,
      name: item['name'],
      arguments: item['arguments'],
    });
  const { input } = item;
  return (
    tell(state, 'response.custom_tool_call_input.delta', { ...at, delta: input }) +
    tell(state, 'response.custom_tool_call_input.done', { ...at, input })
  );
}

function close(state: WriterState, open: OpenItem): string {
  const { id, kind, call, index } = open;
  let out = '';
  let item: Json;
  if (call !== null) {
    item = toCallItem(id, { ...call, arguments: open.text }, state.tools);
    out = closeCall(state, open, item);
  } else if (kind === 'reasoning') {
    out = closeThought(state, open);
    item = toThoughtItem(id, open.text);
  } else {
    out = closePart(state, open);
    item = toMessageItem(id, open.parts, 'completed');
  }
  state.items.set(index, item);
  return out + tell(state, 'response.output_item.done', { output_index: index, item });
}

/** Closes what is over when an item of this kind begins; null: at the end. Text may come in the middle of calls. */
function closeAll(state: WriterState, next: OpenItem['kind'] | null): string {
  const isOver = ({ kind, text }: OpenItem): boolean =>
    next === null || (kind === 'call' ? next !== 'call' && isRecord(parseJson(text)) : kind !== next);
  const over = state.open.filter(isOver);
  state.open = state.open.filter((item) => !over.includes(item));
  return over.map((item) => close(state, item)).join('');
}

function writeFinish(
  state: WriterState,
  head: ReplyHead,
  { finish, closing }: { finish: Finish; closing: Closing },
): string {
  const rest = closeAll(state, null);
  const output = [...state.items].sort(([left], [right]) => left - right).map(([, item]) => item);
  const end = toEnd(finish);
  const response = {
    ...toResponse({ ...head, id: state.id }, state.question),
    ...end,
    output,
    usage: toUsageJson(closing.usage),
  };
  const type = end['status'] === 'completed' ? 'response.completed' : 'response.incomplete';
  return rest + tell(state, type, { response, freeway: closing.freeway });
}

function addReceipt({ event, data, raw }: SseFrame, { freeway }: Closing): string {
  const json = data === null ? undefined : parseJson(data);
  if (data === null || !isRecord(json)) return raw;
  const type = event ?? (typeof json['type'] === 'string' ? json['type'] : undefined);
  return renderFrame(spliceFields(data, { freeway: JSON.stringify(freeway) }) ?? data, type);
}
