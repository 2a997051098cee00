// Calls over HTTP/2 as its tests make them, before a provider that is started for each of them.
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { createUpstream, type PooledOptions } from '#lambda/http/upstream.ts';
import type { Headers, Upstream, UpstreamCall, UpstreamHandle } from '#lambda/ports.ts';
import { certificate, startH2Provider, type Asked, type H2Provider } from './h2-provider.ts';

const trusted = getCACertificates('default');
beforeAll(() => setDefaultCACertificates([certificate]));
afterAll(() => setDefaultCACertificates(trusted));

export let provider: H2Provider;
let upstream: Upstream;
/** Closed after each test. */
export const open: { close(): unknown }[] = [];

/** Starts a provider, and a way out to it. */
export async function start(
  options: Parameters<typeof startH2Provider>[0] = {},
  more: PooledOptions = {},
): Promise<void> {
  provider = await startH2Provider(options);
  // However busy this machine is: none of them opens a connection for being impatient.
  upstream = createUpstream({ hopeMs: 60_000, ...more });
  open.push(upstream, provider);
}
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

export interface Call extends UpstreamHandle {
  readonly headers: () => Headers;
  readonly text: () => string;
  /** The reply's text, or why there is none; after `...` what came before it broke off. */
  readonly done: Promise<string>;
  readonly begun: Promise<void>;
}

/** Starts a call at the provider, or at another address of it. */
export function call(
  path: string,
  more: Partial<UpstreamCall> & { readonly onPiece?: (handle: UpstreamHandle) => void } = {},
  url = provider.url,
): Call {
  let text = '';
  let headers: Headers = {};
  const done = Promise.withResolvers<string>();
  const begun = Promise.withResolvers<void>();
  const handle = upstream.start(
    { method: 'POST', url: `${url}${path}`, headers: {}, body: '{}', headTimeoutMs: 0, idleTimeoutMs: 0, ...more },
    {
      onHead: (status, received) => {
        headers = { ...received, status: String(status) };
      },
      onData: (chunk) => {
        text += Buffer.from(chunk).toString('latin1');
        begun.resolve();
        more.onPiece?.(handle);
      },
      onEnd: () => done.resolve(text),
      onError: ({ kind, message }) => done.resolve(`${text === '' ? '' : `${text}...`}${kind}: ${message}`),
    },
  );
  return {
    done: done.promise,
    begun: begun.promise,
    headers: () => headers,
    text: () => text,
    abort: () => handle.abort(),
    pause: () => handle.pause(),
    resume: () => handle.resume(),
  };
}

/** What a call is told whose connection failed. */
export const failed = (code: string): string => `network: the connection to the provider failed (${code})`;

/** Resolves with what the provider is asked at this path next. */
export const nextAsked = (path: string): Promise<Asked> => new Promise((resolve) => provider.on(path, resolve));

/** A call keeps the connection busy, so that the next ones go over HTTP/2. */
export async function occupy(): Promise<Call> {
  const asked = nextAsked('/busy');
  const busy = call('/busy');
  await asked;
  return busy;
}

/** Many calls at a time, each to a path of its own. */
export const burst = (count: number, from = 0): Promise<string[]> =>
  Promise.all(Array.from({ length: count }, (_, at) => call(`/${from + at}`).done));
/** Many calls of which the provider answers none before all have come. */
export function meet(count: number): Promise<string[]> {
  const held: Asked[] = [];
  for (let at = 0; at < count; at++) {
    provider.on(`/${at}`, (asked) => {
      if (held.push(asked) < count) return;
      for (const { response } of held) response.end('ok');
    });
  }
  return burst(count);
}

/** How often each path was asked, in the order in which they came first. */
export const timesAsked = (): number[] => [
  ...provider.asked
    .reduce(
      (all, one) => all.set(one.slice(2).trim(), (all.get(one.slice(2).trim()) ?? 0) + 1),
      new Map<string, number>(),
    )
    .values(),
];
