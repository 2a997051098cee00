// A small function on the real Lambda entry, for the emulator's tests: every path behaves in one way.
import { appendFileSync, readFileSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLambdaHandler, type LambdaHandler, type StreamingRuntime } from '#lambda/http/lambda.ts';
import type { Exchange, Handler } from '#lambda/ports.ts';

declare const awslambda: StreamingRuntime & { streamifyResponse(handler: LambdaHandler): LambdaHandler };

const notesFile = process.env['NOTES'] ?? '';
const note = (text: string): void => appendFileSync(notesFile, `${text}\n`);
let served = 0;

const routes: Readonly<Record<string, (exchange: Exchange) => Promise<void>>> = {
  '/echo': async (exchange) => {
    const { method, path, query, headers, remoteAddress, deadlineAtMs } = exchange;
    const body = Buffer.from(await exchange.body(5_000_000)).toString('latin1');
    const remainingMs = (deadlineAtMs ?? 0) - Date.now();
    const told = {
      method,
      path,
      query,
      headers,
      remoteAddress,
      remainingMs,
      body,
      served,
      secret: process.env['SECRET'],
    };
    const reply = { 'content-type': 'application/json', 'set-cookie': 'a=1; Path=/\nb=2', 'x-own': 'yes' };
    exchange.reply(201, reply).end(JSON.stringify(told));
  },
  '/large': async (exchange) => {
    const body = await Promise.try(() => exchange.body(100)).catch((error: { code: string }) => error.code);
    exchange.reply(413, {}).end(String(body));
  },
  '/stream': async (exchange) => {
    const body = exchange.reply(200, { 'content-type': 'text/event-stream' });
    for (let said = 0; said < 3; said++) {
      body.write(`data: ${said}\n\n`);
      while (readFileSync(notesFile, 'utf8').split('heard').length - 1 <= said) await sleep(10);
    }
    body.end('data: [DONE]\n\n');
  },
  '/giant': async (exchange) => {
    const body = exchange.reply(200, {});
    const piece = Buffer.alloc(1 << 20, 'x');
    let waits = 0;
    for (let i = 0; i < 24; i++) {
      if (body.write(piece)) continue;
      waits++;
      await body.drained();
    }
    note(`waits ${waits > 0}`);
    body.end();
  },
  '/empty': async (exchange) => exchange.reply(204, {}).end(),
  '/settle': async (exchange) => {
    exchange.reply(200, {}).end('done');
    await sleep(60);
    note('settled');
  },
  '/float': async (exchange) => {
    exchange.reply(200, {}).end('done');
    void sleep(1_000).then(() => note('floated'));
  },
  '/silent': async () => undefined,
  '/open': async (exchange) => void exchange.reply(200, {}).write('half'),
  '/hang': async (exchange) => {
    exchange.reply(200, {}).write('half');
    await sleep(60_000);
  },
  '/patient': async (exchange) => {
    const body = exchange.reply(200, {});
    body.write('half, then ');
    body.end(await new Promise<string>((resolve) => exchange.onGone(resolve)));
    note('settled');
  },
  '/crash': async () => process.exit(1),
  '/slow': async (exchange) => {
    await sleep(1_000);
    exchange.reply(200, {}).end('slow');
  },
};

const serve: Handler = async (exchange) => {
  served++;
  await (routes[exchange.path] ?? routes['/echo'])?.(exchange);
};

const invoke = (payload: unknown, deadlineAtMs: number): Promise<unknown> => {
  const { operation } = payload as { operation: string };
  if (operation === 'echo') return Promise.resolve({ payload, remainingMs: deadlineAtMs - Date.now() });
  return Promise.reject(Object.assign(new Error(`There is no operation "${operation}".`), { name: 'InvalidRequest' }));
};

export const handler = awslambda.streamifyResponse(
  createLambdaHandler({ handler: serve, invoke, runtime: awslambda, now: Date.now }),
);

/** As an author might write it who has not read issue 97 of the runtime client. */
export const careless = awslambda.streamifyResponse(async (_, stream: Writable) => {
  const head = { statusCode: 201, headers: {}, cookies: [] };
  awslambda.HttpResponseStream.from(stream, head).end('lost');
});
