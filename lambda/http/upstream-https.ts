// The way out on Lambda: node:http and node:https, which the runtime has loaded anyway.
import { Agent as PlainAgent, request as requestPlain, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent as TlsAgent, request as requestTls } from 'node:https';
import { pipeline, Readable } from 'node:stream';
import { urlToHttpOptions } from 'node:url';
import type { Upstream, UpstreamCall } from '../ports.ts';
import { lookupPublic, refuseUnsafe } from './addresses.ts';
import { isSource } from './body.ts';
import { joinHeaders } from './headers.ts';
import { Relay, withDefaults, type UpstreamOptions } from './relay.ts';

export interface HttpsOptions extends UpstreamOptions {
  /** Time in ms; for the age of idle connections. */
  readonly now?: () => number;
}

function readReply(response: IncomingMessage, relay: Relay): void {
  relay.head(response.statusCode ?? 0, joinHeaders(response.headers));
  response.on('data', (chunk: Buffer) => relay.data(chunk));
  response.on('end', () => relay.end());
  response.on('error', (error) => relay.broke(error));
}

function follow(request: ClientRequest, relay: Relay): void {
  let reply: IncomingMessage | null = null;
  // Agents name no single event for "the connection stands": that of TLS follows that of TCP.
  request.on('socket', (socket) => {
    if (!socket.connecting) return relay.sent();
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => relay.sent());
  });
  request.on('response', (response) => {
    reply = response;
    readReply(response, relay);
  });
  request.on('error', (error) => relay.broke(error));
  request.on('close', () => {
    if (!reply?.complete) relay.broke(null);
  });
  relay.attach({
    abort: () => request.destroy(),
    pause: () => reply?.pause(),
    resume: () => reply?.resume(),
  });
}

function write(request: ClientRequest, body: UpstreamCall['body']): void {
  if (!isSource(body)) return void request.end(body ?? undefined);
  // Whatever breaks off on either side ends both; the request tells of it.
  pipeline(Readable.from(body.open(), { objectMode: false }), request, () => undefined);
}

/** An upstream over the keep-alive agents of node:http and node:https. Redirects are not followed. */
export function createHttpsUpstream(options: HttpsOptions = {}): Upstream {
  const settings = withDefaults(options);
  const { connections, keepAliveMs } = settings;
  const { now = Date.now } = options;
  const pooling = { keepAlive: true, maxSockets: connections, timeout: keepAliveMs };
  const open = (more: object) => ({
    'http:': new PlainAgent({ ...pooling, ...more }),
    'https:': new TlsAgent({ ...pooling, ...more }),
  });
  const anywhere = open({});
  // Connections of their own: one that was made without the check must not be used with it.
  const publicly = open({ lookup: lookupPublic });
  const all = [...Object.values(anywhere), ...Object.values(publicly)];
  let busy = 0;
  let lastUseAtMs = 0;
  /** A frozen instance can't see that its connections were closed meanwhile: old ones are not used again. */
  const dropStale = (): void => {
    if (busy > 0 || now() - lastUseAtMs < keepAliveMs) return;
    for (const agent of all)
      for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  };
  const ask = ({ url, method, headers, body, publicOnly }: UpstreamCall): ClientRequest => {
    if (publicOnly) refuseUnsafe(url);
    const agents = publicOnly ? publicly : anywhere;
    const target = urlToHttpOptions(new URL(url));
    const tls = target.protocol === 'https:';
    const length =
      body === null ? {} : { 'content-length': String(isSource(body) ? body.length : Buffer.byteLength(body)) };
    const request = (tls ? requestTls : requestPlain)({
      ...target,
      method,
      headers: { ...headers, ...length },
      agent: tls ? agents['https:'] : agents['http:'],
    });
    busy++;
    request.once('close', () => {
      busy--;
      lastUseAtMs = now();
    });
    return request;
  };
  return {
    start: (call, listener) => {
      const relay = new Relay(call, listener, settings);
      dropStale();
      try {
        const request = ask(call);
        follow(request, relay);
        write(request, call.body);
      } catch (error) {
        relay.broke(error);
      }
      return relay;
    },
    close: () => {
      for (const agent of all) agent.destroy();
      return Promise.resolve();
    },
  };
}
