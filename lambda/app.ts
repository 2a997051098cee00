// The only list of our URLs: which path and method leads to which endpoint, and who may go there.
import { CallerError } from '#shared/failures.ts';
import { loadOnce } from '#shared/load-once.ts';
import { can, type Action, type Principal, type ResourceKind } from '#shared/people.ts';
import { findMeantPath, notServedPaths, otherPathsOf, speaksGemini } from './app-paths.ts';
import { createApiEndpoint } from './endpoints/api/mount.ts';
import type { ApiDeps } from './endpoints/api/route.ts';
import type { Batches } from './endpoints/batch-desk.ts';
import { createCaching } from './endpoints/cached.ts';
import { createChatEndpoint } from './endpoints/chat.ts';
import { principalOf, type Endpoint, type Visit } from './endpoints/endpoint.ts';
import { createHealthEndpoint } from './endpoints/health.ts';
import type { MetricsDeps } from './endpoints/metrics.ts';
import type { PlainKind } from './endpoints/plain.ts';
import type { Exchange, Handler, Store } from './ports.ts';
import { chatWires } from './wire/index.ts';
import type { ChatWire } from './wire/types.ts';

export interface AppDeps extends ApiDeps, MetricsDeps {
  readonly store: Store;
  /** Who is asking; null when nothing was presented. Throws or rejects with CallerError when what was presented is not accepted. */
  readonly authenticate: (exchange: Exchange) => Principal | null | Promise<Principal | null>;
  /** Loads what answers for batches and their files. */
  readonly batchDesk: () => Promise<Batches>;
}

/** What a route lets somebody do, as `can` knows it; `open` routes need no sign-in, or judge by themselves. */
export type Access = 'open' | readonly [Action, ResourceKind];

/** One URL. */
export interface Route {
  /** `*` leaves it to the endpoint. */
  readonly method: string;
  /** `:name` at the end takes the rest of the path, slashes and all. */
  readonly path: string;
  readonly access: Access;
  readonly endpoint: Endpoint;
}

/** An endpoint that is loaded when it is first asked: a start does not wait for what many never use. */
function later(load: () => Promise<Endpoint>): Endpoint {
  const open = loadOnce(load);
  return async (visit) => (await open())(visit);
}

/** Chat in the format of another provider than OpenAI's. */
const toChatLater = (deps: AppDeps, load: () => Promise<ChatWire>): Endpoint =>
  later(async () => createChatEndpoint(deps, await load()));

const inference = ['use', 'inference'] as const;

/** A URL at which something is asked of providers. */
const post = (path: string, endpoint: Endpoint): Route => ({ method: 'POST', path, access: inference, endpoint });

/** Lists of models for Google's clients. */
const toGeminiModels = (deps: AppDeps): Endpoint =>
  later(async () => (await import('./endpoints/gemini.ts')).createGeminiModelsEndpoint(deps));

/** The URLs of the Gemini surface. Newer clients call it below /v1. */
function toGeminiRoutes(deps: AppDeps): readonly Route[] {
  const endpoint = later(async () => {
    const { createGeminiEndpoint } = await import('./endpoints/gemini.ts');
    return createGeminiEndpoint(deps, await chatWires.gemini());
  });
  const models = toGeminiModels(deps);
  return [
    post('/v1beta/models/:call', endpoint),
    post('/v1/models/:call', endpoint),
    { method: 'GET', path: '/v1beta/models', access: ['read', 'model'], endpoint: models },
    { method: 'GET', path: '/v1beta/models/:id', access: ['read', 'model'], endpoint: models },
  ];
}

/** The URLs at which chats are held, but for the Gemini surface. */
function toChatRoutes(deps: AppDeps): readonly Route[] {
  const count = (wire: () => Promise<ChatWire>): Endpoint =>
    later(async () => (await import('./endpoints/count-tokens.ts')).createCountTokensEndpoint(deps, await wire()));
  return [
    post('/v1/chat/completions', createChatEndpoint(deps, deps.chatWire)),
    post(
      '/v1/completions',
      later(async () => (await import('./endpoints/completions.ts')).createCompletionsEndpoint(deps)),
    ),
    post('/v1/responses', toChatLater(deps, chatWires['openai-responses'])),
    post('/v1/messages', toChatLater(deps, chatWires.anthropic)),
    post('/v1/messages/count_tokens', count(chatWires.anthropic)),
    post('/v1/responses/input_tokens', count(chatWires['openai-responses'])),
  ];
}

/** The URLs of operations with one body and one reply, in the OpenAI formats. */
function toPlainRoutes(deps: AppDeps): readonly Route[] {
  const plain = (path: string, kind: PlainKind): Route =>
    post(
      path,
      later(async () => (await import('./endpoints/plain.ts')).createPlainEndpoint(deps, kind)),
    );
  const sound = (path: string, task: 'transcribe' | 'translate'): Route =>
    post(
      path,
      later(async () => (await import('./endpoints/transcriptions.ts')).createTranscriptionsEndpoint(deps, task)),
    );
  return [
    sound('/v1/audio/transcriptions', 'transcribe'),
    sound('/v1/audio/translations', 'translate'),
    plain('/v1/embeddings', 'embedding'),
    plain('/v1/images/generations', 'image'),
    plain('/v1/audio/speech', 'speech'),
    plain('/v1/moderations', 'moderation'),
  ];
}

/** The URLs that tell what can be called, and why what would be. */
function toModelRoutes(deps: AppDeps): readonly Route[] {
  const models = later(async () => (await import('./endpoints/models.ts')).createModelsEndpoint(deps));
  const model = later(async () => (await import('./endpoints/models.ts')).createModelEndpoint(deps));
  const explain = later(async () => (await import('./endpoints/explain.ts')).createExplainEndpoint(deps));
  const gemini = toGeminiModels(deps);
  const by =
    (others: Endpoint): Endpoint =>
    (visit) =>
      (speaksGemini(visit.exchange) ? gemini : others)(visit);
  return [
    { method: 'GET', path: '/v1/models', access: ['read', 'model'], endpoint: by(models) },
    { method: 'GET', path: '/v1/models/:id', access: ['read', 'model'], endpoint: by(model) },
    post('/v1/explain', explain),
  ];
}

/** The URLs of batches and their files. Who may go there, it judges by itself. */
function toBatchRoutes({ batchDesk }: AppDeps): readonly Route[] {
  const endpoint = later(async () => (await batchDesk()).endpoint);
  const places = ['/v1/batches', '/v1/files', '/v1/messages/batches'];
  return places
    .flatMap((path) => [path, `${path}/:rest`])
    .map((path) => ({ method: '*', path, access: 'open', endpoint }));
}

/** The URLs that are refused in words of their own. */
const toNotServedRoutes = (): readonly Route[] =>
  notServedPaths.map(([path, what]) => ({
    method: '*',
    path,
    access: 'open',
    endpoint: later(async () => (await import('./endpoints/not-served.ts')).createNotServedEndpoint(what)),
  }));

/** Our own, and those that LiteLLM's probes ask. */
const healthPaths = ['/health', '/health/liveliness', '/health/liveness', '/health/readiness'];

/** All URLs over their services. */
export function toRoutes(deps: AppDeps): readonly Route[] {
  const api = createApiEndpoint(deps);
  const health = createHealthEndpoint(deps);
  const metrics = later(async () => (await import('./endpoints/metrics.ts')).createMetricsEndpoint(deps));
  const upload = later(async () => (await import('./endpoints/uploads.ts')).createUploadEndpoint(deps));
  return [
    ...healthPaths.map((path) => ({
      method: 'GET',
      path,
      access: 'open' as const,
      endpoint: health,
    })),
    ...toChatRoutes(deps),
    ...toPlainRoutes(deps),
    ...toGeminiRoutes(deps),
    ...toModelRoutes(deps),
    ...toBatchRoutes(deps),
    ...toNotServedRoutes(),
    { method: 'GET', path: '/metrics', access: ['read', 'metrics'], endpoint: metrics },
    { method: 'PUT', path: '/api/uploads/:part', access: 'open', endpoint: upload },
    { method: '*', path: '/api/:rest', access: 'open', endpoint: api },
    { method: 'GET', path: '/openapi.json', access: 'open', endpoint: api },
  ];
}

interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

const noParams: Match['params'] = {};

function matchPath(route: Route, path: string): Match | null {
  const at = route.path.indexOf('/:');
  if (at < 0) return route.path === path ? { route, params: noParams } : null;
  const prefix = route.path.slice(0, at + 1);
  if (!path.startsWith(prefix) || path.length === prefix.length) return null;
  try {
    return { route, params: { [route.path.slice(at + 2)]: decodeURIComponent(path.slice(prefix.length)) } };
  } catch {
    return null;
  }
}

/** The routes, and by path and method those that are matched by being equal. */
interface Table {
  readonly routes: readonly Route[];
  readonly exact: ReadonlyMap<string, ReadonlyMap<string, Match>>;
}

function toTable(routes: readonly Route[]): Table {
  const exact = new Map<string, Map<string, Match>>();
  for (const route of routes) {
    const methods = exact.get(route.path) ?? new Map<string, Match>();
    exact.set(route.path, methods.set(route.method, { route, params: noParams }));
  }
  return { routes, exact };
}

function findRoute({ routes, exact }: Table, { method, path }: Exchange): Match {
  const known = exact.get(path)?.get(method);
  if (known) return known;
  const all = routes.map((route) => matchPath(route, path)).filter((match) => match !== null);
  // What stands at this very path speaks for it: below /api there is also whoever knows of nothing there.
  const matches = exact.has(path) ? all.filter(({ route }) => route.path === path) : all;
  const wanted = method === 'HEAD' ? 'GET' : method;
  const match = matches.find(({ route }) => route.method === wanted || route.method === '*');
  if (match) return match;
  if (matches.length > 0) {
    const allowed = matches.map(({ route }) => route.method).join(', ');
    throw new CallerError('method_not_allowed', `${method} is not allowed here; use ${allowed}.`, { allow: allowed });
  }
  const shown = path.length > 120 ? `${path.slice(0, 120)}...` : path;
  const meant = findMeantPath(path, (one) => routes.some((route) => matchPath(route, one) !== null));
  const advice =
    meant === null
      ? 'The OpenAI-compatible API begins at /v1, for example POST /v1/chat/completions.'
      : `Did you mean ${meant}? The base URL of OpenAI's clients ends in /v1 here, that of Anthropic's and Google's before it.`;
  throw new CallerError('not_found', `There is nothing at ${shown}. ${advice}`);
}

function admit(access: Access, visit: Visit): void {
  if (access === 'open') return;
  const principal = principalOf(visit);
  const [action, kind] = access;
  if (can(principal, action, { kind })) return;
  const { key } = principal;
  throw new CallerError(
    'forbidden',
    key === null
      ? 'Only owners and admins may see this.'
      : `The API key "${key.name}" may not be used for this: its scopes are ${key.scopes.join(', ')}.`,
  );
}

type Draft = { -readonly [Member in keyof Visit]: Visit[Member] };

/** A refusal is kept: open routes are open to those who are refused elsewhere. */
function keepRefusal(visit: Draft, error: unknown): void {
  if (!(error instanceof CallerError)) throw error;
  visit.refusal = error;
}

/** Notes who is asking: at once where that is known here. */
function identify({ authenticate }: AppDeps, visit: Draft): Promise<void> | null {
  try {
    const who = authenticate(visit.exchange);
    if (who instanceof Promise)
      return who.then(
        (principal) => void (visit.principal = principal),
        (error: unknown) => keepRefusal(visit, error),
      );
    visit.principal = who;
  } catch (error) {
    keepRefusal(visit, error);
  }
  return null;
}

const isInference = ({ access }: Route): boolean => access[0] === 'use' && access[1] === 'inference';

/** Telling of failures is loaded by the first. */
const loadFailures = loadOnce(() => import('./app-failure.ts'));

/** The app: one handler for every entry. */
export function createApp(deps: AppDeps): Handler {
  const caching = createCaching(deps);
  const routes = toRoutes(deps).map((route) =>
    isInference(route) ? { ...route, endpoint: caching(route.endpoint) } : route,
  );
  const elsewhere = routes.flatMap((route) => otherPathsOf(route.path).map((path) => ({ ...route, path })));
  // Below /api there is more than these, which come first.
  const table = toTable([...elsewhere, ...routes]);
  return async (exchange) => {
    const visit: Draft = {
      exchange,
      requestId: deps.newRequestId(),
      principal: null,
      refusal: null,
      params: noParams,
      startedAtMs: deps.clock.now(),
    };
    try {
      const { route, params } = findRoute(table, exchange);
      visit.params = params;
      const identifying = identify(deps, visit);
      if (identifying !== null) await identifying;
      admit(route.access, visit);
      await route.endpoint(visit);
    } catch (error) {
      await (await loadFailures()).fail(deps, visit, error);
    }
  };
}
