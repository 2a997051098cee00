// Answers equal requests of one asker from memory, where they ask for it by `freeway.cache` or x-freeway-cache; spends no quota then.
import { readTtlSeconds } from '../gateway/cache-wish.ts';
import type { Keepable } from './cached-replies.ts';
import type { Endpoint, EndpointDeps, JsonBody, Visit } from './endpoint.ts';
import { readJsonBody } from './read-body.ts';

/** The body, if it can be read; if not, the endpoint finds that too, and tells why in its own format. */
function tryRead(visit: Visit): JsonBody | null | Promise<JsonBody | null> {
  try {
    const document = readJsonBody(visit);
    return document instanceof Promise ? document.catch(() => null) : document;
  } catch {
    return null;
  }
}

/** Wraps endpoints in one cache, which opens when somebody first asks for it. Requests that do not ask for it pass as they are. */
export function createCaching(deps: EndpointDeps): (endpoint: Endpoint) => Endpoint {
  let opening: Promise<(asked: Keepable) => Promise<void>> | null = null;
  const open = async (): Promise<(asked: Keepable) => Promise<void>> =>
    (await import('./cached-replies.ts')).createKeeping(deps);
  const answer = async (asked: Keepable): Promise<void> => (await (opening ??= open()))(asked);
  const passBy = (endpoint: Endpoint, visit: Visit, document: JsonBody | null): Promise<void> => {
    if (document === null) return endpoint(visit);
    const ttlSeconds = readTtlSeconds(visit.exchange.headers, document.json);
    return ttlSeconds === null ? endpoint({ ...visit, document }) : answer({ endpoint, visit, document, ttlSeconds });
  };
  return (endpoint) => (visit) => {
    const { exchange, principal } = visit;
    const isJson = (exchange.headers['content-type'] ?? '').includes('json');
    if (exchange.method !== 'POST' || principal === null || !isJson) return endpoint(visit);
    const reading = tryRead(visit);
    return reading instanceof Promise
      ? reading.then((document) => passBy(endpoint, visit, document))
      : passBy(endpoint, visit, reading);
  };
}
