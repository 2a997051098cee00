// What a caller may ask of routing, by the body field `freeway` or by x-freeway-* headers, laid over the installation's policy.
import * as z from 'zod/mini';
import { regionsSchema } from '#shared/credentials.ts';
import { tellExpected } from '#shared/expectation.ts';
import { CallerError } from '#shared/failures.ts';
import { joinRouting, type RoutingSettings } from '#shared/settings.ts';
import type { Headers } from '../ports.ts';
import { MAX_TTL_SECONDS } from './cache-wish.ts';
import { strategies, type Policy } from '../routing/policy.ts';
import { distance } from '../routing/selector.ts';

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
/** Read elsewhere, or told by replies, which some programs send along with their next request; not controls of routing. */
const otherHeaders: ReadonlySet<string> = new Set(
  ['events', 'explain', 'edge', 'request-id', 'route', 'credential', 'attempts', 'trail', 'wait-ms', 'cost-usd',
    'dropped', 'mended', 'batches', 'experiment'].map((name) => PREFIX + name),
); // prettier-ignore

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

const toField = (name: string): string => name.slice(PREFIX.length).replaceAll('-', '_');
const toHeader = (field: string): string => PREFIX + field.replaceAll('_', '-');

function readHeaders(headers: Headers): Record<string, unknown> {
  let controls: Record<string, unknown> = noControls;
  for (const name in headers) {
    if (!name.startsWith(PREFIX) || otherHeaders.has(name)) continue;
    const text = headers[name]?.trim() ?? '';
    // Left empty is left out, though Number takes it for 0.
    if (text === '') continue;
    if (controls === noControls) controls = {};
    controls[toField(name)] = parseText(toField(name), text);
  }
  return controls;
}

/** Where controls were found: how its fields are called there. */
interface Source {
  readonly whole: string;
  readonly toName: (field: string) => string;
}
const bodySource: Source = { whole: 'freeway', toName: (field) => `freeway.${field}` };
const headerSource: Source = {
  whole: 'x-freeway',
  // As a header it is the number alone.
  toName: (field) => toHeader(field).replace('cache.ttl-seconds', 'cache'),
};

/** Most misspellings are as near as this. */
const FAR = 2;
const LONGEST_SHOWN = 64;

/** Somebody who misspells a control that spares money or keeps prompts must hear of it before, not after. */
function toUnknown(field: string, { toName }: Source): CallerError {
  const known = Object.keys(controlsSchema._zod.innerType.shape);
  const meant = known.find((name) => distance(field, name, FAR) <= FAR);
  const advice =
    meant === undefined ? `Controls are ${known.map(toName).join(', ')}.` : `Did you mean ${toName(meant)}?`;
  const param = toName(field.slice(0, LONGEST_SHOWN));
  return new CallerError('invalid_request', `${param} is no control of requests. ${advice}`, { param });
}

function check(value: unknown, source: Source): Controls {
  if (value === noControls) return noControls;
  const parsed = controlsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = (issue?.path ?? []).map(String).join('.');
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  if (field === '' && unknown !== undefined) throw toUnknown(unknown, source);
  const param = field === '' ? source.whole : source.toName(field);
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
  const fromHeaders = check(readHeaders(headers), headerSource);
  const fromBody = field === null || field === undefined ? noControls : check(field, bodySource);
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
