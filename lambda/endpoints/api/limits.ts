// GET /api/limits: how every limit stands, how that is known, and until when it lasts.
import { limitsSchema } from '#shared/api/limits.ts';
import { principalOf } from '../endpoint.ts';
import { readLimits } from '../limits.ts';
import { toRoute, type ApiDeps, type ApiRoute } from './route.ts';

/** The route of limits. */
export const toLimitRoutes = (deps: ApiDeps): readonly ApiRoute[] => [
  toRoute({
    method: 'GET',
    path: '/api/limits',
    summary: 'How every limit stands: used, left, known how and since when, and until when it lasts.',
    access: ['read', 'limits'],
    reply: limitsSchema,
    handle: async ({ visit }) => ({
      json: await readLimits(await deps.current(principalOf(visit)), deps.clock.now()),
    }),
  }),
];
