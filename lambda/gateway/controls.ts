// What a caller may ask of routing, by the body field `freeway` or by x-freeway-* headers, laid over the installation's policy.
import * as z from 'zod/mini';
import { regionsSchema } from '#shared/credentials.ts';
import { tellExpected } from '#shared/expectation.ts';
import { CallerError } from '#shared/failures.ts';
import { joinRouting, type RoutingSettings } from '#shared/settings.ts';
import type { Headers } from '../ports.ts';
import { MAX_TTL_SECONDS } from './cache-wish.ts';
import { strategies, type Policy } from '../routing/policy.ts';

const names = z.lazy(() => z.array(z.string().check(z.minLength(1), z.maxLength(128))).check(z.maxLength(100)));

const controlsSchema = z.lazy(() =>
  z.strictObject({
    tier: z.optional(z.enum(['free', 'any'])),
    max_wait_ms: z.optional(z.number().check(z.nonnegative(), z.maximum(600_000))),
    max_cost_usd: z.optional(z.number().check(z.nonnegative())),
    strategy: z.optional(z.enum(strategies)),
    privacy: z.optional(z.enum(['no_training', 'any'])),
    regions: z.optional(regionsSchema),
    max_retention_days: z.optional(z.number().check(z.nonnegative())),
    providers: z.optional(z.strictObject({ only: z.optional(names), ignore: z.optional(names) })),
    failover: z.optional(z.boolean()),
    rescue: z.optional(z.boolean()),
    content_filter: z.optional(z.enum(['report', 'failover'])),
    cache: z.optional(z.strictObject({ ttl_seconds: z.int().check(z.minimum(1), z.maximum(MAX_TTL_SECONDS)) })),
  }),
);
type Controls = z.infer<typeof controlsSchema>;
const noControls: Controls = {};

const PREFIX = 'x-freeway-';
/** Answered by the reply or read elsewhere; not controls of routing. */
const otherHeaders: ReadonlySet<string> = new Set(['x-freeway-events', 'x-freeway-explain']);

function parseText(name: string, text: string): unknown {
  if (name === 'max_wait_ms' || name === 'max_cost_usd' || name === 'max_retention_days') return Number(text);
  if (name === 'regions') return text.split(',').map((region) => region.trim());
  if (name === 'failover' || name === 'rescue')
    return text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : text;
  if (name === 'cache') return { ttl_seconds: Number(text) };
  if (name !== 'providers') return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function readHeaders(headers: Headers): Record<string, unknown> {
  let controls: Record<string, unknown> = noControls;
  for (const name in headers) {
    if (!name.startsWith(PREFIX) || otherHeaders.has(name)) continue;
    const field = name.slice(PREFIX.length).replaceAll('-', '_');
    if (!(field in controlsSchema._zod.innerType.shape)) continue;
    if (controls === noControls) controls = {};
    controls[field] = parseText(field, headers[name] ?? '');
  }
  return controls;
}

function check(value: unknown, from: string): Controls {
  if (value === noControls) return noControls;
  const parsed = controlsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const param = [from, ...(issue?.path ?? []).map(String)].join('.');
  throw new CallerError('invalid_request', `${param} is wrong: expected ${tellExpected(issue)}.`, { param });
}

/** What holds when the caller says nothing. */
export interface PolicyDefaults {
  /** The environment's, the installation's and the person's word, joined. */
  readonly settings: RoutingSettings;
  readonly maxWaitMs: number;
}

/** Of requests that ask for nothing of their own. */
const usual = new WeakMap<RoutingSettings, Policy>();

/** The policy for one request. The body field wins over headers; neither can allow what the settings forbid. */
export function toPolicy(field: unknown, headers: Headers, defaults: PolicyDefaults): Policy {
  const fromHeaders = check(readHeaders(headers), 'x-freeway');
  const fromBody = field === null || field === undefined ? noControls : check(field, 'freeway');
  if (fromHeaders !== noControls || fromBody !== noControls) return joinControls(fromHeaders, fromBody, defaults);
  const known = usual.get(defaults.settings);
  if (known?.maxWaitMs === (defaults.settings.max_wait_ms ?? defaults.maxWaitMs)) return known;
  const policy = joinControls(noControls, noControls, defaults);
  usual.set(defaults.settings, policy);
  return policy;
}

function joinControls(fromHeaders: Controls, fromBody: Controls, { settings, maxWaitMs }: PolicyDefaults): Policy {
  const { tier, failover = true, rescue = true, cache: _, ...asked }: Controls = { ...fromHeaders, ...fromBody };
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
  };
}
