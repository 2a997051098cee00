// A transcription job as it is kept between requests: what is wanted, how far it has come, and who is at work on it.
import * as z from 'zod/mini';
import { jobOptionsSchema, jobStatuses, pieceStatuses } from './api/transcriptions.ts';

/** `why`: the same as a code with its values, as errors tell it; absent: the message alone says it. */
const problemSchema = z.lazy(() => z.object({ code: z.string(), message: z.string(), why: z.optional(z.unknown()) }));

export const keptPieceSchema = z.lazy(() =>
  z.object({
    start: z.number(),
    end: z.number(),
    status: z.enum(pieceStatuses),
    route: z.nullable(z.string()),
    credential: z.nullable(z.string()),
    tier: z.nullable(z.enum(['free', 'paid', 'local'])),
    attempts: z.number(),
    /** How often it came back without a transcript for reasons that may pass. */
    setbacks: z.number(),
    error: z.nullable(problemSchema),
    /** Milliseconds since the epoch; null when now. */
    retryAtMs: z.nullable(z.number()),
    costUsd: z.nullable(z.number()),
  }),
);
export type KeptPiece = z.infer<typeof keptPieceSchema>;
export type PieceSpan = Pick<KeptPiece, 'start' | 'end'>;

export const transcriptionJobSchema = z.lazy(() =>
  z.object({
    id: z.string(),
    personId: z.string(),
    name: z.string(),
    sizeBytes: z.number(),
    options: jobOptionsSchema,
    /** Address of the person (null for the owner), and the API key it was started with, which must stay in force (null: they were signed in); absent until it is started. */
    asker: z.optional(
      z.object({
        email: z.nullable(z.string()),
        key: z.nullable(z.object({ id: z.string(), name: z.string() })),
      }),
    ),
    /** Controls of routing that came as headers. */
    headers: z.record(z.string(), z.string()),
    status: z.enum(jobStatuses),
    createdAtMs: z.number(),
    expiresAtMs: z.number(),
    error: z.nullable(problemSchema),
    /** What the recording is; null until it was looked at. */
    facts: z.nullable(
      z.object({
        container: z.string(),
        type: z.string(),
        seconds: z.nullable(z.number()),
        asIs: z._default(z.boolean(), true),
        parts: z.optional(z.array(z.object({ from: z.number(), to: z.number(), at: z.number(), seconds: z.number() }))),
      }),
    ),
    /** In the order of the recording; empty until it was looked at. */
    pieces: z.array(keptPieceSchema),
    /** Larger pieces are split before they are sent: somebody found one too large. null: nobody did. */
    most: z.nullable(z.object({ seconds: z.number(), bytes: z.number() })),
    /** Whoever works on it, and until when that is to be believed, ms since the epoch. */
    lease: z.nullable(z.object({ holder: z.string(), untilMs: z.number() })),
    /** Time at work, and seconds of sound transcribed in it, for forecasts. */
    pace: z.object({ workedMs: z.number(), seconds: z.number() }),
  }),
);
export type TranscriptionJob = z.infer<typeof transcriptionJobSchema>;
