// Tool calls of an answer, whole or in pieces, in every shape providers send: each gets an id of its own, and in a stream its own number.
import { toCallName } from '../call-ids.ts';
import { signatureOf, withSignature } from '../signatures.ts';
import type { FrameCall, ToolCall } from '../types.ts';
import type { Json } from '../json.ts';
import { isRecord, parseJson, toList, toText } from '../json.ts';

/** One tool call or a piece of one, as it came. Absent members are null. */
interface CallPiece {
  /** The number the provider gave it. */
  readonly index: number | null;
  readonly id: string | null;
  readonly name: string | null;
  readonly arguments: string;
  readonly signature: string | undefined;
  /** Its arguments are no text, or nothing says what kind of call it is. */
  readonly isOdd: boolean;
}

/** The calls of a message or delta. `irregular`: official clients would not understand the shape they came in. */
export interface ReadCalls<T extends ToolCall | FrameCall> {
  readonly calls: readonly T[];
  readonly irregular: boolean;
}

/** Reads `tool_calls`, and the older `function_call`. */
function readPieces(message: Json): readonly CallPiece[] {
  const older = message['function_call'];
  const calls = toList(message['tool_calls']);
  if (calls.length > 0) return calls.map(readPiece);
  return isRecord(older) ? [readPiece({ index: 0, function: older })] : [];
}

function readPiece(call: unknown): CallPiece {
  const record = isRecord(call) ? call : {};
  const target = isRecord(record['function']) ? record['function'] : {};
  const index = record['index'];
  const given = target['arguments'];
  const name = toText(target['name']);
  const plain = typeof given === 'string' || given === undefined || given === null;
  return {
    index: typeof index === 'number' ? index : null,
    id: toText(record['id']),
    name,
    arguments: typeof given === 'string' ? given : plain ? '' : JSON.stringify(given),
    signature: record['extra_content'] === undefined ? undefined : signatureOf(record),
    isOdd: !plain || (name !== null && toText(record['type']) === null),
  };
}

const isTold = (message: Json): boolean => toList(message['tool_calls']).length > 0;

/** The calls of a whole message. `answer` tells it from all others. */
export function readCalls(message: Json, answer: string): ReadCalls<ToolCall> {
  const pieces = readPieces(message);
  const ids = new Set<string>();
  const calls = pieces.map((piece, index) => {
    const id = piece.id === null || ids.has(piece.id) ? toCallName(answer, index) : piece.id;
    ids.add(id);
    // Clients read them as JSON.
    return { id, name: piece.name ?? '', arguments: piece.arguments || '{}', ...withSignature(piece.signature) };
  });
  const isChanged = ({ id, isOdd, arguments: text }: CallPiece, at: number): boolean =>
    isOdd || text === '' || id !== calls[at]?.id;
  return { calls, irregular: isTold(message) && pieces.some(isChanged) };
}

/** A call of a stream: the number and the id it was given, and the id it is known by here. */
interface Seat {
  readonly index: number | null;
  readonly given: string | null;
  readonly id: string;
  arguments: string;
  /** Of the arguments: what was not gone through yet, and how what was stands: brackets open (NaN: it is no object), inside a text. */
  fresh: string;
  depth: number;
  inText: '' | '"' | '\\';
}

/** The calls of a stream, in the order in which they began. */
export interface Seats {
  readonly taken: Seat[];
  /** Whose piece came last. */
  last: number;
}

/** Where the call stands that a piece goes on with; -1 when it begins another. */
function findSeat(piece: CallPiece, { taken, last }: Seats): number {
  const { index, id, name } = piece;
  const own = id === null ? -1 : taken.findLastIndex((seat) => seat.given === id && seat.index === index);
  if (own >= 0) return own;
  if (index === null) return id === null && name === null ? last : -1;
  const at = taken.findLastIndex((seat) => seat.index === index);
  const seat = taken[at];
  return seat !== undefined && isOther(piece, seat) ? -1 : at;
}

/** Some give all calls one number: another id and a name begin another call, and so does a name behind complete arguments. */
function isOther({ id, name, arguments: text }: CallPiece, seat: Seat): boolean {
  if (name === null) return false;
  if (id !== null && seat.given !== null) return true;
  return text.trim() !== '' && isWhole(seat);
}

/** Whether the arguments are one object. Each sign is gone through once: to parse all with every piece would take the square of their length. */
function isWhole(seat: Seat): boolean {
  for (const sign of seat.fresh) {
    if (seat.inText === '\\') seat.inText = '"';
    else if (seat.inText) seat.inText = sign === '\\' ? sign : sign === '"' ? '' : '"';
    else if (sign === '"') seat.inText = sign;
    else seat.depth += '{['.includes(sign) ? 1 : '}]'.includes(sign) ? -1 : 0;
  }
  seat.fresh = '';
  if (seat.depth !== 0 || seat.inText || !seat.arguments.trim()) return false;
  const whole = isRecord(parseJson(seat.arguments));
  if (!whole) seat.depth = NaN;
  return whole;
}

function takeSeat({ index, id: given }: CallPiece, { taken }: Seats, answer: string): number {
  const isFree = given !== null && !taken.some(({ id }) => id === given);
  const id = isFree ? given : toCallName(answer, taken.length);
  return taken.push({ index, given, id, arguments: '', fresh: '', depth: 0, inText: '' }) - 1;
}

/** No calls at all. */
export const noCalls: ReadCalls<FrameCall> = { calls: [], irregular: false };

/** The pieces of calls in a delta. `answer` tells the answer from all others. */
export function seatCalls(delta: Json, seats: Seats, answer: string): ReadCalls<FrameCall> {
  const pieces = readPieces(delta);
  if (pieces.length === 0) return noCalls;
  const calls = pieces.map((piece) => {
    const found = findSeat(piece, seats);
    const at = found < 0 ? takeSeat(piece, seats, answer) : found;
    const seat = seats.taken[at];
    seats.last = at;
    if (seat !== undefined) {
      seat.arguments += piece.arguments;
      seat.fresh += piece.arguments;
    }
    const id = found < 0 || piece.id !== null ? (seat?.id ?? null) : null;
    return { index: at, id, name: piece.name, arguments: piece.arguments, ...withSignature(piece.signature) };
  });
  const isMoved = (piece: CallPiece, at: number): boolean =>
    piece.isOdd || piece.index !== calls[at]?.index || piece.id !== calls[at].id;
  return { calls, irregular: isTold(delta) && pieces.some(isMoved) };
}

/** `tool_calls` in the shape official clients read. */
export function writeCalls(given: readonly unknown[], calls: readonly (ToolCall | FrameCall)[]): Json[] {
  return given.map((call, at) => {
    const record = isRecord(call) ? call : {};
    const known = calls[at];
    if (known === undefined) return record;
    const { arguments: text, name, signature: _, ...place } = known;
    return {
      ...record,
      ...('index' in place ? { index: place.index } : {}),
      ...(place.id === null ? {} : { id: place.id }),
      ...(name === null || name === '' ? {} : { type: toText(record['type']) ?? 'function' }),
      ...(isRecord(record['function']) ? { function: { ...record['function'], arguments: text } } : {}),
    };
  });
}
