// The AWS Lambda entry: the same app behind a Function URL with response streaming, and DynamoDB as its store.
import { fileURLToPath } from 'node:url';
import { systemClock } from './clock.ts';
import { toUploadsUrl } from './config-uploads.ts';
import { createLambdaHandler, type LambdaHandler, type StreamingRuntime } from './http/lambda.ts';
import { withSite, type Site } from './http/pages.ts';
import { createUpstream } from './http/upstream.ts';
import { createAwsApp } from './main-aws.ts';
import type { Handler } from './ports.ts';

declare const awslambda: StreamingRuntime & { streamifyResponse(handler: LambdaHandler): LambdaHandler };

const app = createAwsApp({ openUpstream: createUpstream, freezes: true });

/** The web app lies beside the bundle. It uploads recordings to the bucket directly. */
const uploadsUrl = toUploadsUrl(process.env);
const openSite = async (): Promise<Site> =>
  (await import('./http/site.ts')).createSite(fileURLToPath(new URL('./ui', import.meta.url)), uploadsUrl);

/** Behind a distribution, requests that come past it are refused. */
async function openHandler(): Promise<Handler> {
  const site = withSite(openSite, app.handler);
  const secret = process.env['FREEWAY_EDGE_SECRET'];
  return secret ? (await import('./http/edge.ts')).withEdge(secret, site) : site;
}

// Opened while the instance starts, when it has its full processor; a failure is told by the first request.
await app.warm();

export const handler = awslambda.streamifyResponse(
  createLambdaHandler({
    handler: await openHandler(),
    invoke: app.invoke,
    runtime: awslambda,
    now: systemClock.now,
  }),
);
