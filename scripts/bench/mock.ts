// The simulated provider, a process of its own: an OpenAI-like chat endpoint on bare sockets, so that it costs as little as possible.
import { createServer, type Socket } from 'node:net';
import { parseDirective, type Directive } from './directive.ts';
import { createMessageParser } from './message-parser.ts';
import { renderBusy, renderDelta, renderDocument, renderStreamEnd, STREAM_HEAD } from './mock-replies.ts';

interface Asked {
  readonly directive: Directive;
  readonly bytes: number;
  readonly wantsUsage: boolean;
}

/** Sends the events with a pause before each but the first; never two writes for one event. */
function streamPaced(socket: Socket, { chunks, paceMs }: Directive, end: string): void {
  let sent = 1;
  socket.write(STREAM_HEAD + renderDelta(), 'latin1');
  const timer = setInterval(() => {
    if (socket.destroyed) clearInterval(timer);
    else if (sent++ < chunks) socket.write(renderDelta(), 'latin1');
    else {
      clearInterval(timer);
      socket.write(end, 'latin1');
    }
  }, paceMs);
}

function stream(socket: Socket, { directive, bytes, wantsUsage }: Asked): void {
  const { chunks, paceMs } = directive;
  const end = renderStreamEnd(wantsUsage ? { promptBytes: bytes, chunks } : null);
  if (paceMs > 0) {
    streamPaced(socket, directive, end);
    return;
  }
  let text = STREAM_HEAD;
  for (let sent = 0; sent < chunks; sent++) text += renderDelta();
  socket.write(text + end, 'latin1');
}

function answerChat(socket: Socket, body: Buffer): void {
  const directive = parseDirective(body);
  if (directive.busyPercent > 0 && Math.random() * 100 < directive.busyPercent) {
    socket.write(renderBusy(), 'latin1');
  } else if (directive.chunks > 0) {
    stream(socket, { directive, bytes: body.length, wantsUsage: body.includes('"include_usage":true') });
  } else {
    socket.write(renderDocument(directive.textLength, body.length), 'latin1');
  }
}

/** One connection. A second request before the first is answered gets its answer in turn, as all but paced streams are written at once. */
function serve(socket: Socket): void {
  let pieces: Buffer[] = [];
  const parse = createMessageParser({
    head: () => {
      pieces = [];
    },
    body: (piece) => {
      pieces.push(piece);
    },
    end: () => {
      const [only] = pieces;
      answerChat(socket, pieces.length === 1 && only ? only : Buffer.concat(pieces));
    },
  });
  socket.setNoDelay(true);
  socket.on('data', (piece: Buffer) => {
    try {
      parse(piece);
    } catch {
      socket.destroy();
    }
  });
  socket.on('error', () => socket.destroy());
}

createServer(serve).listen(Number(process.env['PORT']), '127.0.0.1', 1024);
