// The entry for AWS Lambda Web Functions: a plain HTTP server that many requests share, on the address the runtime names.
import { fileURLToPath } from 'node:url';
import { createSlices } from './gateway/slices.ts';
import { withEdge } from './http/edge.ts';
import { createNodeServer } from './http/node.ts';
import { toUploadsUrl } from './config-uploads.ts';
import { withSite } from './http/pages.ts';
import { createSite } from './http/site.ts';
import { stopServer } from './http/stop.ts';
import { createUpstream } from './http/upstream.ts';
import { createAwsApp } from './main-aws.ts';

/** Between being told to stop and being killed there is little time. */
const STOP = { graceMs: 1_000, farewellMs: 500 } as const;

// Nobody but the runtime, which stands before it, reaches this address.
const endpoint = process.env['AWS_LAMBDA_HTTP_ENDPOINT'] ?? '127.0.0.1:8787';
const colon = endpoint.lastIndexOf(':');

const app = createAwsApp({
  openUpstream: createUpstream,
  freezes: false,
  openSlices: createSlices,
});
const site = createSite(fileURLToPath(new URL('./ui', import.meta.url)), toUploadsUrl(process.env));
const interrupt = new AbortController();
const handler = withSite(() => site, app.handler);
const server = createNodeServer(withEdge(process.env['FREEWAY_EDGE_SECRET'], handler), {
  interrupt: interrupt.signal,
});

await app.warm();
server.listen(Number(endpoint.slice(colon + 1)), endpoint.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), () => {
  app.log.info('server.listening', { url: `http://${endpoint}` });
});
process.once('SIGTERM', () => {
  void stopServer(server, () => interrupt.abort(), STOP)
    .then((outcome) => {
      app.log.info('server.stopped', { outcome });
      return app.flush();
    })
    .finally(() => process.exit(0));
});
