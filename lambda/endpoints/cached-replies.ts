// Replies that are kept for whoever asks for it: looked up, recorded in passing, and sent again.
import type { UsageRecord } from '#shared/api/usage.ts';
import { createReplyCache, MAX_REPLY_BYTES, toCacheKey, type KeptReply } from '../gateway/cache.ts';
import type { Exchange, Headers, ReplyBody } from '../ports.ts';
import { withMembers } from '../ports-exchange.ts';
import { toOperationName } from '../ports-telemetry.ts';
import { principalOf, type Endpoint, type EndpointDeps, type JsonBody, type Visit } from './endpoint.ts';

const CACHE = 'x-freeway-cache';
const encoder = new TextEncoder();

/** What goes out, kept in passing. */
interface Recording {
  status: number;
  headers: Headers;
  chunks: Uint8Array[];
  bytes: number;
  /** Whether the reply came to its end. */
  ended: boolean;
}

function keep(recording: Recording, chunk: Uint8Array | string): void {
  const bytes = typeof chunk === 'string' ? encoder.encode(chunk) : chunk.slice();
  recording.bytes += bytes.length;
  if (recording.bytes <= MAX_REPLY_BYTES) recording.chunks.push(bytes);
}

/** An exchange whose reply is recorded. */
function recorded(exchange: Exchange, recording: Recording): Exchange {
  return withMembers(exchange, {
    reply: (status, headers): ReplyBody => {
      Object.assign(recording, { status, headers });
      // Of what is refused nothing is kept.
      const body = exchange.reply(status, status === 200 ? { ...headers, [CACHE]: 'miss' } : headers);
      return {
        write: (chunk) => {
          keep(recording, chunk);
          return body.write(chunk);
        },
        drained: () => body.drained(),
        end: (last) => {
          if (last !== undefined) keep(recording, last);
          recording.ended = true;
          body.end(last);
        },
      };
    },
  });
}

/** Sends a kept reply again, and writes down that it cost nothing. */
async function sendKept(
  deps: EndpointDeps,
  visit: Visit,
  { status, headers, chunks, record }: KeptReply,
): Promise<void> {
  const { exchange, requestId, startedAtMs } = visit;
  const { operation, route, credential, tier } = record;
  const free = { 'x-freeway-cost-usd': '0', 'x-freeway-wait-ms': '0', 'x-freeway-attempts': '0' };
  // The id stands under every name that clients look for it by. What was left of quotas then is out of date, and whoever was asked in vain then was not asked now.
  const renamed = Object.entries(headers)
    .filter(([name]) => !name.startsWith('x-ratelimit-') && name !== 'x-freeway-trail')
    .map(([name, value]) => [name, value === record.request_id ? requestId : value]);
  const reply = exchange.reply(status, { ...Object.fromEntries(renamed), ...free, [CACHE]: 'hit' });
  for (const chunk of chunks) if (!reply.write(chunk)) await reply.drained();
  reply.end();
  const duration = Math.round(deps.clock.now() - startedAtMs);
  const { cost_estimated: _, first_content_ms: __, experiment: ___, arm: ____, ...lasting } = record;
  deps.usage?.note({
    ...lasting,
    request_id: requestId,
    at: new Date(startedAtMs).toISOString(),
    input_tokens: 0,
    output_tokens: 0,
    audio_seconds: null,
    cost_usd: 0,
    wait_ms: 0,
    duration_ms: duration,
    rescues: 0,
    attempts: [],
    cached: true,
  });
  const outcome = 'cached';
  deps.metrics.count('freeway_requests_total', { operation, tier: tier ?? 'none', result: outcome });
  const told = {
    request_id: requestId,
    'gen_ai.operation.name': toOperationName(operation),
    route,
    credential,
    tier,
    duration_ms: duration,
  };
  deps.log.info('request', { ...told, attempts: 0, cost_usd: 0, outcome });
}

/** A request whose reply may be kept. */
export interface Keepable {
  readonly endpoint: Endpoint;
  readonly visit: Visit;
  readonly document: JsonBody;
  readonly ttlSeconds: number;
}

/** Answers from memory, or from the endpoint, whose reply is kept then: over one cache. */
export function createKeeping(deps: EndpointDeps): (asked: Keepable) => Promise<void> {
  const cache = createReplyCache();
  return async ({ endpoint, visit, document, ttlSeconds }) => {
    const { exchange } = visit;
    const { id, key } = principalOf(visit);
    const target = `${exchange.path}?${exchange.query}`;
    const asker = key === null ? [id] : [id, key.id];
    const cacheKey = toCacheKey({ asker, target, headers: exchange.headers, body: document.bytes });
    const known = cache.get(cacheKey, deps.clock.now());
    if (known !== null) return sendKept(deps, visit, known);
    const recording: Recording = { status: 0, headers: {}, chunks: [], bytes: 0, ended: false };
    // By then the asker has the whole reply, and may ask again, while others are still to be told of it.
    const onRecord = (record: UsageRecord): void => {
      const { status, headers, chunks, bytes, ended } = recording;
      // Only answers that nothing was wrong with are given again.
      if (!ended || status !== 200 || bytes > MAX_REPLY_BYTES || record.outcome !== 'ok') return;
      cache.put(cacheKey, { status, headers, chunks, record }, deps.clock.now() + ttlSeconds * 1_000);
    };
    await endpoint({ ...visit, document, exchange: recorded(exchange, recording), onRecord });
  };
}
