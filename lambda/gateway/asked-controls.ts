// The words in which a caller may ask something of routing: the body field `freeway`, and x-freeway-* headers. Loaded with the first who asks for something.
import * as z from 'zod/mini';
import { regionsSchema } from '#shared/credentials.ts';
import { tellExpected } from '#shared/expectation.ts';
import { CallerError } from '#shared/failures.ts';
import type { Headers } from '../ports.ts';
import { MAX_TTL_SECONDS } from './cache-wish.ts';
import { isControl, PREFIX } from './controls.ts';
import { strategies } from '../routing/policy.ts';
import { distance } from '../routing/selector.ts';

const names = z.lazy(() => z.array(z.string().check(z.minLength(1), z.maxLength(128))).check(z.maxLength(100)));

const usdPerMillion = z.lazy(() => z.optional(z.number().check(z.nonnegative())));

/** What a request may ask of routing. */
export const controlsSchema = z.lazy(() =>
  z.strictObject({
    tier: z.optional(z.enum(['free', 'any'])),
    max_wait_ms: z.optional(z.number().check(z.nonnegative(), z.maximum(600_000))),
    max_cost_usd: z.optional(z.number().check(z.nonnegative())),
    max_price: z.optional(z.strictObject({ input: usdPerMillion, output: usdPerMillion })),
    timeout_ms: z.optional(z.number().check(z.positive(), z.maximum(600_000))),
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
/** What a request asks of routing. */
export type Controls = z.infer<typeof controlsSchema>;

const numbers: ReadonlySet<string> = new Set(['max_wait_ms', 'timeout_ms', 'max_cost_usd', 'max_retention_days']);

function parseText(name: string, text: string): unknown {
  if (numbers.has(name)) return Number(text);
  if (name === 'regions') return text.split(',').map((region) => region.trim());
  if (name === 'failover' || name === 'rescue')
    return text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : text;
  if (name === 'cache') return { ttl_seconds: Number(text) };
  if (name !== 'providers' && name !== 'max_price') return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const toField = (name: string): string => name.slice(PREFIX.length).replaceAll('-', '_');
/** The header that says the same as a field of controls. */
export const toHeader = (field: string): string => PREFIX + field.replaceAll('_', '-');

function readHeaders(headers: Headers): Record<string, unknown> {
  const controls: Record<string, unknown> = {};
  for (const name in headers) {
    if (!isControl(name)) continue;
    const text = headers[name]?.trim() ?? '';
    // Left empty is left out, though Number takes it for 0.
    if (text !== '') controls[toField(name)] = parseText(toField(name), text);
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
  const parsed = controlsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = (issue?.path ?? []).map(String).join('.');
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  if (field === '' && unknown !== undefined) throw toUnknown(unknown, source);
  const param = field === '' ? source.whole : source.toName(field);
  throw new CallerError('invalid_request', `${param} is wrong: expected ${tellExpected(issue)}.`, { param });
}

const isGiven = (field: unknown): boolean => field !== null && field !== undefined;

/** What is asked for: the body field wins over headers. Throws CallerError `invalid_request`. */
export function readControls(field: unknown, headers: Headers): Controls {
  return { ...check(readHeaders(headers), headerSource), ...(isGiven(field) ? check(field, bodySource) : {}) };
}
