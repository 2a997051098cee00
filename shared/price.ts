// What a model costs: the schema of a price, in the catalog and wherever else models are described.
import * as z from 'zod/mini';
import { evidenceSchema } from './pools.ts';

const usd = z.lazy(() => z.number().check(z.nonnegative()));

/**
 * `cachedInput`: read from a prompt cache. `cacheWrite`: written to one; `longCacheWrite`: to be kept there for an hour. `audioInput`,
 * `cachedAudioInput`, `audioOutput` and `imageOutput`: tokens of sound and of pictures, where they have a price of their own.
 */
const tokenPrices = () => ({
  inputPerMillionUsd: z.optional(usd),
  outputPerMillionUsd: z.optional(usd),
  cachedInputPerMillionUsd: z.optional(usd),
  cacheWritePerMillionUsd: z.optional(usd),
  longCacheWritePerMillionUsd: z.optional(usd),
  audioInputPerMillionUsd: z.optional(usd),
  cachedAudioInputPerMillionUsd: z.optional(usd),
  audioOutputPerMillionUsd: z.optional(usd),
  imageOutputPerMillionUsd: z.optional(usd),
});

/** Prices above an edge: they hold for the whole call once the input is longer than `inputTokensAbove`. */
const priceTiers = () => z.optional(z.array(z.object({ inputTokensAbove: z.number(), ...tokenPrices() })));

/** A time of the day, UTC; `24:00` is its end. */
const timeOfDay = () => z.string().check(z.regex(/^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'a time of day such as 06:30'));

/**
 * US dollars per million tokens (chat, embeddings), per minute (audio), per piece (images) or per request. Absent is unknown, 0 is free; what is
 * read from a cache or written to one is billed as input where its price is absent, and sound and pictures as any other tokens.
 */
export const priceSchema = z.lazy(() =>
  z.object({
    ...tokenPrices(),
    perMinuteUsd: z.optional(usd),
    minimumSeconds: z.optional(z.number()),
    perImageUsd: z.optional(usd),
    perMillionCharactersUsd: z.optional(usd),
    /** For each call, whatever else it is billed for. */
    perRequestUsd: z.optional(usd),
    /** For searches of the web that the provider makes by itself. */
    perThousandSearchesUsd: z.optional(usd),
    tiers: priceTiers(),
    /** By what tokens cost more or less where a reply tells that it was billed so: `flex`, `priority`, `batch`, `fast`, `us`. */
    factors: z.optional(z.record(z.string(), usd)),
    /** By what tokens cost more or less at times of the week, UTC. Days: 0 is Sunday; absent: every day. `from` is before `until`. */
    peaks: z.optional(
      z.array(
        z.object({
          days: z.optional(z.array(z.int().check(z.gte(0), z.lte(6)))),
          from: timeOfDay(),
          until: timeOfDay(),
          factor: usd,
        }),
      ),
    ),
    /** Prices of tokens that replace all of those above from a day on, UTC; in their order. */
    changes: z.optional(z.array(z.object({ from: z.iso.date(), ...tokenPrices(), tiers: priceTiers() }))),
    evidence: z.optional(evidenceSchema),
    /** For what lists of models do not tell: searches, factors, peaks, changes, and sound and pictures apart. */
    otherEvidence: z.optional(evidenceSchema),
  }),
);
export type Price = z.infer<typeof priceSchema>;
