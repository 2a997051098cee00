// What the installation and each person have set about their requests: bounds that only ever get tighter, and wishes of which the nearest counts.
import * as z from 'zod/mini';
import { regionsSchema } from './credentials.ts';
import { paidPolicies, strategies } from './policy.ts';
import { keptQuotaSchema, quotaSchema } from './quotas.ts';

const usd = z.lazy(() => z.number().check(z.nonnegative(), z.maximum(1_000_000)));
const namesSchema = z.lazy(() => z.array(z.string().check(z.minLength(1), z.maxLength(128))).check(z.maxLength(100)));

const toProvidersShape = () => ({ only: z.optional(namesSchema), ignore: z.optional(namesSchema) });

/** How requests are carried out unless they say otherwise. Everything may be left out. */
const toRoutingShape = () => ({
  /** Bound: whether money may be spent. */
  paid: z.enum(paidPolicies),
  /** Bound: `no_training` only asks providers known not to train on prompts. */
  privacy: z.enum(['any', 'no_training']),
  /** Bound: only where prompts are known to be worked on in these regions; unknown is out. */
  regions: regionsSchema,
  /** Bound: only who is known to keep prompts no longer, days; unknown is out. */
  max_retention_days: z.number().check(z.nonnegative(), z.maximum(36_500)),
  /** Bound: what one answer may cost, US dollars. */
  max_cost_usd: usd,
  /** Bound: providers or credentials, by name, that alone may be asked, and those that may not. */
  providers: z.strictObject(toProvidersShape()),
  /** Wish: the order in which candidates are tried. */
  strategy: z.enum(strategies),
  /** Wish: how long to wait for quota, ms. */
  max_wait_ms: z.number().check(z.nonnegative(), z.maximum(600_000)),
  /** Wish: whether a provider's content filter is the answer, or leads to the next model. */
  content_filter: z.enum(['report', 'failover']),
});

/** Money for a day and a month (UTC). `hard`: held back before each call, never overrun. `soft`: only told of. */
const toBudgetShape = () => ({
  usd_per_day: z._default(z.nullable(usd), null),
  usd_per_month: z._default(z.nullable(usd), null),
  mode: z._default(z.enum(['hard', 'soft']), 'hard'),
});
export const budgetSchema = z.lazy(() => z.strictObject(toBudgetShape()));
export type BudgetSettings = z.infer<typeof budgetSchema>;
/** As it is kept and shown: what this version does not know stays. */
export const keptBudgetSchema = z.lazy(() => z.looseObject(toBudgetShape()));

const emailSchema = z.lazy(() => z.email().check(z.maxLength(254)));

/** Where alerts go beside the log. */
const toAlertsShape = () => ({
  webhook_url: z.url({ protocol: /^https?$/ }).check(z.maxLength(2_000)),
  email_to: z.array(emailSchema).check(z.minLength(1), z.maxLength(20)),
  /** An address that SES may send from. */
  email_from: emailSchema,
  /** Parts of budgets and of quotas of a day at which is told, percent; absent: half, 80 % and all. */
  at_percent: z.array(z.int().check(z.minimum(1), z.maximum(100))).check(z.minLength(1), z.maxLength(10)),
  /** Whether unusual use is looked for, which it is unless this says no. */
  unusual_use: z.boolean(),
});

const toInstallationShape = () => ({
  ...toRoutingShape(),
  /** For all together. */
  budget: budgetSchema,
  /** For each person who has none of their own, but for the owner. */
  person_budget: budgetSchema,
  /** The same of requests and tokens. */
  quota: quotaSchema,
  person_quota: quotaSchema,
  /** Part of free quota of hours and days that programs leave to people at a screen, percent. */
  interactive_reserve_percent: z.number().check(z.minimum(0), z.maximum(90)),
  /** How long records of requests and of the audit are kept, days. */
  usage_days: z.int().check(z.minimum(1), z.maximum(36_500)),
  audit_days: z.int().check(z.minimum(1), z.maximum(36_500)),
  alerts: z.partial(z.strictObject(toAlertsShape())),
});

/** As they are kept: what this version does not know stays. */
const toKept = () => ({
  ...toRoutingShape(),
  providers: z.looseObject(toProvidersShape()),
  budget: keptBudgetSchema,
  quota: keptQuotaSchema,
});
export const routingSettingsSchema = z.lazy(() => z.partial(z.looseObject(toRoutingShape())));
type Routing = z.infer<z.ZodMiniObject<ReturnType<typeof toRoutingShape>>>;
export type RoutingSettings = { readonly [K in keyof Routing]?: Routing[K] | undefined };
export const installationSettingsSchema = z.lazy(() =>
  z.partial(
    z.looseObject({
      ...toInstallationShape(),
      ...toKept(),
      person_budget: keptBudgetSchema,
      person_quota: keptQuotaSchema,
      alerts: z.partial(z.looseObject(toAlertsShape())),
    }),
  ),
);
export type InstallationSettings = z.infer<typeof installationSettingsSchema>;
/** What stands for values of later versions: of a bound the tightest, of a wish none. */
export const carefulSettings = {
  paid: 'never',
  privacy: 'no_training',
  mode: 'hard',
  strategy: undefined,
  content_filter: undefined,
};
/** `budget` and `quota` are set by admins, the rest by the person. */
export const personSettingsSchema = z.lazy(() => z.partial(z.looseObject(toKept())));
export type PersonSettings = z.infer<typeof personSettingsSchema>;

const nullable = <T extends Record<string, z.ZodMiniType>>(
  shape: T,
): { [K in keyof T]: z.ZodMiniOptional<z.ZodMiniNullable<T[K]>> } =>
  Object.fromEntries(Object.entries(shape).map(([name, schema]) => [name, z.optional(z.nullable(schema))])) as {
    [K in keyof T]: z.ZodMiniOptional<z.ZodMiniNullable<T[K]>>;
  };

/** A change: what is left out stays as it is, null takes a setting away. */
export const routingChangeSchema = z.lazy(() => z.strictObject(nullable(toRoutingShape())));
export const installationChangeSchema = z.lazy(() =>
  z.strictObject({
    ...nullable(toInstallationShape()),
    alerts: z.optional(z.nullable(z.strictObject(nullable(toAlertsShape())))),
  }),
);

/** Of two that may be missing, what `choose` says; or the one that is there. */
const both = <T>(a: T | undefined, b: T | undefined, choose: (a: T, b: T) => T): T | undefined =>
  a === undefined ? b : b === undefined ? a : choose(a, b);
const common = (a: readonly string[], b: readonly string[]): string[] => a.filter((name) => b.includes(name));

function joinProviders(a: RoutingSettings['providers'], b: RoutingSettings['providers']): RoutingSettings['providers'] {
  return both(a, b, (far, near) => {
    const only = both(far.only, near.only, common);
    const ignore = [...(far.ignore ?? []), ...(near.ignore ?? [])];
    return { ...(only === undefined ? {} : { only }), ignore };
  });
}

/** What holds when two levels speak, the farther first (environment, installation, person, request): the tightest bounds, the nearest wishes. */
export function joinRouting(far: RoutingSettings, near: RoutingSettings): RoutingSettings {
  const joined: { [K in keyof RoutingSettings]: RoutingSettings[K] | undefined } = {
    paid: both(far.paid, near.paid, (a, b) => (paidPolicies.indexOf(a) < paidPolicies.indexOf(b) ? a : b)),
    privacy: both(far.privacy, near.privacy, (a, b) => (a === 'no_training' ? a : b)),
    regions: both(far.regions, near.regions, common),
    max_retention_days: both(far.max_retention_days, near.max_retention_days, Math.min),
    max_cost_usd: both(far.max_cost_usd, near.max_cost_usd, Math.min),
    providers: joinProviders(far.providers, near.providers),
    strategy: near.strategy ?? far.strategy,
    max_wait_ms: near.max_wait_ms ?? far.max_wait_ms,
    content_filter: near.content_filter ?? far.content_filter,
  };
  return joined as RoutingSettings;
}

/** Members whose own members this version may not all know. */
const bounding: ReadonlySet<string> = new Set(['budget', 'person_budget', 'quota', 'person_quota']);

/** Settings after a change. What this version does not know stays. */
export function applySettings<T extends Readonly<Record<string, unknown>>>(
  before: T,
  change: Readonly<Record<string, unknown>>,
): T {
  const after: Record<string, unknown> = { ...before };
  for (const [name, value] of Object.entries(change)) {
    const was = after[name];
    if (value === undefined) continue;
    if (value === null) delete after[name];
    // All that is known of them is told by whoever changes them.
    else if (bounding.has(name)) after[name] = { ...(was as object | undefined), ...(value as object) };
    else if (name === 'alerts')
      after[name] = applySettings((was ?? {}) as Record<string, unknown>, value as Record<string, unknown>);
    else after[name] = value;
  }
  return after as T;
}
