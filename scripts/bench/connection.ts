// One keep-alive connection of the load driver: sends a prepared request, times its reply, one at a time.
import { connect, type Socket } from 'node:net';
import { createMessageParser } from './message-parser.ts';
import { nowUs } from './stopwatch.ts';

/** A reply as the driver saw it. Times in us since the request was sent. */
export interface Timing {
  readonly status: number;
  /** To the first event of a stream, or the first byte of another body; null for an empty body. */
  readonly firstUs: number | null;
  readonly totalUs: number;
  readonly bytes: number;
  /** Per marked event: from the provider's write to the driver's read, us; in order of arrival. Empty unless asked for. */
  readonly transitUs: readonly number[];
  /** Marked events came in the order in which they were sent. */
  readonly inOrder: boolean;
}

export interface Connection {
  /** Sends one request; `done` is called with its reply. A second request must wait for that. */
  send(request: Buffer, done: (timing: Timing) => void): void;
  close(): void;
}

/** A connection on which nothing happens for so long is taken to be stuck. */
const SILENCE_MS = 20_000;

interface Piece {
  readonly text: string;
  readonly atUs: number;
}

/** Finds the marks of the simulated provider in the pieces of a stream, and how long each was under way. */
export function toTransits(pieces: readonly Piece[]): { transitUs: number[]; inOrder: boolean } {
  const ends: number[] = [];
  let length = 0;
  for (const { text } of pieces) ends.push((length += text.length));
  const transitUs: number[] = [];
  let inOrder = true;
  let before = 0;
  let piece = 0;
  for (const mark of pieces
    .map(({ text }) => text)
    .join('')
    .matchAll(/"@(\d+)@"/g)) {
    while ((ends[piece] ?? Infinity) < mark.index + mark[0].length) piece++;
    const sentUs = Number(mark[1]);
    transitUs.push((pieces[piece]?.atUs ?? Number.NaN) - sentUs);
    if (sentUs < before) inOrder = false;
    before = sentUs;
  }
  return { transitUs, inOrder };
}

interface Pending {
  readonly done: (timing: Timing) => void;
  readonly sentUs: number;
  status: number;
  firstUs: number | null;
  bytes: number;
  isStream: boolean;
  pieces: Piece[];
}

export interface ConnectionOptions {
  readonly port: number;
  /** Keep streams to find marked events in them. */
  readonly marks: boolean;
  /** Called when the connection breaks; the request in flight gets no reply. */
  readonly onLost: (reason: string) => void;
}

function toTiming(pending: Pending): Timing {
  const { status, sentUs, firstUs, bytes, pieces } = pending;
  const totalUs = nowUs() - sentUs;
  return { status, firstUs, totalUs, bytes, ...toTransits(pieces) };
}

function attach(socket: Socket, { marks, onLost }: ConnectionOptions): Connection {
  let pending: Pending | null = null;
  let closed = false;
  const parse = createMessageParser({
    head: (text) => {
      if (pending === null) return;
      pending.status = Number(text.slice(9, 12));
      pending.isStream = text.includes('text/event-stream');
    },
    body: (piece) => {
      if (pending === null) return;
      const atUs = nowUs();
      pending.bytes += piece.length;
      // A comment sent early to keep a connection alive is no content.
      if (pending.firstUs === null && (!pending.isStream || piece.includes('data:')))
        pending.firstUs = atUs - pending.sentUs;
      if (marks && pending.isStream) pending.pieces.push({ text: piece.toString('latin1'), atUs });
    },
    end: () => {
      const ended = pending;
      pending = null;
      ended?.done(toTiming(ended));
    },
  });
  const lost = (reason: string): void => {
    if (closed) return;
    closed = true;
    socket.destroy();
    onLost(reason);
  };
  socket.on('data', (piece: Buffer) => {
    try {
      parse(piece);
    } catch (error) {
      lost(error instanceof Error ? error.message : 'not HTTP');
    }
  });
  socket.setTimeout(SILENCE_MS, () => lost(`nothing came for ${SILENCE_MS / 1000} s`));
  socket.on('error', (error) => lost(error.message));
  socket.on('close', () => lost('the connection was closed'));
  return {
    send: (request, done) => {
      pending = { done, sentUs: nowUs(), status: 0, firstUs: null, bytes: 0, isStream: false, pieces: [] };
      socket.write(request);
    },
    close: () => {
      closed = true;
      socket.destroy();
    },
  };
}

/** Opens a connection to a local port. Rejects when nobody listens there. */
export function openConnection(options: ConnectionOptions): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: options.port, host: '127.0.0.1', noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(attach(socket, options));
    });
  });
}
