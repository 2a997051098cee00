// /api/credentials: provider credentials of the asker, those shared with them, and the environment's.
import {
  credentialChangeSchema,
  credentialSchema,
  credentialsQuerySchema,
  credentialsSchema,
  listedModelsSchema,
  newCredentialSchema,
  newSecretsSchema,
  testResultSchema,
  type CredentialChange,
  type CredentialView,
} from '#shared/api/credentials.ts';
import { withWholeModels } from '#shared/credentials.ts';
import type { AuditAction } from '#shared/api/audit.ts';
import { can, OWNER_ID, type Action, type Principal } from '#shared/people.ts';
import type { StoredCredential } from '#shared/stored-credential.ts';
import { toLock } from '../../gateway/locks.ts';
import { VaultError } from '../../ports.ts';
import { CallerError } from '#shared/failures.ts';
import { principalOf, type Visit } from '../endpoint.ts';
import { toEnvironmentView, toResource, toView } from './credential-view.ts';
import { allow, missing, toRoute, writeAudit, type ApiDeps, type ApiReply, type ApiRoute } from './route.ts';

/** What the vault has to say is for the person who asks. */
async function guarded<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    if (!(error instanceof VaultError)) throw error;
    const how = toLock(error);
    // What can't be reached for now is a fault that passes; all else stands in the way until somebody puts it right.
    throw new CallerError(how === 'away' ? 'internal' : 'conflict', error.message, { reason: { code: 'locked', how } });
  });
}

async function list(deps: ApiDeps, visit: Visit, withDeleted: boolean): Promise<ApiReply> {
  const principal = principalOf(visit);
  const all = await deps.credentials.all();
  const seen = all.filter((credential) => {
    const { ownerId, deletedAtMs } = credential;
    if (deletedAtMs !== null && (!withDeleted || ownerId !== principal.id)) return false;
    return can(principal, 'read', toResource(credential));
  });
  const environment = deps.environment().map((entry, index) => toEnvironmentView(deps, entry, index));
  const locked = await deps.credentials.locked(seen);
  const toSeen = (one: StoredCredential): CredentialView =>
    toView(deps, one, { principal, locked: locked.get(one.id) ?? null });
  return { json: { data: [...seen.map(toSeen), ...environment] } };
}

/** The credential, if the asker may do this to it. To whom it is none of their business, it does not exist. */
async function find(
  deps: ApiDeps,
  visit: Visit,
  { id, action }: { id: string; action: Action },
): Promise<StoredCredential> {
  const principal = principalOf(visit);
  const credential = (await deps.credentials.all()).find((known) => known.id === id);
  if (credential === undefined || !can(principal, 'read', toResource(credential))) throw missing('credential');
  allow(visit, action, toResource(credential));
  return credential;
}

async function toLookedAt(deps: ApiDeps, visit: Visit, credential: StoredCredential): Promise<CredentialView> {
  const locked = (await deps.credentials.locked([credential])).get(credential.id) ?? null;
  return toView(deps, credential, { principal: principalOf(visit), locked });
}

async function test(deps: ApiDeps, visit: Visit, id: string): Promise<ApiReply> {
  const credential = await find(deps, visit, { id, action: 'change' });
  const json = await guarded(deps.credentials.test(credential));
  if (json.outcome === 'works') {
    const { wake } = await import('../../gateway/wake.ts');
    await wake(await deps.current(principalOf(visit)), credential.fingerprint);
  }
  return { json };
}

interface Told {
  readonly visit: Visit;
  readonly action: AuditAction;
  readonly detail?: string;
}

async function tell(deps: ApiDeps, credential: StoredCredential, { visit, action, detail }: Told): Promise<ApiReply> {
  const target = `${credential.id} (${credential.provider}, ${credential.name})`;
  await writeAudit(deps, visit, { action, target, ...(detail === undefined ? {} : { detail }) });
  const status = action === 'credential_created' ? 201 : 200;
  return { status, json: await toLookedAt(deps, visit, credential) };
}

/** What has changed, by its names; reasons for setting terms aside are told in full. */
function toDetail(change: CredentialChange): string {
  const names = Object.keys(change).join(', ');
  return change.override_terms
    ? `${names}; serves others although the terms do not allow it, because: ${change.override_terms}`
    : names;
}

function ownerOf(principal: Principal): { id: string; name: string } {
  return { id: principal.id, name: principal.email ?? (principal.id === OWNER_ID ? 'the owner' : principal.id) };
}

function toChangingRoutes(deps: ApiDeps): readonly ApiRoute[] {
  const { credentials } = deps;
  return [
    toRoute({
      method: 'POST',
      path: '/api/credentials',
      summary: 'Give a credential. It is tested, and saved whatever the test says.',
      access: ['create', 'credential'],
      body: newCredentialSchema,
      prepare: withWholeModels,
      reply: credentialSchema,
      handle: async ({ visit, body }) => {
        const saved = await guarded(credentials.create(body, ownerOf(principalOf(visit))));
        return tell(deps, saved, { visit, action: 'credential_created' });
      },
    }),
    toRoute({
      method: 'PATCH',
      path: '/api/credentials/:id',
      summary: 'Change what is not secret; what is left out stays. A new host takes the key again, in `fields`.',
      access: ['change', 'credential'],
      body: credentialChangeSchema,
      prepare: withWholeModels,
      reply: credentialSchema,
      handle: async ({ visit, params: { id = '' }, body }) => {
        const before = await find(deps, visit, { id, action: 'change' });
        const saved = await guarded(credentials.change(before, body));
        const action = body.sharing === undefined ? 'credential_changed' : 'credential_shared';
        return tell(deps, saved, { visit, action, detail: toDetail(body) });
      },
    }),
    toRoute({
      method: 'PUT',
      path: '/api/credentials/:id/key',
      summary: 'Replace secrets; those left out stay.',
      access: ['change', 'credential'],
      body: newSecretsSchema,
      reply: credentialSchema,
      handle: async ({ visit, params: { id = '' }, body }) => {
        const before = await find(deps, visit, { id, action: 'change' });
        const saved = await guarded(credentials.replace(before, body.fields));
        return tell(deps, saved, { visit, action: 'credential_replaced' });
      },
    }),
  ];
}

function toRemovingRoutes(deps: ApiDeps): readonly ApiRoute[] {
  const { credentials } = deps;
  return [
    toRoute({
      method: 'DELETE',
      path: '/api/credentials/:id',
      summary: 'Remove. For a week it can be brought back.',
      access: ['delete', 'credential'],
      reply: credentialSchema,
      handle: async ({ visit, params: { id = '' } }) => {
        const removed = await guarded(credentials.remove(await find(deps, visit, { id, action: 'delete' })));
        return tell(deps, removed, { visit, action: 'credential_deleted' });
      },
    }),
    toRoute({
      method: 'POST',
      path: '/api/credentials/:id/restore',
      summary: 'Bring a removed credential back.',
      access: ['change', 'credential'],
      reply: credentialSchema,
      handle: async ({ visit, params: { id = '' } }) => {
        const restored = await guarded(credentials.restore(await find(deps, visit, { id, action: 'change' })));
        return tell(deps, restored, { visit, action: 'credential_restored' });
      },
    }),
  ];
}

function toAskingRoutes(deps: ApiDeps): readonly ApiRoute[] {
  const { credentials } = deps;
  return [
    toRoute({
      method: 'GET',
      path: '/api/credentials',
      summary: 'Own, shared and environment credentials. Never a key.',
      access: ['read', 'credential'],
      query: credentialsQuerySchema,
      reply: credentialsSchema,
      handle: ({ visit, query }) => list(deps, visit, query.deleted === 'true'),
    }),
    toRoute({
      method: 'GET',
      path: '/api/credentials/:id',
      summary: 'One credential.',
      access: ['read', 'credential'],
      reply: credentialSchema,
      handle: async ({ visit, params: { id = '' } }) => ({
        json: await toLookedAt(deps, visit, await find(deps, visit, { id, action: 'read' })),
      }),
    }),
    toRoute({
      method: 'POST',
      path: '/api/credentials/test',
      summary: 'Test a credential that is not saved.',
      access: ['create', 'credential'],
      body: newCredentialSchema,
      prepare: withWholeModels,
      reply: testResultSchema,
      handle: async ({ visit, body }) => ({ json: await credentials.tryOut(body, ownerOf(principalOf(visit))) }),
    }),
    toRoute({
      method: 'POST',
      path: '/api/credentials/:id/test',
      summary:
        'Test a saved credential by the cheapest real call. One that works is asked again, whatever it rested for.',
      access: ['change', 'credential'],
      reply: testResultSchema,
      handle: ({ visit, params: { id = '' } }) => test(deps, visit, id),
    }),
    toRoute({
      method: 'GET',
      path: '/api/credentials/:id/models',
      summary: 'What the provider lists for it.',
      access: ['change', 'credential'],
      reply: listedModelsSchema,
      handle: async ({ visit, params: { id = '' } }) => {
        const credential = await find(deps, visit, { id, action: 'change' });
        const { models } = await guarded(credentials.test(credential));
        const provider = deps.providers().find((known) => known.id === credential.provider);
        const known = new Set([...(provider?.models ?? []), ...credential.models].map((model) => model.id));
        return { json: { data: (models ?? []).map((model) => ({ id: model, known: known.has(model) })) } };
      },
    }),
  ];
}

/** The routes over their services. */
export const toCredentialRoutes = (deps: ApiDeps): readonly ApiRoute[] => [
  ...toAskingRoutes(deps),
  ...toChangingRoutes(deps),
  ...toRemovingRoutes(deps),
];
