// Cuts a stream of text into server-sent events: a pure fold over the pieces as they arrive.
import type { ProviderFailure } from '#shared/failures.ts';
import type { SseFrame } from './types.ts';

/** What is left of the stream between two pieces. Treat as opaque. */
export interface SseState {
  readonly rest: string;
  /** Where the line that is not complete yet begins in `rest`. */
  readonly lineStart: number;
  /** Up to here `rest` holds no further line end. */
  readonly scanned: number;
  readonly started: boolean;
  readonly limitCharacters: number;
}

/** Frames completed by a piece. After a `failure` (frame beyond the limit) the stream must be given up. */
export interface SseStep {
  readonly state: SseState;
  readonly frames: readonly SseFrame[];
  readonly failure: ProviderFailure | null;
}

/** The state before the first piece. `limitCharacters` bounds one frame. */
export function createSse(limitCharacters = 1_048_576): SseState {
  return { rest: '', lineStart: 0, scanned: 0, started: false, limitCharacters };
}

/** Takes in the next piece of text. Lines may end with LF, CRLF or CR. Joined, the frames' `raw` are the stream (less a byte order mark). */
export function feedSse(state: SseState, piece: string): SseStep {
  if (piece === '') return { state, frames: [], failure: null };
  const text = state.started ? state.rest + piece : withoutMark(piece);
  const cut = cutFrames(text, state.lineStart, state.scanned);
  const rest = cut.frameStart === 0 ? text : text.slice(cut.frameStart);
  if (rest.length > state.limitCharacters) {
    const message = `The provider sent a stream event of more than ${state.limitCharacters} characters.`;
    return { state: createSse(state.limitCharacters), frames: cut.frames, failure: { kind: 'bad_reply', message } };
  }
  const next: SseState = {
    rest,
    lineStart: cut.lineStart - cut.frameStart,
    scanned: cut.scanned - cut.frameStart,
    started: true,
    limitCharacters: state.limitCharacters,
  };
  return { state: next, frames: cut.frames, failure: null };
}

/** The frames that were complete but for their last line end. Their `raw` is completed, so it can be passed on. */
export function endSse(state: SseState): readonly SseFrame[] {
  if (state.rest.trim() === '') return [];
  return [toFrame(`${state.rest.replace(/[\r\n]+$/, '')}\n\n`)];
}

/** One frame holding `data`, optionally under an event name. */
export function renderFrame(data: string, event?: string): string {
  const lines = `data: ${data.replaceAll('\n', '\ndata: ')}\n\n`;
  return event === undefined ? lines : `event: ${event}\n${lines}`;
}

function withoutMark(piece: string): string {
  return piece.charCodeAt(0) === 0xfeff ? piece.slice(1) : piece;
}

interface Cut {
  readonly frames: SseFrame[];
  readonly frameStart: number;
  readonly lineStart: number;
  readonly scanned: number;
}

function cutFrames(text: string, firstLine: number, scanFrom: number): Cut {
  const frames: SseFrame[] = [];
  let frameStart = 0;
  let lineStart = firstLine;
  let scan = scanFrom;
  let carriage = text.indexOf('\r', scan);
  for (;;) {
    const feed = text.indexOf('\n', scan);
    if (carriage >= 0 && carriage < scan) carriage = text.indexOf('\r', scan);
    const end = carriage >= 0 && (feed < 0 || carriage < feed) ? carriage : feed;
    if (end < 0) return { frames, frameStart, lineStart, scanned: text.length };
    const isCarriage = end === carriage;
    // A CR at the very end may be half of a CRLF.
    if (isCarriage && end === text.length - 1) return { frames, frameStart, lineStart, scanned: end };
    const next = end + (isCarriage && text.charCodeAt(end + 1) === 10 ? 2 : 1);
    if (end === lineStart) {
      frames.push(toFrame(text.slice(frameStart, next)));
      frameStart = next;
    }
    lineStart = next;
    scan = next;
  }
}

function toFrame(raw: string): SseFrame {
  // Nearly every frame is one line of data ended by two line feeds.
  if (raw.startsWith('data: ') && raw.indexOf('\n') === raw.length - 2 && !raw.includes('\r')) {
    return { raw, event: null, data: raw.slice(6, -2) };
  }
  let event: string | null = null;
  const data: string[] = [];
  for (const line of raw.split(/\r\n|\r|\n/)) {
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line.charCodeAt(colon + 1) === 32 ? colon + 2 : colon + 1);
    if (name === 'data') data.push(value);
    else if (name === 'event') event = value;
  }
  return { raw, event, data: data.length === 0 ? null : data.join('\n') };
}
