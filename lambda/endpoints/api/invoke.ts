// /api/invoke: the endpoints and agents that state machines call by name.
import { assignmentQuerySchema, endpointQuerySchema, invokeSettingsSchema } from '#shared/api/invoke.ts';
import { agentAssignmentSchema, endpointConfigurationSchema } from '#shared/invoke.ts';
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
      body: endpointConfigurationSchema,
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

function toAssignmentRoutes(deps: ApiDeps): readonly ApiRoute[] {
  const { invokeSettings: settings } = deps;
  const tell = toTeller(deps, () => settings.read());
  return [
    toRoute({
      method: 'PUT',
      path: '/api/invoke/assignments',
      summary: 'Say which endpoint an agent uses.',
      access: ['change', 'settings'],
      body: agentAssignmentSchema,
      reply: invokeSettingsSchema,
      handle: async ({ visit, body }) => {
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
