// Who is asking, and the one rule of who may do what: denied unless it is granted here. The web app asks the same function.
import { matchesAny } from './patterns.ts';
import type { Strategy } from './policy.ts';
import type { ReadRole, Role } from './roles.ts';

/** The person who runs the installation. There is always exactly one, and it has this id. */
export const OWNER_ID = 'owner';

/** What an API key may be used for. */
export const keyScopes = ['inference', 'usage', 'manage'] as const;
export type KeyScope = (typeof keyScopes)[number];

/** When money that a key has spent begins anew; `never` is a total for the life of the key. Days, weeks and months are those of UTC. */
export const limitPeriods = ['day', 'week', 'month', 'never'] as const;
export type LimitPeriod = (typeof limitPeriods)[number];

/** What the owner of an API key set as its bounds; null is no bound of its own. */
export interface KeyLimits {
  readonly requestsPerMinute: number | null;
  /** Keys made before there were these lack them. */
  readonly requestsPerDay?: number | null | undefined;
  readonly tokensPerMinute?: number | null | undefined;
  readonly tokensPerDay?: number | null | undefined;
  /** `soft` is only told of; absent is a bound that holds. */
  readonly usd: { readonly max: number; readonly per: LimitPeriod; readonly mode?: 'hard' | 'soft' | undefined } | null;
}

/** Whether a key has limits of its own. */
export const isLimited = ({ limits }: Pick<ApiKeyGrant, 'limits'>): boolean =>
  limits.usd !== null ||
  (limits.requestsPerMinute ?? limits.requestsPerDay ?? limits.tokensPerMinute ?? limits.tokensPerDay ?? null) !== null;

/** What an API key adds to, or rather takes from, what its person may do. */
export interface ApiKeyGrant {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly KeyScope[];
  /** Patterns of model names with `*`, such as `groq/*`; null allows all that the person may use. */
  readonly models: readonly string[] | null;
  /** `free`: calls with this key never pay. */
  readonly tier: 'free' | 'any';
  /** `no_training`: only providers known not to train on prompts. */
  readonly privacy: 'no_training' | 'any';
  /** Wish: the order in which candidates are tried, where a request names none; absent or null: as it is set for its person. */
  readonly strategy?: Strategy | null | undefined;
  readonly limits: KeyLimits;
  /** Milliseconds since the epoch; null when it does not expire. */
  readonly expiresAtMs: number | null;
}

/** How somebody proved who they are. `local` is the one-time link of the machine's own start. */
export type Via = 'owner_key' | 'session' | 'google_token' | 'api_key' | 'local';

/** Who is asking. `id` is the person, also when a key of theirs asks. */
export interface Principal {
  readonly id: string;
  readonly role: Role;
  readonly email: string | null;
  readonly via: Via;
  readonly key: ApiKeyGrant | null;
  /** Patterns of the models this person may use; null allows all. */
  readonly models: readonly string[] | null;
  /** The browser session they ask through; null when there is none. */
  readonly sessionId: string | null;
}

/** Whoever holds the owner's key. */
export const ownerByKey: Principal = {
  id: OWNER_ID,
  role: 'owner',
  email: null,
  via: 'owner_key',
  key: null,
  models: null,
  sessionId: null,
};

export const actions = ['use', 'read', 'create', 'change', 'delete'] as const;
export type Action = (typeof actions)[number];

export const resourceKinds = [
  'inference',
  'model',
  'credential',
  'api_key',
  'person',
  'session',
  'audit',
  'usage',
  'limits',
  'settings',
  'preferences',
  'template',
  'transcription',
  'metrics',
] as const;
export type ResourceKind = (typeof resourceKinds)[number];

/** What somebody wants to act on. Everything but `kind` narrows it down, and is left out where it means nothing. */
export interface Resource {
  readonly kind: ResourceKind;
  /** The person it belongs to; null or absent: it belongs to the installation. */
  readonly ownerId?: string | null;
  /** Ids of the persons it is shared with, or everybody. */
  readonly sharedWith?: readonly string[] | 'all';
  /** Of a person: the highest role involved, be it the present or the wanted one. */
  readonly role?: ReadRole;
  /** Of a model: every name it answers to. */
  readonly names?: readonly string[];
}

/** Whom a rule lets through: everybody, whose it is, with whom it is shared, admins (and the owner), or the owner alone. */
type Grant = 'everyone' | 'own' | 'shared' | 'admin' | 'owner';

const everything = (...grants: Grant[]): Record<Action, readonly Grant[]> => ({
  use: grants,
  read: grants,
  create: grants,
  change: grants,
  delete: grants,
});

/** Admins see that private credentials exist and may remove them; use and change are for their person alone. */
const rules: Readonly<Record<ResourceKind, Readonly<Partial<Record<Action, readonly Grant[]>>>>> = {
  inference: { use: ['everyone'] },
  model: { use: ['everyone'], read: ['everyone'] },
  credential: {
    use: ['own', 'shared'],
    read: ['own', 'shared', 'admin'],
    create: ['own'],
    change: ['own'],
    delete: ['own', 'admin'],
  },
  api_key: { read: ['own', 'admin'], create: ['own'], change: ['own'], delete: ['own', 'admin'] },
  person: { read: ['own', 'admin'], create: ['admin'], change: ['admin'], delete: ['admin'] },
  session: { read: ['own', 'admin'], delete: ['own', 'admin'] },
  audit: { read: ['own', 'admin'] },
  usage: { read: ['own', 'admin'] },
  limits: { read: ['everyone'] },
  settings: { read: ['everyone'], change: ['admin'] },
  preferences: everything('own'),
  template: { use: ['everyone'], read: ['everyone'], create: ['admin'], change: ['admin'], delete: ['admin'] },
  transcription: everything('own'),
  metrics: { read: ['admin'] },
};

/** The scope a key needs for an act on a kind of resource; null: no key may do it. */
export function scopeFor(action: Action, kind: ResourceKind): KeyScope | null {
  if (kind === 'session') return null;
  if (kind === 'inference' || kind === 'model' || kind === 'transcription') return 'inference';
  if (kind === 'credential' && action === 'use') return 'inference';
  if (kind === 'usage' || kind === 'limits' || kind === 'metrics') return 'usage';
  return 'manage';
}

function allows(patterns: readonly string[] | null, names: readonly string[]): boolean {
  if (patterns === null) return true;
  const lower = patterns.map((pattern) => pattern.toLowerCase());
  return names.some((name) => matchesAny(lower, name.toLowerCase()));
}

function isGranted(grant: Grant, { id, role }: Principal, { ownerId, sharedWith = [] }: Resource): boolean {
  if (grant === 'everyone') return true;
  if (grant === 'own') return ownerId === id;
  if (grant === 'shared') return sharedWith === 'all' || sharedWith.includes(id);
  return role === 'owner' || (grant === 'admin' && role === 'admin');
}

/** Admins look after members; whoever is or becomes an admin is the owner's affair, and the owner is nobody's. */
function mayManage(principal: Principal, target: ReadRole = 'member'): boolean {
  if (target === 'owner') return false;
  return target === 'member' || principal.role === 'owner';
}

/** Whether this principal may do this to this resource. Pure; denied unless a rule grants it, and for keys unless their scopes do too. */
export function can(principal: Principal | null, action: Action, resource: Resource): boolean {
  if (principal === null) return false;
  const { key } = principal;
  if (key !== null) {
    const scope = scopeFor(action, resource.kind);
    if (scope === null || !key.scopes.includes(scope)) return false;
  }
  if (resource.names !== undefined)
    if (!allows(principal.models, resource.names) || !allows(key?.models ?? null, resource.names)) return false;
  if (resource.kind === 'person' && action !== 'read' && !mayManage(principal, resource.role)) return false;
  return (rules[resource.kind][action] ?? []).some((grant) => isGranted(grant, principal, resource));
}
