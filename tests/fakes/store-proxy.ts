// Stands before a store that is asked over HTTP, and is its bad days: unreachable, silent, throttled, behind its own writes; or its clock is elsewhere.
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** `refuses`: connections break at once; `hangs`: nothing is ever answered; `throttles`: as DynamoDB does when a table has had enough. */
export type Trouble = 'refuses' | 'hangs' | 'throttles';

export interface StoreProxy {
  readonly url: string;
  trouble: Trouble | null;
  /** How far the store's own time, as its replies tell it, is ahead of this machine's, ms. */
  aheadMs: number;
  /** Calls that met with trouble. */
  troubled: number;
  /** No item has come yet to the replica that is asked for one where no consistent read is wanted. */
  lags: boolean;
  /** Reads that were answered by what the replica had. */
  lagged: number;
  close(): Promise<void>;
}

const throttling = JSON.stringify({
  __type: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException',
  message: 'The level of configured provisioned throughput for the table was exceeded.',
});

/** Opens a proxy before `target`, in order until `trouble` is set. */
export async function startStoreProxy(target: string): Promise<StoreProxy> {
  const trouble = (kind: Trouble, incoming: IncomingMessage, response: ServerResponse): void => {
    proxy.troubled++;
    if (kind === 'refuses') incoming.socket.resetAndDestroy();
    if (kind === 'throttles') response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' }).end(throttling);
  };
  const isBehind = (headers: IncomingMessage['headers'], body: string): boolean =>
    proxy.lags &&
    String(headers['x-amz-target']).endsWith('.GetItem') &&
    (JSON.parse(body) as { ConsistentRead?: boolean }).ConsistentRead !== true;
  const pass = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method, headers, url: path } = incoming;
    const body = Buffer.concat(await incoming.toArray());
    if (isBehind(headers, body.toString())) {
      proxy.lagged++;
      return void response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end('{}');
    }
    const onward = ask(`${target}${path}`, { method, headers }, (reply) => {
      const date = new Date(Date.now() + proxy.aheadMs).toUTCString();
      response.writeHead(reply.statusCode ?? 502, { ...reply.headers, date });
      reply.pipe(response);
    });
    onward.on('error', () => response.destroy());
    onward.end(body);
  };
  const server = createServer((incoming, response) => {
    if (proxy.trouble === null) return void pass(incoming, response).catch(() => response.destroy());
    incoming.resume();
    trouble(proxy.trouble, incoming, response);
  });
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  const proxy: StoreProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    trouble: null,
    aheadMs: 0,
    troubled: 0,
    lags: false,
    lagged: 0,
    close: () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(() => done()));
    },
  };
  return proxy;
}
