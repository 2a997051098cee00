// How much somebody may ask for: requests, and tokens of prompts and answers together, in a minute and in a day (UTC).
import * as z from 'zod/mini';

/** What can be bounded. A minute is any sixty seconds, a day one of the calendar, UTC. */
export const quotaNames = ['requests_per_minute', 'requests_per_day', 'tokens_per_minute', 'tokens_per_day'] as const;
export type QuotaName = (typeof quotaNames)[number];

/** Bounds that hold; null or absent bounds nothing. */
export type Quota = { readonly [K in QuotaName]?: number | null | undefined };

const MOST = 1_000_000_000_000;

/** One bound. Whoever may do nothing is blocked instead, so 0 is none. */
export const quotaBoundSchema = z.lazy(() => z.nullable(z.int().check(z.positive(), z.maximum(MOST))));

/** The members of a quota; what is left out bounds nothing. */
export const toQuotaShape = () =>
  Object.fromEntries(quotaNames.map((name) => [name, z._default(quotaBoundSchema, null)])) as Record<
    QuotaName,
    z.ZodMiniDefault<typeof quotaBoundSchema>
  >;
export const quotaSchema = z.lazy(() => z.strictObject(toQuotaShape()));
/** As it is kept and shown: what this version does not know stays. */
export const keptQuotaSchema = z.lazy(() => z.looseObject(toQuotaShape()));
export type QuotaSettings = z.infer<typeof quotaSchema>;

/** Whether anything is bounded at all. */
export const isBounding = (quota: Quota | null | undefined): boolean =>
  (quota?.requests_per_minute ??
    quota?.requests_per_day ??
    quota?.tokens_per_minute ??
    quota?.tokens_per_day ??
    null) !== null;
