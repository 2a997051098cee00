// A batch of requests as it is kept between them: what is wanted, how far it has come, what it used, and who is at work on it.
import * as z from 'zod/mini';

/** The URLs whose requests may come in a batch. */
export const batchEndpoints = [
  '/v1/chat/completions',
  '/v1/completions',
  '/v1/responses',
  '/v1/embeddings',
  '/v1/moderations',
  '/v1/messages',
] as const;
export type BatchEndpoint = (typeof batchEndpoints)[number];

/** As OpenAI's batches have them. `finalizing` is passed at once here: results are kept as they come. */
export const batchStatuses = [
  'validating',
  'failed',
  'in_progress',
  'completed',
  'expired',
  'cancelling',
  'cancelled',
] as const;
export type BatchStatus = (typeof batchStatuses)[number];

/** What has come of a request: an answer, an error, or nothing before its time was over. */
export const resultKinds = ['output', 'error', 'late'] as const;
export type ResultKind = (typeof resultKinds)[number];

/** A file of requests. Its text lies beside it, in parts. */
export const keptFileSchema = z.lazy(() =>
  z.object({
    id: z.string(),
    personId: z.string(),
    name: z.string(),
    /** As it was sent: UTF-8. */
    bytes: z.number(),
    /** How many parts its text lies in. */
    parts: z.number(),
    createdAtMs: z.number(),
    expiresAtMs: z.number(),
  }),
);
export type KeptFile = z.infer<typeof keptFileSchema>;

/** What ids of files that were sent begin with. Batches in other formats come without a file of their own; what holds their requests is nobody's business. */
export const SENT_FILE = 'file-';
export const isSent = ({ id }: Pick<KeptFile, 'id'>): boolean => id.startsWith(SENT_FILE);

/** Something wrong with a batch as a whole, or with a line of its file. Lines are counted from 1; null: none in particular. */
export const batchProblemSchema = z.lazy(() =>
  z.object({ code: z.string(), message: z.string(), param: z.nullable(z.string()), line: z.nullable(z.number()) }),
);
export type BatchProblem = z.infer<typeof batchProblemSchema>;

/** What the answered requests used, as their replies say it. */
export const batchUseSchema = z.lazy(() =>
  z.object({
    inputTokens: z.number(),
    cachedTokens: z.number(),
    outputTokens: z.number(),
    reasoningTokens: z.number(),
    costUsd: z.number(),
    /** True where the cost lacks parts, since somebody who was paid did not tell what was used. */
    isCostUnsure: z.optional(z.boolean()),
    /** Answered requests by what they cost. */
    free: z.number(),
    paid: z.number(),
  }),
);
export type BatchUse = z.infer<typeof batchUseSchema>;

/** A place in the file: the line (from 0) and where it begins. */
export const linePlaceSchema = z.lazy(() => z.object({ line: z.number(), part: z.number(), offset: z.number() }));
export type LinePlace = z.infer<typeof linePlaceSchema>;

/** How often a request has failed for reasons that may pass, and when it may be asked again, ms since the epoch. */
export const setbacksSchema = z.lazy(() => z.object({ count: z.number(), untilMs: z.number() }));
export type Setbacks = z.infer<typeof setbacksSchema>;

export const keptBatchSchema = z.lazy(() =>
  z.object({
    id: z.string(),
    personId: z.string(),
    /** Address of the person; null for the owner. */
    email: z.nullable(z.string()),
    /** The API key it was made with, which must stay in force; null: somebody who was signed in. */
    key: z.nullable(z.object({ id: z.string(), name: z.string() })),
    fileId: z.string(),
    endpoint: z.string(),
    metadata: z.nullable(z.record(z.string(), z.string())),
    /** Controls of routing that came as headers, which hold for every request. */
    headers: z.record(z.string(), z.string()),
    status: z.enum(batchStatuses),
    createdAtMs: z.number(),
    /** What is not answered by then stays unanswered, ms since the epoch. */
    endsAtMs: z.number(),
    /** Until when results are kept. */
    keptUntilMs: z.number(),
    startedAtMs: z.nullable(z.number()),
    cancellingAtMs: z.nullable(z.number()),
    /** When it came to whatever end. */
    endedAtMs: z.nullable(z.number()),
    problems: z.array(batchProblemSchema),
    total: z.number(),
    completed: z.number(),
    failed: z.number(),
    /** Of the failed ones, those whose time was over. */
    late: z.number(),
    /** Of the results, UTF-8. */
    outputBytes: z.number(),
    errorBytes: z.number(),
    /** What was asked for by its last line, when all ask for the same; null: by none, or for several. */
    model: z.nullable(z.string()),
    use: batchUseSchema,
    /** The first line that has no result yet. */
    next: linePlaceSchema,
    /** Lines after it that have one, fewer than a window of them. */
    ahead: z.array(z.number()),
    /** By line, what failed for reasons that may pass, those that are asked at the moment among them; absent: nothing. */
    setbacks: z.optional(z.record(z.string(), setbacksSchema)),
    /** Why nothing goes on at the moment, with the code of the error that says so, and until when, ms since the epoch; null: it goes on. */
    waiting: z.nullable(z.object({ untilMs: z.number(), why: z.string(), code: z.optional(z.nullable(z.string())) })),
    /** Whoever works on it, and until when that is to be believed, ms since the epoch. */
    lease: z.nullable(z.object({ holder: z.string(), untilMs: z.number() })),
  }),
);
export type KeptBatch = z.infer<typeof keptBatchSchema>;

/** Whether there is anything to do for it. */
export const isOpen = ({ status }: Pick<KeptBatch, 'status'>): boolean =>
  status === 'validating' || status === 'in_progress' || status === 'cancelling';
