// What holds for somebody's requests when these say nothing: the word of the environment, the installation and the person, joined.
import { CallerError } from '#shared/failures.ts';
import { isLimited, OWNER_ID, type Principal } from '#shared/people.ts';
import type { PaidPolicy, Strategy } from '#shared/policy.ts';
import { isBounding, type Quota } from '#shared/quotas.ts';
import { joinRouting, type BudgetSettings, type RoutingSettings } from '#shared/settings.ts';
import type { PolicyDefaults } from '../gateway/controls.ts';
import type { Admission } from '../gateway/quotas.ts';
import { StoreUnavailable } from '../ports.ts';
import type { SettingsInForce } from '../ports-settings.ts';
import type { RequestProfile } from '../routing/profile.ts';
import type { EndpointDeps } from './endpoint.ts';

/** How long a caller is taken to be ready to wait for quota, unless it says otherwise. */
export const PATIENCE_MS = 15_000;

const none: SettingsInForce = { installation: {}, person: {}, versions: '' };

function refuse(error: unknown): never {
  if (!(error instanceof StoreUnavailable)) throw error;
  throw new CallerError('internal', 'The store that holds the settings can not be reached. Try again in a moment.', {
    retryable: true,
    retryAfterMs: 1_000,
  });
}

/** What is set for whoever asks, at once where that is known here. Privacy that can't be read can't be kept to, so that rejects with CallerError. */
export function readSettings(
  { settings }: EndpointDeps,
  { id }: Principal,
): SettingsInForce | Promise<SettingsInForce> {
  const found = settings === undefined ? none : settings.of(id);
  return found instanceof Promise ? found.catch(refuse) : found;
}

/** Joining costs more than looking up: settings are the same object until they change. */
const joined = new WeakMap<SettingsInForce, Joined>();

interface Joined {
  readonly paid: PaidPolicy;
  readonly settings: RoutingSettings;
  /** The same with the wish of a key. */
  readonly byStrategy: Map<Strategy, RoutingSettings>;
}

function join(paid: PaidPolicy, inForce: SettingsInForce): Joined {
  const known = joined.get(inForce);
  if (known?.paid === paid) return known;
  const settings = joinRouting(joinRouting({ paid }, inForce.installation), inForce.person);
  const made: Joined = { paid, settings, byStrategy: new Map() };
  joined.set(inForce, made);
  return made;
}

/** The defaults of these settings, and of the key that asks: its wish is nearer than those of its person. */
export function toDefaults(
  { paid }: EndpointDeps,
  inForce: SettingsInForce,
  key: Principal['key'] = null,
): PolicyDefaults {
  const { settings, byStrategy } = join(paid, inForce);
  const strategy = key?.strategy ?? null;
  if (strategy === null) return { settings, maxWaitMs: PATIENCE_MS };
  const wished = byStrategy.get(strategy) ?? joinRouting(settings, { strategy });
  byStrategy.set(strategy, wished);
  return { settings: wished, maxWaitMs: PATIENCE_MS };
}

/** What the person may spend: their own budget, or what is set for everybody but the owner. */
export const toPersonBudget = (
  { installation, person }: Pick<SettingsInForce, 'installation' | 'person'>,
  id: string,
): BudgetSettings | null => person.budget ?? (id === OWNER_ID ? null : (installation.person_budget ?? null));

/** How much the person may ask for: as is set for them, or for everybody but the owner. */
export const toPersonQuota = (
  { installation, person }: Pick<SettingsInForce, 'installation' | 'person'>,
  id: string,
): Quota | null => person.quota ?? (id === OWNER_ID ? null : (installation.person_quota ?? null));

/**
 * Counts the request against the quotas of its key, its person and all, tokens as they are estimated, and answers what may be paid for it;
 * null, at once, when nothing bounds it. Rejects with CallerError.
 */
export function admit(
  { keyLimits }: EndpointDeps,
  { id, email, key }: Principal,
  { inForce, need }: { inForce: SettingsInForce; need: Pick<RequestProfile, 'inputTokens' | 'outputTokens'> | null },
): Promise<Admission> | null {
  const budget = toPersonBudget(inForce, id);
  const quota = toPersonQuota(inForce, id);
  const { quota: everybody = null } = inForce.installation;
  const isFree = budget === null && !isBounding(quota) && !isBounding(everybody) && (key === null || !isLimited(key));
  if (isFree) return null;
  const name = email ?? (id === OWNER_ID ? 'the owner' : id);
  const tokens = need === null ? 0 : need.inputTokens + need.outputTokens;
  return keyLimits.admit({ key, person: { id, name, budget, quota }, everybody }, { tokens });
}
