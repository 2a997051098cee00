// The app behind /api: routes of the table on Hono, each checked for who asks and what comes in before its handler runs.
import { Hono, type Context } from 'hono';
import type * as z from 'zod/mini';
import english from 'zod/v4/locales/en.js';
import { CallerError } from '#shared/failures.ts';
import { principalOf, type Visit } from '../endpoint.ts';
import { toFieldReason } from './field-reason.ts';
import { tellField } from './field-words.ts';
import { listFields } from './known-fields.ts';
import { toWholeOpenApi } from './openapi.ts';
import { allow, type ApiCall, type ApiDeps, type ApiReply, type ApiRoute } from './route.ts';
import { toApiRoutes } from './routes.ts';

/** What Hono hands to every handler: the visit it answers. */
interface Bindings {
  readonly Bindings: { readonly visit: Visit };
}

/** Answers one visit whose path is ours. Rejects with CallerError. */
export type ApiApp = (visit: Visit, body: Uint8Array) => Promise<Response>;

function judge({ access }: ApiRoute, visit: Visit): void {
  if (access === 'open') return;
  const { id, role } = principalOf(visit);
  if (access === 'signed-in') return;
  const [action, kind] = access;
  // Asked of the nearest there can be: one's own. The handler asks again once it knows whose it is.
  allow(visit, action, {
    kind,
    ownerId: id,
    ...(kind === 'person' ? { role: role === 'owner' ? 'admin' : 'member' } : {}),
  });
}

// The small edition of zod comes without sentences of its own.
const { localeError: sentences } = english();

function parse(schema: z.ZodMiniType, value: unknown, from: string): unknown {
  const parsed = schema.safeParse(value, { error: sentences });
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue?.path.map(String).join('.') ?? '';
  const param = path === '' ? from : path;
  const known = issue?.code === 'unrecognized_keys' ? listFields(schema, issue.path) : [];
  const more = known.length > 0 ? ` Known are ${known.join(', ')}.` : '';
  const reason = toFieldReason(param, issue, value);
  throw new CallerError('invalid_request', `${tellField(param, issue, reason.fault)}${more}`, { param, reason });
}

function parseBody(route: ApiRoute, visit: Visit, text: string): unknown {
  if (route.body === null) return null;
  const type = visit.exchange.headers['content-type'] ?? '';
  // A form of another site can send other types without asking first, but not this one.
  if (!/^application\/json\b/i.test(type))
    throw new CallerError('invalid_request', 'Send the body as JSON, with "Content-Type: application/json".');
  let json: unknown;
  try {
    json = JSON.parse(text === '' ? '{}' : text);
  } catch {
    throw new CallerError('invalid_request', 'The body is not valid JSON. Check quotes, commas and brackets.');
  }
  return parse(route.body, route.prepare?.(json) ?? json, 'body');
}

const encoder = new TextEncoder();

/** A stream that asks for the next event when somebody reads, and for no more when nobody does. */
function toStream(events: AsyncIterable<string>): ReadableStream<Uint8Array> {
  const iterator = events[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { value, done } = await iterator.next();
      if (done === true) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    cancel: async () => void (await iterator.return?.()),
  });
}

function toResponse(reply: ApiReply): Response {
  if (reply.events !== undefined)
    return new Response(toStream(reply.events), {
      headers: {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      },
    });
  const status = reply.status ?? (reply.json === undefined && reply.text === undefined ? 204 : 200);
  const { 'set-cookie': cookies, ...others } = reply.headers ?? {};
  const headers = new Headers({ 'cache-control': 'no-store', ...others });
  for (const cookie of cookies?.split('\n') ?? []) headers.append('set-cookie', cookie);
  if (reply.json === undefined) return new Response(reply.text ?? null, { status, headers });
  headers.set('content-type', 'application/json');
  return new Response(JSON.stringify(reply.json), { status, headers });
}

async function answer(route: ApiRoute, context: Context<Bindings>): Promise<Response> {
  const { visit } = context.env;
  judge(route, visit);
  const call: ApiCall<unknown, unknown> = {
    visit,
    params: context.req.param(),
    body: parseBody(route, visit, await context.req.text()),
    query: route.query === null ? null : parse(route.query, context.req.query(), 'query'),
  };
  return toResponse(await route.handle(call));
}

function explainMiss(routes: readonly ApiRoute[], visit: Visit): CallerError {
  const shape = (path: string): RegExp => new RegExp(`^${path.replace(/:[^/]+/g, '[^/]+')}$`);
  const known = routes.filter(({ path }) => shape(path).test(visit.exchange.path));
  if (known.length === 0)
    return new CallerError(
      'not_found',
      'There is nothing at this path of the API. GET /openapi.json lists what there is.',
    );
  const allowed = known.map(({ method }) => method).join(', ');
  const { method } = visit.exchange;
  return new CallerError('method_not_allowed', `${method} is not allowed here; use ${allowed}.`, { allow: allowed });
}

/** The app over its services. */
export function createApiApp(deps: ApiDeps): ApiApp {
  const routes = toApiRoutes(deps);
  const app = new Hono<Bindings>();
  for (const route of routes) app.on(route.method, route.path, (context) => answer(route, context));
  app.get('/openapi.json', ({ env }) => {
    principalOf(env.visit);
    return toResponse({ json: toWholeOpenApi(routes, deps.version) });
  });
  app.notFound(({ env }) => {
    throw explainMiss(routes, env.visit);
  });
  app.onError((error) => {
    throw error;
  });
  return async (visit, body) => {
    const { method, path, query, headers } = visit.exchange;
    const hasBody = method !== 'GET' && method !== 'HEAD' && body.length > 0;
    const request = new Request(`http://freeway${path}${query === '' ? '' : `?${query}`}`, {
      method,
      headers,
      ...(hasBody ? { body: body as Uint8Array<ArrayBuffer> } : {}),
    });
    return app.fetch(request, { visit });
  };
}
