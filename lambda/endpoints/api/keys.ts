// /api/keys and /api/key: API keys for programs, made, bounded, rolled and revoked by their person; and a key about itself.
import {
  keyAboutItselfSchema,
  keyChangeSchema,
  keySchema,
  keysSchema,
  newKeySchema,
  rollSchema,
  shownKeySchema,
  type KeyChange,
  type KeyView,
  type NewKey,
} from '#shared/api/keys.ts';
import { CallerError } from '#shared/failures.ts';
import { can, type KeyLimits } from '#shared/people.ts';
import type { LeftOfKey } from '../../gateway/key-limits.ts';
import type { ApiKey } from '../../ports-people.ts';
import { principalOf, type Visit } from '../endpoint.ts';
import { toChanges } from './changes.ts';
import { checkExpiry, checkLife, checkReach } from './key-reach.ts';
import { toLeftView, toQuotaLeftView } from './left.ts';
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

interface Seen {
  readonly nowMs: number;
  readonly lastUsedMs: number | null;
  readonly left: LeftOfKey;
}

/** What can be changed of a key. */
const toTerms = (key: ApiKey) => ({
  name: key.name,
  scopes: [...key.scopes],
  models: key.models === null ? null : [...key.models],
  tier: key.tier,
  privacy: key.privacy,
  strategy: key.strategy ?? null,
  requests_per_minute: key.limits.requestsPerMinute,
  requests_per_day: key.limits.requestsPerDay ?? null,
  tokens_per_minute: key.limits.tokensPerMinute ?? null,
  tokens_per_day: key.limits.tokensPerDay ?? null,
  usd: key.limits.usd === null ? null : { ...key.limits.usd },
  expires_at: toInstant(key.expiresAtMs),
});

function toView(key: ApiKey, { nowMs, lastUsedMs, left }: Seen): KeyView {
  return {
    id: key.id,
    person_id: key.personId,
    ...toTerms(key),
    start: `fwy_${key.id.slice(0, 4)}`,
    last4: key.last4,
    created_at: toInstant(key.createdAtMs),
    last_used_at: toInstant(lastUsedMs),
    usd_remaining: left.usd?.remaining ?? null,
    left: toQuotaLeftView(left),
    previous_until: toInstant(key.previous !== null && key.previous.untilMs > nowMs ? key.previous.untilMs : null),
    status: key.expiresAtMs !== null && key.expiresAtMs <= nowMs ? 'expired' : 'active',
  };
}

/** Keys as they are shown, with what is known of their use. */
async function toViews({ identity, keyLimits, clock }: ApiDeps, keys: readonly ApiKey[]): Promise<KeyView[]> {
  const [lastUsed, left] = await Promise.all([identity.keys.lastUsed(), keyLimits.remaining(keys)]);
  return keys.flatMap((key, index) => {
    const one = left[index];
    const seen = { nowMs: clock.now(), lastUsedMs: lastUsed.get(key.id) ?? null };
    return one === undefined ? [] : [toView(key, { ...seen, left: one })];
  });
}

async function list(deps: ApiDeps, visit: Visit): Promise<ApiReply> {
  const principal = principalOf(visit);
  const all = await deps.identity.keys.list();
  const seen = all.filter(({ personId }) => can(principal, 'read', { kind: 'api_key', ownerId: personId }));
  return { json: { data: await toViews(deps, seen) } };
}

async function create(deps: ApiDeps, visit: Visit, wanted: NewKey): Promise<ApiReply> {
  const { identity, clock } = deps;
  const principal = principalOf(visit);
  checkReach(principal, wanted);
  const expiresAtMs = toMs(wanted.expires_at);
  checkExpiry(expiresAtMs, clock.now());
  checkLife(principal, expiresAtMs);
  const { key, stored } = await identity.keys.create({
    name: wanted.name,
    scopes: [...new Set(wanted.scopes)],
    models: wanted.models,
    tier: wanted.tier,
    privacy: wanted.privacy,
    strategy: wanted.strategy,
    limits: toLimits({ requestsPerMinute: null, usd: null }, wanted),
    expiresAtMs,
    personId: principal.id,
    email: principal.email,
  });
  await writeAudit(deps, visit, {
    action: 'key_created',
    target: stored.id,
    detail: `"${stored.name}" for ${stored.scopes.join(', ')}`,
  });
  const [view] = await toViews(deps, [stored]);
  return { status: 201, json: { ...view, key } };
}

/** The key, if the asker may do this to it. What they may not even see is told as missing. */
async function find(
  { identity }: ApiDeps,
  visit: Visit,
  { id, action }: { id: string; action: 'change' | 'delete' },
): Promise<ApiKey> {
  const key = await identity.keys.get(id);
  const principal = principalOf(visit);
  if (key === null || !can(principal, 'read', { kind: 'api_key', ownerId: key.personId })) throw missing('API key');
  allow(visit, action, { kind: 'api_key', ownerId: key.personId });
  checkReach(principal, key);
  return key;
}

/** Limits after a change; what it leaves out stays as it is. */
function toLimits(before: KeyLimits, wanted: KeyChange): KeyLimits {
  const or = <T>(value: T | undefined, was: T): T => (value === undefined ? was : value);
  return {
    ...before,
    requestsPerMinute: or(wanted.requests_per_minute, before.requestsPerMinute),
    requestsPerDay: or(wanted.requests_per_day, before.requestsPerDay ?? null),
    tokensPerMinute: or(wanted.tokens_per_minute, before.tokensPerMinute ?? null),
    tokensPerDay: or(wanted.tokens_per_day, before.tokensPerDay ?? null),
    usd: or(wanted.usd, before.usd),
  };
}

function applyChange(key: ApiKey, wanted: KeyChange): ApiKey {
  return {
    ...key,
    name: wanted.name ?? key.name,
    scopes: wanted.scopes ?? key.scopes,
    models: wanted.models === undefined ? key.models : wanted.models,
    tier: wanted.tier ?? key.tier,
    privacy: wanted.privacy ?? key.privacy,
    strategy: wanted.strategy === undefined ? key.strategy : wanted.strategy,
    limits: toLimits(key.limits, wanted),
    expiresAtMs: wanted.expires_at === undefined ? key.expiresAtMs : toMs(wanted.expires_at),
  };
}

async function change(
  deps: ApiDeps,
  visit: Visit,
  { id, wanted }: { id: string; wanted: KeyChange },
): Promise<ApiReply> {
  const before = await find(deps, visit, { id, action: 'change' });
  checkLife(principalOf(visit), before.expiresAtMs);
  checkReach(principalOf(visit), { scopes: wanted.scopes ?? before.scopes });
  if (wanted.expires_at !== undefined) {
    checkExpiry(toMs(wanted.expires_at), deps.clock.now());
    checkLife(principalOf(visit), toMs(wanted.expires_at));
  }
  const key = await deps.identity.keys.change(id, (stored) => applyChange(stored, wanted));
  if (key === null) throw missing('API key');
  await writeAudit(deps, visit, {
    action: 'key_changed',
    target: id,
    detail: `"${key.name}"`,
    changes: toChanges(toTerms(before), toTerms(key)),
  });
  const [view] = await toViews(deps, [key]);
  return { json: view };
}

async function roll(
  deps: ApiDeps,
  visit: Visit,
  { id, overlapMs }: { id: string; overlapMs: number },
): Promise<ApiReply> {
  const before = await find(deps, visit, { id, action: 'change' });
  checkLife(principalOf(visit), before.expiresAtMs);
  const rolled = await deps.identity.keys.roll(id, overlapMs);
  if (rolled === null) throw missing('API key');
  const { key, stored } = rolled;
  await writeAudit(deps, visit, {
    action: 'key_rolled',
    target: id,
    detail: `"${stored.name}", the old one stays good for ${overlapMs / 1000} s`,
  });
  const [view] = await toViews(deps, [stored]);
  return { json: { ...view, key } };
}

async function revoke(deps: ApiDeps, visit: Visit, id: string): Promise<ApiReply> {
  const key = await find(deps, visit, { id, action: 'delete' });
  await deps.identity.keys.remove(id);
  await writeAudit(deps, visit, { action: 'key_revoked', target: id, detail: `"${key.name}"` });
  return {};
}

async function aboutItself({ keyLimits }: ApiDeps, visit: Visit): Promise<ApiReply> {
  const { id: personId, key } = principalOf(visit);
  if (key === null)
    throw new CallerError(
      'not_found',
      'This request was not made with an API key of the list, so there is nothing to tell of one.',
    );
  const [left] = await keyLimits.remaining([key]);
  if (left === undefined) throw missing('API key');
  return {
    json: {
      id: key.id,
      name: key.name,
      person_id: personId,
      scopes: key.scopes,
      models: key.models,
      tier: key.tier,
      privacy: key.privacy,
      strategy: key.strategy ?? null,
      expires_at: toInstant(key.expiresAtMs),
      ...toQuotaLeftView(left),
      usd: left.usd === null || key.limits.usd === null ? null : { ...toLeftView(left.usd), per: key.limits.usd.per },
    },
  };
}

/** The routes over their services. */
export function toKeyRoutes(deps: ApiDeps): readonly ApiRoute[] {
  return [
    toRoute({
      method: 'GET',
      path: '/api/keys',
      summary: 'API keys. Members see their own.',
      access: ['read', 'api_key'],
      reply: keysSchema,
      handle: ({ visit }) => list(deps, visit),
    }),
    toRoute({
      method: 'POST',
      path: '/api/keys',
      summary: 'Make an API key. It is shown in this answer and never again.',
      access: ['create', 'api_key'],
      body: newKeySchema,
      reply: shownKeySchema,
      handle: ({ visit, body }) => create(deps, visit, body),
    }),
    toRoute({
      method: 'PATCH',
      path: '/api/keys/:id',
      summary: 'Change name, scopes, models, tier, privacy, strategy, limits or expiry.',
      access: ['change', 'api_key'],
      body: keyChangeSchema,
      reply: keySchema,
      handle: ({ visit, params: { id = '' }, body }) => change(deps, visit, { id, wanted: body }),
    }),
    toRoute({
      method: 'DELETE',
      path: '/api/keys/:id',
      summary: 'Revoke an API key.',
      access: ['delete', 'api_key'],
      handle: ({ visit, params: { id = '' } }) => revoke(deps, visit, id),
    }),
    toRoute({
      method: 'POST',
      path: '/api/keys/:id/roll',
      summary: 'Replace the key by a new one; the old one stays good for a while.',
      access: ['change', 'api_key'],
      body: rollSchema,
      reply: shownKeySchema,
      handle: ({ visit, params: { id = '' }, body }) =>
        roll(deps, visit, { id, overlapMs: body.overlap_seconds * 1000 }),
    }),
    toRoute({
      method: 'GET',
      path: '/api/key',
      summary: 'What the key that asks may do, and what is left of its limits.',
      access: 'signed-in',
      reply: keyAboutItselfSchema,
      handle: ({ visit }) => aboutItself(deps, visit),
    }),
  ];
}
