// What a caller may ask of routing, by the body field `freeway` or by x-freeway-* headers, laid over the installation's policy.
import { joinRouting, type RoutingSettings } from '#shared/settings.ts';
import type { Headers } from '../ports.ts';
import type { Policy } from '../routing/policy.ts';
import type { Controls } from './asked-controls.ts';

/** What headers of controls begin with. */
export const PREFIX = 'x-freeway-';
/** Read elsewhere, or told by replies, which some programs send along with their next request; not controls of routing. */
const otherHeaders: ReadonlySet<string> = new Set(
  ['events', 'explain', 'edge', 'request-id', 'route', 'credential', 'attempts', 'trail', 'wait-ms', 'cost-usd',
    'dropped', 'mended', 'batches', 'experiment'].map((name) => PREFIX + name),
); // prettier-ignore

/** Whether a header asks something of routing. */
export const isControl = (name: string): boolean => name.startsWith(PREFIX) && !otherHeaders.has(name);

function asks(field: unknown, headers: Headers): boolean {
  if (field !== null && field !== undefined) return true;
  for (const name in headers) if (isControl(name)) return true;
  return false;
}

/** What holds when the caller says nothing. */
export interface PolicyDefaults {
  /** The environment's, the installation's and the person's word, joined. */
  readonly settings: RoutingSettings;
  readonly maxWaitMs: number;
}

/** Of requests that ask for nothing of their own. */
const usual = new WeakMap<RoutingSettings, Policy>();

/**
 * The policy for one request, at once where it asks for nothing of its own. The body field wins over headers; neither can allow what the
 * settings forbid. Rejects with CallerError `invalid_request`.
 */
export function toPolicy(field: unknown, headers: Headers, defaults: PolicyDefaults): Policy | Promise<Policy> {
  if (asks(field, headers))
    return import('./asked-controls.ts').then(({ readControls }) =>
      joinControls(readControls(field, headers), defaults),
    );
  const known = usual.get(defaults.settings);
  if (known?.maxWaitMs === (defaults.settings.max_wait_ms ?? defaults.maxWaitMs)) return known;
  const policy = joinControls({}, defaults);
  usual.set(defaults.settings, policy);
  return policy;
}

function joinControls(controls: Controls, { settings, maxWaitMs }: PolicyDefaults): Policy {
  const { tier, failover = true, rescue = true, cache: _, max_price, timeout_ms, ...asked } = controls;
  const near: RoutingSettings = tier === 'free' ? { ...asked, paid: 'never' } : asked;
  const joined = joinRouting(settings, near);
  const { regions, providers, max_retention_days: maxRetentionDays, max_cost_usd: maxCostUsd } = joined;
  return {
    paid: joined.paid ?? 'fallback',
    strategy: joined.strategy ?? 'free-first',
    noTraining: joined.privacy === 'no_training',
    ...(regions === undefined ? {} : { regions }),
    ...(maxRetentionDays === undefined ? {} : { maxRetentionDays }),
    only: providers?.only ?? null,
    ignore: providers?.ignore ?? [],
    failover,
    rescue: failover && rescue,
    ...(joined.content_filter === 'failover' ? { contentFilter: 'failover' } : {}),
    maxWaitMs: joined.max_wait_ms ?? maxWaitMs,
    ...(maxCostUsd === undefined ? {} : { maxCostUsd }),
    ...(max_price === undefined ? {} : { maxPrice: max_price }),
    ...(timeout_ms === undefined ? {} : { timeoutMs: timeout_ms }),
  };
}
