// /api/people: who may sign in, as what, and until when.
import {
  invitationSchema,
  peopleSchema,
  personChangeSchema,
  personSchema,
  type PersonView,
} from '#shared/api/people.ts';
import { CallerError } from '#shared/failures.ts';
import { refused } from '#shared/refused.ts';
import { can, type Principal } from '#shared/people.ts';
import { isBounding } from '#shared/quotas.ts';
import type { InstallationSettings } from '#shared/settings.ts';
import type * as z from 'zod/mini';
import type { Person as Bounded } from '../../gateway/key-limits.ts';
import type { Identity, Person } from '../../ports-people.ts';
import type { PersonBounds } from '../../ports-settings.ts';
import { toPersonBudget, toPersonQuota } from '../defaults.ts';
import { principalOf, type Visit } from '../endpoint.ts';
import { toChanges } from './changes.ts';
import { toBudgetLeftView, toQuotaLeftView } from './left.ts';
import {
  allow,
  missing,
  toInstant,
  toMs,
  toRoute,
  writeAudit,
  type ApiDeps,
  type ApiReply,
  type ApiRoute,
} from './route.ts';

const unbounded: PersonBounds = { budget: null, quota: null };

/** A person before their books were looked at. */
type Known = Omit<PersonView, 'budget_left' | 'quota_left'>;

const toKnown = (person: Person, { environment }: Identity, bounds: PersonBounds = unbounded): Known => ({
  id: person.id,
  email: person.email,
  role: environment.admins.includes(person.email) ? 'admin' : person.role,
  models: person.models === null ? null : [...person.models],
  expires_at: toInstant(person.expiresAtMs),
  blocked: person.blocked,
  source: person.source,
  ...bounds,
  created_at: toInstant(person.createdAtMs),
  last_seen_at: toInstant(person.lastSeenAtMs),
});

const toOwn = ({ id, email, role, models }: Principal, bounds: PersonBounds = unbounded): Known => ({
  id,
  email,
  role,
  models: models === null ? null : [...models],
  expires_at: null,
  blocked: false,
  source: 'environment',
  ...bounds,
  created_at: null,
  last_seen_at: null,
});

/** What bounds somebody, by their own bounds or those of each; null where nothing does. The rule for a domain asks for nothing itself. */
function toBounded(
  installation: InstallationSettings,
  { id, email, budget: spend, quota: ask }: Known,
): Bounded | null {
  if (email?.startsWith('*@') === true) return null;
  const person = { ...(spend === null ? {} : { budget: spend }), ...(ask === null ? {} : { quota: ask }) };
  const [budget, quota] = [toPersonBudget({ installation, person }, id), toPersonQuota({ installation, person }, id)];
  const spends = (budget?.usd_per_day ?? budget?.usd_per_month ?? null) !== null;
  const bounds = { id, budget: spends ? budget : null, quota: isBounding(quota) ? quota : null };
  return bounds.budget === null && bounds.quota === null ? null : bounds;
}

/** These people with what is left to each. */
async function toViews({ settings, keyLimits }: ApiDeps, visit: Visit, known: readonly Known[]): Promise<PersonView[]> {
  const { installation } = await settings.of(principalOf(visit).id);
  const bounded = known.map((one) => toBounded(installation, one)).filter((one) => one !== null);
  const left = bounded.length === 0 ? [] : await keyLimits.ofPeople(bounded);
  const views = new Map(
    left.map(({ budget: money, quota: counts }, index) => {
      const { id = '', budget = null, quota = null } = bounded[index] ?? {};
      return [
        id,
        {
          budget_left: budget === null ? null : toBudgetLeftView(budget, money),
          quota_left: quota === null ? null : toQuotaLeftView(counts),
        },
      ];
    }),
  );
  return known.map((one) => ({ ...one, ...(views.get(one.id) ?? { budget_left: null, quota_left: null }) }));
}

async function list(deps: ApiDeps, visit: Visit): Promise<ApiReply> {
  const { identity, settings } = deps;
  const principal = principalOf(visit);
  const listed = await identity.people.list();
  // Whoever is the owner by their address stands in the list as the owner, not a second time.
  const others = listed.filter(({ email }) => principal.role !== 'owner' || email !== principal.email);
  const seen = others.filter(({ id }) => can(principal, 'read', { kind: 'person', ownerId: id }));
  const bounds = await settings.bounds();
  const known = seen.map((person) => toKnown(person, identity, bounds.get(person.id)));
  const own = toOwn(principal, bounds.get(principal.id));
  const all = known.some(({ id }) => id === principal.id) ? known : [own, ...known];
  return { json: { data: await toViews(deps, visit, all) } };
}

async function invite(deps: ApiDeps, visit: Visit, invitation: z.output<typeof invitationSchema>): Promise<ApiReply> {
  const { people } = deps.identity;
  const { email, role, models } = invitation;
  allow(visit, 'create', { kind: 'person', role });
  const person: Person = {
    id: people.idOf(email),
    email,
    role,
    models,
    expiresAtMs: toMs(invitation.expires_at),
    blocked: false,
    source: 'invited',
    createdAtMs: deps.clock.now(),
    lastSeenAtMs: null,
    googleId: null,
  };
  if (!(await people.create(person)))
    throw new CallerError('conflict', `${email} is on the list already. Change the entry instead.`, {
      param: 'email',
      reason: refused('on_the_list', { email }),
    });
  await writeAudit(deps, visit, { action: 'person_invited', target: email, detail: `as ${role}` });
  const [json] = await toViews(deps, visit, [toKnown(person, deps.identity)]);
  return { status: 201, json };
}

/** The person, if the asker may do this to them: asked with the highest role involved. */
async function find(
  deps: ApiDeps,
  visit: Visit,
  { id, action, role }: { id: string; action: 'change' | 'delete'; role?: Person['role'] },
): Promise<Person> {
  const person = await deps.identity.people.get(id);
  if (person === null) throw missing('person');
  const before = toKnown(person, deps.identity).role;
  const principal = allow(visit, action, { kind: 'person', ownerId: id, role: role === 'admin' ? role : before });
  if (principal.id === id)
    throw new CallerError('invalid_request', `You can't ${action} yourself; ask another admin or the owner.`, {
      reason: refused('not_yourself'),
    });
  return person;
}

/** What can be changed of somebody. */
const toTerms = ({ role, models, expiresAtMs, blocked }: Person, bounds: PersonBounds = unbounded) => ({
  role,
  models,
  expires_at: toInstant(expiresAtMs),
  blocked,
  ...bounds,
});

async function change(
  deps: ApiDeps,
  visit: Visit,
  { id, wanted }: { id: string; wanted: z.output<typeof personChangeSchema> },
): Promise<ApiReply> {
  const { role, models, expires_at: expiresAt, blocked, budget, quota } = wanted;
  const found = await find(deps, visit, { id, action: 'change', ...(role === undefined ? {} : { role }) });
  const before = toTerms(found, (await deps.settings.bounds()).get(id));
  // Who is an admin by the environment is shown as one: the same role sent back says nothing new.
  const isAsShown = role === toKnown(found, deps.identity).role;
  const person = await deps.identity.people.change(id, (stored) => ({
    ...stored,
    role: isAsShown ? stored.role : (role ?? stored.role),
    models: models === undefined ? stored.models : models,
    expiresAtMs: expiresAt === undefined ? stored.expiresAtMs : toMs(expiresAt),
    blocked: blocked ?? stored.blocked,
  }));
  if (person === null) throw missing('person');
  if (blocked === true) await deps.identity.sessions.closeAll(id);
  if (budget !== undefined || quota !== undefined) await deps.settings.changePerson(id, { budget, quota });
  const bounds = (await deps.settings.bounds()).get(id);
  const changes = toChanges(before, toTerms(person, bounds));
  await writeAudit(deps, visit, { action: 'person_changed', target: person.email, changes });
  const [json] = await toViews(deps, visit, [toKnown(person, deps.identity, bounds)]);
  return { json };
}

/** What they have sent must not await whoever is given the same address. */
async function removeWork({ jobs, recordings, batchDesk }: ApiDeps, id: string): Promise<void> {
  for (const job of await jobs.list(id)) {
    // What leads to it goes last, here as well.
    await recordings?.remove(job);
    await jobs.remove(job);
  }
  await (await batchDesk()).forget(id);
}

async function remove(deps: ApiDeps, visit: Visit, id: string): Promise<ApiReply> {
  const { people, sessions, keys, environment } = deps.identity;
  const { email } = await find(deps, visit, { id, action: 'delete' });
  if (environment.allowed.includes(email) || environment.admins.includes(email))
    throw new CallerError(
      'invalid_request',
      `${email} is listed in the environment (ALLOWED_EMAILS, ADMIN_EMAILS): take it out there, or block the person here.`,
      { reason: refused('in_environment', { email }) },
    );
  // Nobody comes in from now on; the entry goes last, so that a removal in the middle of which a process ended can be done again.
  await people.change(id, (person) => ({ ...person, blocked: true }));
  await deps.settings.removePerson(id);
  const theirs = (await keys.list()).filter(({ personId }) => personId === id);
  // What they have given to others was theirs to give, and nobody is left who could take it back.
  const given = (await deps.credentials.all()).filter(({ ownerId, deletedAtMs }) => ownerId === id && !deletedAtMs);
  await Promise.all([
    sessions.closeAll(id),
    ...theirs.map((key) => keys.remove(key.id)),
    ...given.map((credential) => deps.credentials.remove(credential)),
  ]);
  await removeWork(deps, id);
  await people.remove(id);
  await writeAudit(deps, visit, {
    action: 'person_removed',
    target: email,
    detail: `${theirs.length} API keys revoked, ${given.length} provider keys removed`,
  });
  return {};
}

/** The routes over their services. */
export function toPeopleRoutes(deps: ApiDeps): readonly ApiRoute[] {
  return [
    toRoute({
      method: 'GET',
      path: '/api/people',
      summary: 'Who may sign in. Members see themselves only.',
      access: ['read', 'person'],
      reply: peopleSchema,
      handle: ({ visit }) => list(deps, visit),
    }),
    toRoute({
      method: 'POST',
      path: '/api/people',
      summary: 'Invite an address, or everybody at a domain (*@domain).',
      access: ['create', 'person'],
      body: invitationSchema,
      reply: personSchema,
      handle: ({ visit, body }) => invite(deps, visit, body),
    }),
    toRoute({
      method: 'PATCH',
      path: '/api/people/:id',
      summary: 'Change role, models, expiry, budget, quota, or block. Blocking ends their sessions at once.',
      access: ['change', 'person'],
      body: personChangeSchema,
      reply: personSchema,
      handle: ({ visit, params: { id = '' }, body }) => change(deps, visit, { id, wanted: body }),
    }),
    toRoute({
      method: 'DELETE',
      path: '/api/people/:id',
      summary:
        'Remove somebody: their sessions and API keys end at once, and the provider keys they gave serve nobody any more.',
      access: ['delete', 'person'],
      handle: ({ visit, params: { id = '' } }) => remove(deps, visit, id),
    }),
  ];
}
