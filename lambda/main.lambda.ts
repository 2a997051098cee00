// The AWS Lambda entry: the same app behind a Function URL with response streaming, and DynamoDB as its store.
import { fileURLToPath } from 'node:url';
import { systemClock } from './clock.ts';
import { toUploadsUrl } from './config-uploads.ts';
import { withEdge } from './http/edge.ts';
import { createLambdaHandler, type LambdaHandler, type StreamingRuntime } from './http/lambda.ts';
import { withSite, type Site } from './http/pages.ts';
import { createUpstream } from './http/upstream.ts';
import { createAwsApp } from './main-aws.ts';

declare const awslambda: StreamingRuntime & { streamifyResponse(handler: LambdaHandler): LambdaHandler };

const app = createAwsApp({ openUpstream: (onFault) => createUpstream({ onFault }), freezes: true });

/** The web app lies beside the bundle. It uploads recordings to the bucket directly. */
const uploadsUrl = toUploadsUrl(process.env);
const openSite = async (): Promise<Site> =>
  (await import('./http/site.ts')).createSite(fileURLToPath(new URL('./ui', import.meta.url)), uploadsUrl);

// Opened while the instance starts, when it has its full processor; a failure is told by the first request.
await app.warm();

export const handler = awslambda.streamifyResponse(
  createLambdaHandler({
    handler: withEdge(process.env['FREEWAY_EDGE_SECRET'], withSite(openSite, app.handler)),
    invoke: app.invoke,
    runtime: awslambda,
    now: systemClock.now,
  }),
);
