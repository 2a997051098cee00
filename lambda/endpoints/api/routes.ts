// The list of all routes below /api, by topic.
import { toAuditRoutes } from './audit.ts';
import { toCredentialRoutes } from './credentials.ts';
import { toExportRoutes } from './export.ts';
import { toImportRoutes } from './import.ts';
import { toInvokeRoutes } from './invoke.ts';
import { toKeyRoutes } from './keys.ts';
import { toLimitRoutes } from './limits.ts';
import { toPeopleRoutes } from './people.ts';
import type { ApiDeps, ApiRoute } from './route.ts';
import { toRolloutRoutes } from './rollout.ts';
import { toSessionRoutes } from './session.ts';
import { toSettingsRoutes } from './settings.ts';
import { toTranscriptionRoutes } from './transcriptions.ts';
import { toTemplateRoutes } from './templates.ts';
import { toUsageRoutes } from './usage.ts';

/** All routes over their services. */
export function toApiRoutes(deps: ApiDeps): readonly ApiRoute[] {
  return [
    ...toSessionRoutes(deps),
    ...toPeopleRoutes(deps),
    ...toKeyRoutes(deps),
    ...toLimitRoutes(deps),
    ...toAuditRoutes(deps),
    ...toCredentialRoutes(deps),
    ...toUsageRoutes(deps),
    ...toSettingsRoutes(deps),
    ...toTemplateRoutes(deps),
    ...toExportRoutes(deps),
    ...toTranscriptionRoutes(deps),
    ...toImportRoutes(deps),
    ...toInvokeRoutes(deps),
    ...toRolloutRoutes(deps),
  ];
}
