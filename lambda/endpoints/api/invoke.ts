// /api/invoke: the endpoints and agents that state machines call by name.
import { assignmentQuerySchema, endpointQuerySchema, invokeSettingsSchema } from '#shared/api/invoke.ts';
import { newAssignmentSchema, newEndpointSchema, type InvokeSettings } from '#shared/invoke.ts';
import { CallerError } from '#shared/failures.ts';
import { toRoute, toTeller, type ApiDeps, type ApiRoute } from './route.ts';

function toEndpointRoutes(deps: ApiDeps): readonly ApiRoute[] {
  const { invokeSettings: settings } = deps;
  const tell = toTeller(deps, () => settings.read());
  return [
    toRoute({
      method: 'GET',
      path: '/api/invoke',
      summary: 'Named endpoints and agents of direct invokes.',
      access: ['change', 'settings'],
      reply: invokeSettingsSchema,
      handle: async () => ({ json: await settings.read() }),
    }),
    toRoute({
      method: 'PUT',
      path: '/api/invoke/endpoints',
      summary: 'Set a named endpoint; one of the same name, environment and model is replaced.',
      access: ['change', 'settings'],
      body: newEndpointSchema,
      reply: invokeSettingsSchema,
      handle: async ({ visit, body }) => {
        await settings.writeEndpoint(body);
        return tell(visit, { target: body.name, detail: `endpoint set, ${body.model} in ${body.environment}` });
      },
    }),
    toRoute({
      method: 'DELETE',
      path: '/api/invoke/endpoints',
      summary: 'Remove a named endpoint.',
      access: ['change', 'settings'],
      query: endpointQuerySchema,
      reply: invokeSettingsSchema,
      handle: async ({ visit, query }) => {
        await settings.removeEndpoint(query);
        return tell(visit, {
          target: query.name,
          detail: `endpoint removed, ${query.model} in ${query.environment}`,
        });
      },
    }),
  ];
}

const MOST_NAMED = 10;

/** Throws CallerError `invalid_request` for an endpoint that is not there: its agent would be told so only when it calls. */
function checkEndpoint(endpoint: string, { endpoints }: InvokeSettings): void {
  const known = [...new Set(endpoints.map(({ name }) => name))];
  if (known.includes(endpoint)) return;
  const advice =
    known.length === 0
      ? 'None is configured: set it first (PUT /api/invoke/endpoints).'
      : `Known: ${known.slice(0, MOST_NAMED).join(', ')}.`;
  throw new CallerError('invalid_request', `There is no endpoint "${endpoint}". ${advice}`, { param: 'endpoint' });
}

function toAssignmentRoutes(deps: ApiDeps): readonly ApiRoute[] {
  const { invokeSettings: settings } = deps;
  const tell = toTeller(deps, () => settings.read());
  return [
    toRoute({
      method: 'PUT',
      path: '/api/invoke/assignments',
      summary: 'Say which endpoint an agent uses.',
      access: ['change', 'settings'],
      body: newAssignmentSchema,
      reply: invokeSettingsSchema,
      handle: async ({ visit, body }) => {
        if (body.enabled) checkEndpoint(body.endpoint, await settings.read());
        await settings.writeAssignment(body);
        return tell(visit, { target: body.agent, detail: `uses ${body.endpoint} in ${body.environment}` });
      },
    }),
    toRoute({
      method: 'DELETE',
      path: '/api/invoke/assignments',
      summary: 'Take an agent its endpoint.',
      access: ['change', 'settings'],
      query: assignmentQuerySchema,
      reply: invokeSettingsSchema,
      handle: async ({ visit, query }) => {
        await settings.removeAssignment(query);
        return tell(visit, { target: query.agent, detail: `has no endpoint in ${query.environment}` });
      },
    }),
  ];
}

/** The routes over their services. */
export const toInvokeRoutes = (deps: ApiDeps): readonly ApiRoute[] => [
  ...toEndpointRoutes(deps),
  ...toAssignmentRoutes(deps),
];
