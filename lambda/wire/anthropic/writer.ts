// Writes streams in the Anthropic format: one block after the other, each opened and closed.
import { renderFrame } from '../sse.ts';
import { spliceFields } from '../splice.ts';
import type { ChatQuestion, Finish, SseFrame } from '../types.ts';
import type { Closing, StreamDelta, StreamTool, StreamWriter } from '../writer.ts';
import type { Json } from '../json.ts';
import { isRecord, parseJson, toRecord } from '../json.ts';
import { renderStreamError } from './error.ts';
import { toCallId, toMessage, toSealed } from './render.ts';
import { stopReasons, toUsageJson } from './words.ts';

type BlockKind = 'text' | 'thinking' | 'redacted_thinking' | 'tool_use';

interface State {
  readonly question: ChatQuestion;
  /** Index of the next block. */
  next: number;
  /** The block that is being written; `other` kinds come only from frames passed on. */
  open: { readonly kind: BlockKind | 'other'; readonly call: number } | null;
  /** Tool calls begun so far. */
  readonly begun: Set<number>;
  /** Arguments of the open call so far. */
  given: string;
  /** Pieces of other calls and text, which wait until the open call is complete. */
  waiting: (StreamTool | StreamDelta)[];
  refused: boolean;
}

const event = (type: string, rest: Json): string => renderFrame(JSON.stringify({ type, ...rest }), type);

/** Begins to write a stream. */
export function openWriter(question: ChatQuestion): StreamWriter {
  const state: State = { question, next: 0, open: null, begun: new Set(), given: '', waiting: [], refused: false };
  return {
    start: (head) => event('message_start', { message: { ...toMessage(head), usage: toUsageJson(null) } }),
    text: (_, delta) => writeText(state, delta),
    tool: (_, tool) => writeTool(state, tool),
    finish: (_, finish, closing) => writeFinish(state, finish, closing),
    passed: (frame) => follow(state, frame),
    closeAfter: (frame, _, { freeway }) => writeStop(frame, freeway),
    fail: renderStreamError,
  };
}

function close(state: State): string {
  if (state.open === null) return '';
  state.open = null;
  return event('content_block_stop', { index: state.next - 1 });
}

function begin(state: State, block: Json & { readonly type: BlockKind }, call = -1): string {
  const before = close(state);
  state.open = { kind: block.type, call };
  state.given = '';
  return before + event('content_block_start', { index: state.next++, content_block: block });
}

const delta = (state: State, given: Json): string =>
  event('content_block_delta', { index: state.next - 1, delta: given });

/** Text may come in the middle of a call; here it must wait for its end. */
function writeText(state: State, said: StreamDelta): string {
  if (said.kind === 'refusal') state.refused = true;
  if (state.open?.kind !== 'tool_use' && state.waiting.length === 0) return writeSaid(state, said);
  state.waiting.push(said);
  return pump(state, false);
}

function writeSaid(state: State, { kind, text }: StreamDelta): string {
  const block = kind === 'reasoning' ? 'thinking' : 'text';
  if (block === 'thinking') {
    const opened = state.open?.kind === block ? '' : begin(state, { type: block, thinking: '', signature: '' });
    return opened + delta(state, { type: 'thinking_delta', thinking: text });
  }
  const opened = state.open?.kind === block ? '' : begin(state, { type: block, text: '' });
  return opened + delta(state, { type: 'text_delta', text });
}

/** Calls may come side by side; here they must come one after the other, so that others wait while the open one is incomplete. */
function writeTool(state: State, tool: StreamTool): string {
  if (state.open?.kind === 'tool_use' && state.open.call === tool.index) {
    const piece = writePiece(state, tool);
    return state.waiting.length === 0 ? piece : piece + pump(state, false);
  }
  // Nothing can follow a call that was complete.
  if (state.begun.has(tool.index)) return '';
  state.waiting.push(tool);
  return pump(state, false);
}

const isComplete = ({ open, given }: State): boolean => open?.kind !== 'tool_use' || isRecord(parseJson(given));

/** Writes what waits, each as soon as the call before is complete; all of it when it is the end. */
function pump(state: State, isEnd: boolean): string {
  let text = '';
  const mayGoOn = (): boolean => isEnd || isComplete(state);
  while (mayGoOn()) {
    const [first] = state.waiting;
    if (first === undefined) break;
    if ('kind' in first) {
      state.waiting.shift();
      text += writeSaid(state, first);
    } else text += writeWaiting(state, first.index);
  }
  return text;
}

/** Writes a call as far as it has come. */
function writeWaiting(state: State, index: number): string {
  const mine: StreamTool[] = [];
  const others: State['waiting'] = [];
  for (const one of state.waiting)
    if ('kind' in one || one.index !== index) others.push(one);
    else mine.push(one);
  state.waiting = others;
  return mine.map((piece, at) => (at === 0 ? beginCall(state, piece) : writePiece(state, piece))).join('');
}

function beginCall(state: State, { index, id, name, arguments: text, signature }: StreamTool): string {
  const block = { type: 'tool_use' as const, id: toCallId(id ?? `call_${index}`), name: name ?? '', input: {} };
  const sealed = toSealed(signature, state.question).map((thought) => begin(state, { ...thought }));
  const opened = sealed.join('') + begin(state, block, index);
  state.begun.add(index);
  return opened + writePiece(state, { index, arguments: text });
}

function writePiece(state: State, { arguments: text }: StreamTool): string {
  if (text === '') return '';
  state.given += text;
  return delta(state, { type: 'input_json_delta', partial_json: text });
}

function writeFinish(state: State, finish: Finish, { usage, freeway }: Closing): string {
  const rest = pump(state, true) + close(state);
  const reason = state.refused ? 'refusal' : stopReasons[finish];
  const told = { delta: { stop_reason: reason, stop_sequence: null }, usage: toUsageJson(usage) };
  return rest + event('message_delta', told) + writeStop(null, freeway);
}

function writeStop(frame: SseFrame | null, freeway: Closing['freeway']): string {
  const data = frame?.data ?? '{"type":"message_stop"}';
  return renderFrame(spliceFields(data, { freeway: JSON.stringify(freeway) }) ?? data, 'message_stop');
}

const blockKinds: ReadonlySet<string> = new Set(['text', 'thinking', 'redacted_thinking', 'tool_use']);
const isBlockKind = (kind: unknown): kind is BlockKind => typeof kind === 'string' && blockKinds.has(kind);

/** Keeps in step with frames that were passed on. */
function follow(state: State, { event: name, data }: SseFrame): void {
  if (data === null || (name !== null && !name.startsWith('content_block'))) return;
  const json = parseJson(data);
  if (!isRecord(json)) return;
  if (json['type'] === 'content_block_stop') state.open = null;
  if (json['type'] === 'content_block_delta') {
    const piece = toRecord(json['delta'])['partial_json'];
    if (typeof piece === 'string') state.given += piece;
  }
  if (json['type'] !== 'content_block_start') return;
  const kind = toRecord(json['content_block'])['type'];
  const isCall = kind === 'tool_use';
  const call = isCall ? state.begun.size : -1;
  state.open = { kind: isBlockKind(kind) ? kind : 'other', call };
  if (isCall) state.begun.add(call);
  state.given = '';
  state.next = Math.max(state.next, Number(json['index']) + 1);
}
