// The list of all routes below /api, by topic.
import { toAuditRoutes } from './audit.ts';
import { toCredentialRoutes } from './credentials.ts';
import { toKeyRoutes } from './keys.ts';
import { toPeopleRoutes } from './people.ts';
import type { ApiDeps, ApiRoute } from './route.ts';
import { toSessionRoutes } from './session.ts';

/** All routes over their services. */
export function toApiRoutes(deps: ApiDeps): readonly ApiRoute[] {
  return [
    ...toSessionRoutes(deps),
    ...toPeopleRoutes(deps),
    ...toKeyRoutes(deps),
    ...toAuditRoutes(deps),
    ...toCredentialRoutes(deps),
  ];
}
