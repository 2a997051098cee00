// Speech providers with formats of their own, on a real port: one that makes jobs of uploads, one that takes raw bodies, one that takes JSON.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Seen {
  readonly call: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface Transcribers {
  readonly url: string;
  /** All calls, oldest first, as `METHOD /path`. */
  readonly seen: Seen[];
  /** The text that is heard. */
  text: string;
  /** Who speaks; undefined: it is not told. */
  speaker: number | undefined;
  /** How often a job is looked at before it is done. */
  pending: number;
  /** A status and body in place of the next reply to a call that begins like this; status 0 breaks the connection off. */
  readonly faults: Map<string, readonly [status: number, body: unknown]>;
  close(): Promise<void>;
}

const toWords = (text: string) => text.split(' ').map((word, index) => ({ word, text: word, at: index / 2 }));

/** The reply to one call; undefined where there is nothing. */
function answer({ text, seen, speaker }: Transcribers, { call, body }: Seen, looksLeft: () => boolean): unknown {
  const words = toWords(text);
  const seconds = body.length / 16_000;
  if (call === 'POST /v2/upload') return { upload_url: `${call} ${seen.length}` };
  if (call === 'POST /v2/transcript') return { id: 'job-1', status: 'queued' };
  if (call === 'DELETE /v2/transcript/job-1') return { id: 'job-1', status: 'completed' };
  if (call === 'GET /v2/transcript/job-1') {
    if (looksLeft()) return { id: 'job-1', status: 'processing' };
    const timed = words.map(({ text: said, at }) => ({ text: said, start: at * 1_000, end: at * 1_000 + 400 }));
    return { id: 'job-1', status: 'completed', text, words: timed, audio_duration: null, language_code: 'en' };
  }
  if (call.startsWith('POST /v1/listen'))
    return {
      metadata: { duration: seconds },
      results: {
        channels: [
          {
            alternatives: [
              { transcript: text, words: words.map(({ word, at }) => ({ word, start: at, end: at + 0.4, speaker })) },
            ],
          },
        ],
      },
    };
  if (call.startsWith('POST /v1/audio/')) return { text, duration: seconds, segments: [{ start: 0, end: 4, text }] };
  if (call.startsWith('POST /ai/run/')) return { result: { text, word_count: words.length }, success: true };
  return undefined;
}

/** Starts them all on one port. */
export async function serveTranscribers(): Promise<Transcribers> {
  let looked = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const call = `${request.method} ${request.url}`;
      const one = { call, headers: request.headers, body: Buffer.concat(chunks) };
      fakes.seen.push(one);
      const [key, fault] = [...fakes.faults].find(([begin]) => call.startsWith(begin)) ?? [];
      if (key !== undefined) fakes.faults.delete(key);
      if (fault?.[0] === 0) return void request.socket.resetAndDestroy();
      const reply = fault?.[1] ?? answer(fakes, one, () => looked++ < fakes.pending);
      response.writeHead(fault?.[0] ?? (reply === undefined ? 404 : 200), { 'content-type': 'application/json' });
      response.end(JSON.stringify(reply ?? { error: 'no such path' }));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const fakes: Transcribers = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: [],
    text: 'Hello there.',
    speaker: undefined,
    pending: 1,
    faults: new Map(),
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
  return fakes;
}
