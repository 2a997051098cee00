// Knows by its words the refusal of a batch that is too large, so that it is sent in smaller ones.
import type { Dialect } from '../types.ts';

/** As providers have said it, by inputs and by tokens. */
const wordings =
  /at most \d+ requests can be in one batch|total number of texts must be|too many (?:inputs|texts|instances)\b|split into more batches|too many tokens (?:overall|in batch)|maximum allowed batch size|batch size (?:limit|is invalid|exceeds?|must|of \d+)|tokens per (?:request|submitted batch)|(?:array|list) (?:is )?too long|should have at most \d+ items|at most \d+ (?:inputs|texts|items|documents)\b/i;

/** Statuses that speak of what was asked. */
const statuses: ReadonlySet<number> = new Set([400, 413, 422]);

/** The same dialect, for requests that could be smaller. */
export const mindingBatches = (dialect: Dialect): Dialect => ({
  ...dialect,
  parseFailure: (reply, nowMs) => {
    const failure = dialect.parseFailure(reply, nowMs);
    if (!statuses.has(reply.status) || !wordings.test(failure.message)) return failure;
    const { field: _, ...rest } = failure;
    return { ...rest, kind: 'too_large' };
  },
});
