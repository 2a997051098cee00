// An alias of the function, as AWS routes it: one URL in front of versions, each with its share of the requests.
import { request as ask, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Shares of the requests by version; what is left of 1 goes to `main`. */
export interface Routing {
  readonly main: string;
  readonly others?: Readonly<Record<string, number>>;
}

export interface Alias {
  readonly url: string;
  /** In force for the next request, as `aws lambda update-alias` is within moments. */
  readonly update: (routing: Routing) => void;
  /** Requests by version, so far. */
  readonly counts: () => Readonly<Record<string, number>>;
  readonly close: () => Promise<void>;
}

function choose({ main, others = {} }: Routing, random: number): string {
  let left = random;
  for (const [version, share] of Object.entries(others)) {
    left -= share;
    if (left < 0) return version;
  }
  return main;
}

function pass(request: IncomingMessage, response: ServerResponse, url: string): void {
  const { method, headers } = request;
  const onward = ask(new URL(request.url ?? '/', url), { method, headers }, (reply) => {
    response.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(response);
  });
  onward.on('error', () => response.destroy());
  request.pipe(onward);
}

/** Starts an alias over the URLs of versions. `random` in [0, 1) draws the version of a request. */
export async function startAlias(
  versions: Readonly<Record<string, string>>,
  routing: Routing,
  random: () => number = Math.random,
): Promise<Alias> {
  let inForce = routing;
  const counts: Record<string, number> = {};
  const server = createServer((request, response) => {
    const version = choose(inForce, random());
    const url = versions[version];
    if (url === undefined) throw new Error(`the alias points to the version ${version}, which does not exist`);
    counts[version] = (counts[version] ?? 0) + 1;
    pass(request, response, url);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    update: (next) => (inForce = next),
    counts: () => counts,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
