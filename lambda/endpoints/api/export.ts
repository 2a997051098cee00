// GET /api/export: everything that is kept of the asker, but for keys, which nobody can read.
import { exportSchema } from '#shared/api/settings.ts';
import { can } from '#shared/people.ts';
import { createUsageSums, type UsageSums } from '#shared/usage-sums.ts';
import { principalOf, type Visit } from '../endpoint.ts';
import { toInstant, toRoute, writeAudit, type ApiDeps, type ApiReply, type ApiRoute } from './route.ts';

const DAY_MS = 86_400_000;
const DAYS = 90;

const toDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

async function readUsage({ usage, clock }: ApiDeps, personId: string): Promise<UsageSums['groups']> {
  const sums = createUsageSums('day');
  const nowMs = clock.now();
  // Day by day, so that only one is in memory.
  for await (const rows of usage.rowsOfDays(toDay(nowMs - (DAYS - 1) * DAY_MS), toDay(nowMs)))
    sums.add(rows.filter(({ person_id: id }) => id === personId));
  return sums.result().groups;
}

async function run(deps: ApiDeps, visit: Visit): Promise<ApiReply> {
  const principal = principalOf(visit);
  const { id, email, role } = principal;
  const { installation, person } = await deps.settings.of(id);
  const isMine = ({ ownerId, deletedAtMs }: { ownerId: string; deletedAtMs: number | null }): boolean =>
    ownerId === id && deletedAtMs === null;
  const credentials = (await deps.credentials.all()).filter(isMine).map((credential) => {
    // What is sealed stays here.
    const { sealed: _sealed, version: _version, ownerId: _owner, deletedAtMs: _deleted, ...told } = credential;
    return told;
  });
  const keys = (await deps.identity.keys.list()).filter(({ personId }) => personId === id);
  await writeAudit(deps, visit, { action: 'data_exported', target: id });
  const json = {
    freeway_export: 1,
    at: toInstant(deps.clock.now()),
    person: { id, email, role },
    settings: person,
    installation: can(principal, 'change', { kind: 'settings' }) ? installation : null,
    credentials,
    api_keys: keys.map(({ hash: _hash, previous: _previous, ...told }) => told),
    usage: can(principal, 'read', { kind: 'usage', ownerId: id }) ? await readUsage(deps, id) : null,
  };
  return { json, headers: { 'content-disposition': 'attachment; filename="freeway-export.json"' } };
}

/** The route over its services. */
export const toExportRoutes = (deps: ApiDeps): readonly ApiRoute[] => [
  toRoute({
    method: 'GET',
    path: '/api/export',
    summary: 'Everything that is kept of you: settings, credentials and API keys without the keys, usage by day.',
    access: ['read', 'preferences'],
    reply: exportSchema,
    handle: ({ visit }) => run(deps, visit),
  }),
];
