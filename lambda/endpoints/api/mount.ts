// Hangs the /api app into the lean exchange: loaded when it is first asked for, so that inference never pays for it.
import { CallerError } from '#shared/failures.ts';
import { loadOnce } from '#shared/load-once.ts';
import { principalOf, replyError, type Endpoint, type Visit } from '../endpoint.ts';
import type { ApiDeps } from './route.ts';

/** The largest body of /api: settings and imports, no files. */
const MAX_BODY_BYTES = 2 * 1024 * 1024;
/** Of whoever has not said who they are: signing in is short, and those who may send more shall find the room for it. */
const STRANGERS_BYTES = 64 * 1024;

async function readBody(visit: Visit): Promise<Uint8Array> {
  if (visit.principal !== null) return visit.exchange.body(MAX_BODY_BYTES);
  try {
    return await visit.exchange.body(STRANGERS_BYTES);
  } catch (error) {
    if (error instanceof CallerError && error.code === 'too_large') principalOf(visit);
    throw error;
  }
}

/** The endpoint for everything below /api, and for /openapi.json. */
export function createApiEndpoint(deps: ApiDeps): Endpoint {
  const load = loadOnce(async () => (await import('./app.ts')).createApiApp(deps));
  return async (visit) => {
    const { exchange, requestId } = visit;
    try {
      const app = await load();
      const response = await app(visit, await readBody(visit));
      const headers: Record<string, string> = { 'x-freeway-request-id': requestId };
      // Cookies are joined as the entries take them apart: a comma may stand inside one.
      response.headers.forEach((value, name) => {
        headers[name] = name === 'set-cookie' ? response.headers.getSetCookie().join('\n') : value;
      });
      const reply = exchange.reply(response.status, headers);
      let gone = false;
      exchange.onGone(() => (gone = true));
      for await (const chunk of response.body ?? []) {
        if (gone) break;
        if (!reply.write(chunk)) await reply.drained();
      }
      reply.end();
    } catch (error) {
      if (!(error instanceof CallerError)) throw error;
      replyError(visit, error, { renderer: deps.chatWire, nowMs: deps.clock.now() });
    }
  };
}
