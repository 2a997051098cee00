// Turns pieces of a body into timed bytes, bent by at most one fault: what is finally played to the caller.
import type { DialectId } from '#shared/catalog.ts';
import { toEvent, toException } from '../event-stream.ts';
import type { Fault, Place } from './faults.ts';
import { type ErrorReply, toErrorBody } from './refusals.ts';
import type { Piece } from './render.ts';
import type { PlanChunk, ReplyPlan } from './spec.ts';

/** A plan nobody plays yet: without its `close`. */
export type Draft = Omit<ReplyPlan, 'close'>;

/** How fast the answer comes. */
export interface Pace {
  readonly ttftMs: number;
  readonly tokensPerSecond: number;
}

const encoder = new TextEncoder();
/** Long enough for bytes already written to reach the caller before the connection is reset. */
const beforeResetMs = 25;

/** The plan of an error reply, which comes at once. */
export function toErrorDraft(reply: ErrorReply, delayMs: number): Draft {
  return {
    status: reply.status,
    headers: reply.headers,
    encoding: 'identity',
    headDelayMs: delayMs,
    head: 'sent',
    chunks: [{ delayMs: 0, bytes: encoder.encode(reply.body) }],
    end: 'end',
    endDelayMs: 0,
  };
}

const isBinary = (pieces: readonly Piece[]): boolean => pieces.some(({ bytes }) => bytes !== undefined);

/** Times the pieces: the head and the first content at the time to first token, the rest as fast as tokens are made. */
export function toDraft(pieces: readonly Piece[], headers: Readonly<Record<string, string>>, pace: Pace): Draft {
  const whole = pieces[0]?.kind === 'whole';
  const msPerToken = 1000 / pace.tokensPerSecond;
  let first = true;
  const chunks = pieces.map(({ kind, text, bytes, tokens }) => {
    const isFirst = first && kind === 'content';
    if (kind === 'content') first = false;
    return { delayMs: isFirst || whole ? 0 : tokens * msPerToken, bytes: bytes ?? encoder.encode(text) };
  });
  const streamType = isBinary(pieces) ? 'application/vnd.amazon.eventstream' : 'text/event-stream; charset=utf-8';
  return {
    status: 200,
    headers: { 'content-type': whole ? 'application/json' : streamType, ...headers },
    encoding: 'identity',
    headDelayMs: pace.ttftMs + (whole ? (pieces[0]?.tokens ?? 0) * msPerToken : 0),
    head: 'sent',
    chunks,
    end: 'end',
    endDelayMs: 0,
  };
}

interface Bent {
  readonly draft: Draft;
  /** The pieces behind the draft's chunks, one each. */
  readonly pieces: readonly Piece[];
  readonly dialect: DialectId;
}

/** What is left when the body stops at `place`. A body in one piece is cut in half when content chunks are asked for. */
function stopAt({ draft, pieces }: Bent, place: Place): PlanChunk[] {
  if ('chunks' in place && pieces[0]?.kind !== 'whole') {
    let contents = 0;
    const keep = pieces.findIndex(({ kind }) => kind === 'content' && ++contents > place.chunks);
    return draft.chunks.slice(0, keep < 0 ? pieces.length : keep);
  }
  let left = 'bytes' in place ? place.bytes : Math.floor((draft.chunks[0]?.bytes.length ?? 0) / 2);
  const kept: PlanChunk[] = [];
  for (const chunk of draft.chunks) {
    if (left <= 0) break;
    kept.push({ delayMs: chunk.delayMs, bytes: chunk.bytes.subarray(0, left) });
    left -= chunk.bytes.length;
  }
  return kept;
}

/** A new event after `count` content chunks; at the end when there are fewer. */
function insertAt({ draft, pieces }: Bent, count: number, text: string | Uint8Array): PlanChunk[] {
  let contents = 0;
  const found = pieces.findIndex(({ kind }) => kind === 'content' && ++contents > count);
  const at = found < 0 ? draft.chunks.length : found;
  return draft.chunks.toSpliced(at, 0, { delayMs: 0, bytes: typeof text === 'string' ? encoder.encode(text) : text });
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** Cuts every multi-byte character in two pieces, sent a moment apart. */
function splitCharacters(chunks: readonly PlanChunk[]): PlanChunk[] {
  return chunks.flatMap(({ delayMs, bytes }) => {
    const out: PlanChunk[] = [];
    let from = 0;
    for (let at = 1; at < bytes.length; at += 1) {
      if (!isContinuation(bytes[at]) || isContinuation(bytes[at - 1])) continue;
      out.push({ delayMs: out.length === 0 ? delayMs : 5, bytes: bytes.subarray(from, at) });
      from = at;
    }
    return [...out, { delayMs: out.length === 0 ? delayMs : 5, bytes: bytes.subarray(from) }];
  });
}

function without(bent: Bent, ...kinds: Piece['kind'][]): PlanChunk[] {
  return bent.draft.chunks.filter((_, index) => !kinds.includes(bent.pieces[index]?.kind ?? 'whole'));
}

const brokenEvent = ({ pieces }: Bent): string | Uint8Array =>
  isBinary(pieces)
    ? toEvent('contentBlockDelta', '{"contentBlockIndex":0,"del')
    : 'data: {"id":"chatcmpl-broken","choices":[{"index":0,"del\n\n';

function errorText(dialect: DialectId): string {
  const facts = { status: 503, message: 'The model is overloaded.', type: 'overloaded_error', code: 'overloaded' };
  return JSON.stringify(toErrorBody(dialect, facts));
}

function joined(chunks: readonly PlanChunk[], padding: number, isStream: boolean): PlanChunk[] {
  const pad = encoder.encode(isStream ? `: ${'x'.repeat(padding)}\n\n` : ' '.repeat(padding));
  const parts = [pad, ...chunks.map(({ bytes }) => bytes)];
  return [{ delayMs: 0, bytes: Uint8Array.from(parts.flatMap((part) => [...part])) }];
}

function late(draft: Draft, ms: number, isStream: boolean, firstContent: number): Partial<Draft> {
  if (!isStream || firstContent < 0) return { headDelayMs: draft.headDelayMs + ms };
  const chunks = draft.chunks.map((chunk, at) => (at === firstContent ? { ...chunk, delayMs: ms } : chunk));
  return { chunks };
}

function resume(bent: Bent, place: Place, forMs: number): PlanChunk[] {
  const at = stopAt(bent, place).length;
  return bent.draft.chunks.map((chunk, index) => (index === at ? { ...chunk, delayMs: forMs } : chunk));
}

function errorAt(bent: Bent, count: number, isStream: boolean): Partial<Draft> {
  const text = errorText(bent.dialect);
  if (!isStream) return { chunks: [{ delayMs: 0, bytes: encoder.encode(text) }] };
  const event = `${bent.dialect === 'groq' ? 'event: error\n' : ''}data: ${text}\n\n`;
  const kept = count === 0 ? [] : stopAt(bent, { chunks: count });
  const bytes = isBinary(bent.pieces)
    ? toException('serviceUnavailableException', 'The model is overloaded.')
    : encoder.encode(event);
  return { chunks: [...kept, { delayMs: 0, bytes }] };
}

/** Arguments stop in the middle: the last third of the content chunks is missing, as is everything after them. */
function cutArguments(bent: Bent, isStream: boolean): PlanChunk[] {
  const contents = bent.pieces.filter(({ kind }) => kind === 'content').length;
  return stopAt(bent, { chunks: isStream ? Math.ceil((contents * 2) / 3) : 1 });
}

/** What a fault changes in a good reply; nothing for faults that are no business of the body. */
function change(fault: Fault, bent: Bent): Partial<Draft> {
  const { draft, pieces } = bent;
  const isStream = pieces[0]?.kind !== 'whole';
  const finishAt = pieces.findIndex(({ kind }) => kind === 'finish');
  switch (fault.kind) {
    case 'reset_before_head':
      return { head: 'reset', headDelayMs: Math.min(draft.headDelayMs, beforeResetMs), chunks: [] };
    case 'reset_after_head':
      return { chunks: [], end: 'reset', endDelayMs: beforeResetMs };
    case 'silent':
      return { head: 'silent', chunks: [] };
    case 'late':
      return late(
        draft,
        fault.ms,
        isStream,
        pieces.findIndex(({ kind }) => kind === 'content'),
      );
    case 'cut':
      return { chunks: stopAt(bent, fault.at), end: fault.how, endDelayMs: fault.how === 'reset' ? beforeResetMs : 0 };
    case 'stall':
      if (fault.forMs !== undefined) return { chunks: resume(bent, fault.at, fault.forMs) };
      return { chunks: stopAt(bent, fault.at), end: 'stall' };
    case 'malformed_chunk':
      if (!isStream) return { chunks: stopAt(bent, { chunks: 0 }) };
      return { chunks: insertAt(bent, fault.at, brokenEvent(bent)) };
    case 'split_utf8':
      return { chunks: splitCharacters(draft.chunks) };
    case 'no_done':
      return { chunks: without(bent, 'done') };
    case 'error_in_200':
      return errorAt(bent, 0, isStream);
    case 'error_mid_stream':
      return errorAt(bent, fault.at, isStream);
    case 'html':
      return {
        headers: { 'content-type': 'text/html' },
        chunks: [{ delayMs: 0, bytes: encoder.encode('<html><body><h1>Welcome</h1></body></html>') }],
      };
    case 'gzip':
      return { encoding: 'gzip', headers: { ...draft.headers, 'content-encoding': 'gzip' } };
    case 'giant_chunk':
      return { chunks: joined(draft.chunks, fault.bytes, isStream) };
    case 'duplicate_finish':
      return finishAt < 0 ? {} : { chunks: draft.chunks.toSpliced(finishAt, 0, draft.chunks[finishAt]!) };
    case 'cut_arguments':
      return { chunks: cutArguments(bent, isStream) };
    default:
      return {};
  }
}

/** Bends a good reply by a fault. */
export function bend(bent: Bent, fault: Fault | null): Draft {
  return fault === null ? bent.draft : { ...bent.draft, ...change(fault, bent) };
}
