// Providers whose answers a test writes itself, told apart by the first step of their path.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Answering {
  readonly url: string;
  readonly close: () => void;
}

/** Listens on a free port. `answer` tells status and body; a text is sent as a stream of events. */
export async function answerAs<Body>(answer: (provider: string, body: Body) => [number, unknown]): Promise<Answering> {
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += String(chunk)));
    request.on('end', () => {
      const [status, body] = answer(request.url?.split('/')[1] ?? '', JSON.parse(text) as Body);
      const isStream = typeof body === 'string';
      response.writeHead(status, { 'content-type': isStream ? 'text/event-stream' : 'application/json' });
      response.end(isStream ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => void server.close() };
}
