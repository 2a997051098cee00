// A plain node:http client that tells everything that happened on the wire, for judging the simulated provider.
import { request, type IncomingHttpHeaders } from 'node:http';

/** What a caller saw. `end`: proper end, connection lost, or nothing more until `patienceMs`. */
export interface Seen {
  readonly status: number | null;
  readonly headers: IncomingHttpHeaders;
  readonly parts: readonly Buffer[];
  readonly body: string;
  readonly firstByteMs: number | null;
  readonly end: 'end' | 'reset' | 'stall';
}

export interface Ask {
  readonly url: string;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** How long to wait for the next byte, ms; default 60,000. */
  readonly patienceMs?: number;
}

/** Posts JSON and follows the reply to whatever end it takes. */
export function ask({ url, body, headers = {}, patienceMs = 60_000 }: Ask): Promise<Seen> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    const startedAtMs = performance.now();
    let status: number | null = null;
    let head: IncomingHttpHeaders = {};
    let firstByteMs: number | null = null;
    let timer: NodeJS.Timeout;
    const leave = (end: Seen['end']): void => {
      clearTimeout(timer);
      resolve({ status, headers: head, parts, body: Buffer.concat(parts).toString(), firstByteMs, end });
    };
    const outgoing = request(url, { method: 'POST', agent: false, headers: { 'content-type': 'application/json', ...headers } });
    const wait = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        leave('stall');
        outgoing.destroy();
      }, patienceMs);
    };
    wait();
    outgoing.on('response', (response) => {
      status = response.statusCode ?? null;
      head = response.headers;
      response.on('data', (part: Buffer) => {
        firstByteMs ??= performance.now() - startedAtMs;
        parts.push(part);
        wait();
      });
      response.on('end', () => leave('end'));
      response.on('error', () => leave('reset'));
    });
    outgoing.on('error', () => leave('reset'));
    outgoing.end(JSON.stringify(body));
  });
} // prettier-ignore

/** The parsed events of a stream, `[DONE]` included as a string; what is no JSON stays text. */
export function eventsOf(body: string): unknown[] {
  return body
    .split('\n\n')
    .flatMap((block) => block.split('\n').filter((line) => line.startsWith('data: ')))
    .map((line) => {
      try {
        return JSON.parse(line.slice(6)) as unknown;
      } catch {
        return line.slice(6);
      }
    });
}

type Chunk = {
  choices?: { delta?: { content?: string; tool_calls?: { function?: { arguments?: string } }[] }; finish_reason?: string | null }[];
  usage?: unknown;
  error?: unknown;
}; // prettier-ignore

/** The text a stream carried. */
export function textOf(body: string): string {
  return eventsOf(body)
    .map((event) => (event as Chunk).choices?.[0]?.delta?.content ?? '')
    .join('');
}

/** The finish reasons a stream carried, in order. */
export function finishesOf(body: string): string[] {
  return eventsOf(body).flatMap((event) => (event as Chunk).choices?.[0]?.finish_reason ?? []);
}
