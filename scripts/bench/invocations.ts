// What one invocation of the Lambda handler costs inside the process, all but the provider: from the event to the end of the reply and its settling.
import { Writable } from 'node:stream';
import { createLambdaHandler, type StreamingRuntime } from '#lambda/http/lambda.ts';
import { OWNER_KEY, type InProcess } from './in-process.ts';
import { decisionBodies } from './scenarios.ts';
import { percentile } from './stats.ts';
import { nowUs } from './stopwatch.ts';

export interface Invocations {
  readonly runs: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** The runtime's part: takes status and headers, and passes the bytes on. */
const runtime: StreamingRuntime = { HttpResponseStream: { from: (stream) => stream } };

const event = {
  version: '2.0',
  rawPath: '/v1/chat/completions',
  rawQueryString: '',
  headers: { authorization: `Bearer ${OWNER_KEY}`, 'content-type': 'application/json' },
  body: decisionBodies.small,
  isBase64Encoded: false,
  requestContext: { http: { method: 'POST', sourceIp: '127.0.0.1' } },
};

const context = { getRemainingTimeInMillis: () => 60_000 };

function toSink(): { stream: Writable; text: () => string } {
  let text = '';
  const stream = new Writable({
    write: (chunk, _, done) => {
      text += String(chunk);
      done();
    },
  });
  return { stream, text: () => text };
}

/** Invokes the handler one time after another, over a provider that answers at once. Throws when an answer is none. */
export async function timeInvocations({ freeway }: InProcess, runs: number): Promise<Invocations> {
  const handler = createLambdaHandler({
    handler: freeway.handler,
    invoke: () => Promise.resolve(null),
    runtime,
    now: Date.now,
  });
  const tookUs: number[] = [];
  for (let done = -runs / 2; done < runs; done++) {
    const { stream, text } = toSink();
    const startedUs = nowUs();
    await handler(event, stream, context);
    if (done >= 0) tookUs.push(nowUs() - startedUs);
    if (!text().includes('"Paris"')) throw new Error(`an invocation was answered with ${text().slice(0, 200)}`);
  }
  return { runs, p50Us: percentile(tookUs, 0.5), p99Us: percentile(tookUs, 0.99) };
}
