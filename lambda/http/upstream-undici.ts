// The way out on a server: undici's dispatch with keep-alive pools, without fetch and its objects.
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import type { Agent as UndiciAgent, Dispatcher } from 'undici';
import type { Upstream } from '../ports.ts';
import { lookupPublic, refuseUnsafe } from './addresses.ts';
import { isSource } from './body.ts';
import { joinHeaders } from './headers.ts';
import { Relay, withDefaults, type UpstreamOptions } from './relay.ts';

// This file alone, because the package's main file costs 35 ms and 14 MB more at start.
const Agent = createRequire(import.meta.url)('undici/lib/dispatcher/agent.js') as typeof UndiciAgent;

function createHandler(relay: Relay): Dispatcher.DispatchHandler {
  return {
    onRequestStart: (controller) => {
      relay.sent();
      relay.attach({
        abort: () => controller.abort(new Error('aborted')),
        pause: () => controller.pause(),
        resume: () => controller.resume(),
      });
    },
    onResponseStart: (_, status, headers) => {
      // Interim replies (1xx) come before the real one.
      if (status >= 200) relay.head(status, joinHeaders(headers));
    },
    onResponseData: (_, chunk) => relay.data(chunk),
    onResponseEnd: () => relay.end(),
    onResponseError: (_, error) => relay.broke(error),
  };
}

/** Splits off origin and path without building a URL object for every call. */
function splitUrl(url: string): { origin: string; path: string } {
  const slash = url.indexOf('/', url.indexOf('://') + 3);
  return slash < 0 ? { origin: url, path: '/' } : { origin: url.slice(0, slash), path: url.slice(slash) };
}

/** An upstream over keep-alive pools, one per provider. Redirects are not followed. */
export function createUndiciUpstream(options: UpstreamOptions = {}): Upstream {
  const settings = withDefaults(options);
  const { connections, keepAliveMs, connectTimeoutMs } = settings;
  const open = (connect: object): UndiciAgent =>
    new Agent({
      connections,
      keepAliveTimeout: keepAliveMs,
      connect: { timeout: connectTimeoutMs, ...connect },
      pipelining: 1,
      allowH2: false,
    });
  const agent = open({});
  let publicAgent: UndiciAgent | null = null;
  return {
    start: (call, listener) => {
      const relay = new Relay(call, listener, settings);
      const request = {
        ...splitUrl(call.url),
        method: call.method as Dispatcher.HttpMethod,
        headers: isSource(call.body) ? { ...call.headers, 'content-length': String(call.body.length) } : call.headers,
        body: isSource(call.body) ? Readable.from(call.body.open(), { objectMode: false }) : call.body,
        // The relay keeps the deadlines, to the millisecond.
        headersTimeout: 0,
        bodyTimeout: 0,
      };
      try {
        if (call.publicOnly) refuseUnsafe(call.url);
        const way = call.publicOnly ? (publicAgent ??= open({ lookup: lookupPublic })) : agent;
        way.dispatch(request, createHandler(relay));
      } catch (error) {
        relay.broke(error);
      }
      return relay;
    },
    close: async () => {
      await Promise.all([agent.destroy(), publicAgent?.destroy()]);
    },
  };
}
