// What the web app and the transcription routes say to each other: recordings of any length, uploaded in parts and transcribed in pieces.
import * as z from 'zod/mini';
import { instantSchema } from './instant.ts';

/** `uploading`: parts are still to come. `paused`, `failed` and `cancelled` ones can be started again as long as the recording is kept. */
export const jobStatuses = ['uploading', 'running', 'paused', 'done', 'failed', 'cancelled'] as const;
export type JobStatus = (typeof jobStatuses)[number];

export const pieceStatuses = ['waiting', 'running', 'done', 'failed'] as const;
export type PieceStatus = (typeof pieceStatuses)[number];

/** How a recording is to be transcribed: the fields of the OpenAI form that have a meaning for jobs. */
export const jobOptionsSchema = z.lazy(() =>
  z.strictObject({
    model: z._default(z.string().check(z.minLength(1), z.maxLength(200)), 'auto'),
    /** `translate` tells it in English. */
    task: z._default(z.enum(['transcribe', 'translate']), 'transcribe'),
    /** ISO 639-1; null: to be found out. */
    language: z._default(z.nullable(z.string().check(z.maxLength(40))), null),
    prompt: z._default(z.nullable(z.string().check(z.maxLength(4_000))), null),
    temperature: z._default(z.nullable(z.number()), null),
    /** The finest times wanted. Not every model tells those of words. */
    timestamps: z._default(z.enum(['none', 'segment', 'word']), 'segment'),
    /** Controls of routing, as in the body field of the same name elsewhere. */
    freeway: z.optional(z.looseObject({})),
  }),
);
export type JobOptions = z.output<typeof jobOptionsSchema>;

/** POST /api/transcriptions. */
export const newJobSchema = z.lazy(() =>
  z.strictObject({
    /** The recording's name, for people. */
    name: z._default(z.string().check(z.trim(), z.minLength(1), z.maxLength(200)), 'recording'),
    size_bytes: z.int().check(z.nonnegative()),
    options: z._default(jobOptionsSchema, jobOptionsSchema.parse({})),
  }),
);

/** `why`: the same as a code with its values, as errors tell it; absent: the message alone says it. */
const problemSchema = z.lazy(() => z.object({ code: z.string(), message: z.string(), why: z.optional(z.unknown()) }));

export const jobPieceSchema = z.lazy(() =>
  z.object({
    /** Its place in the recording, from 0. */
    index: z.int(),
    /** Seconds from the beginning. */
    start: z.number(),
    end: z.number(),
    status: z.enum(pieceStatuses),
    /** Who serves or served it; null before anybody was asked. */
    route: z.nullable(z.string()),
    credential: z.nullable(z.string()),
    tier: z.nullable(z.enum(['free', 'paid', 'local'])),
    /** Calls to providers so far, failed ones included. */
    attempts: z.int(),
    error: z.nullable(problemSchema),
    /** When it is tried again; null when now, or not at all. */
    retry_at: z.nullable(instantSchema),
  }),
);
export type JobPiece = z.infer<typeof jobPieceSchema>;

export const uploadPartSchema = z.lazy(() =>
  z.object({
    /** From 0. */
    number: z.int(),
    /** Where it begins in the file, and how long it is: exactly these bytes must be sent. */
    start: z.int(),
    bytes: z.int(),
    /** Send them there with PUT and nothing else; it may be relative to this server. */
    url: z.string(),
  }),
);
export type UploadPart = z.infer<typeof uploadPartSchema>;

export const jobSchema = z.lazy(() =>
  z.object({
    id: z.string(),
    name: z.string(),
    status: z.enum(jobStatuses),
    size_bytes: z.int(),
    /** Length of the recording; null until it was looked at. */
    seconds: z.nullable(z.number()),
    options: jobOptionsSchema,
    created_at: instantSchema,
    /** When recording, pieces and transcript are deleted. */
    expires_at: instantSchema,
    /** Why it failed; null when it did not. */
    error: z.nullable(problemSchema),
    done_seconds: z.number(),
    /** How long the rest will take as things go; null when nobody can tell. */
    eta_seconds: z.nullable(z.number()),
    cost_usd: z.nullable(z.number()),
    pieces: z.array(jobPieceSchema),
    /** Parts of the recording that have not come yet; null once they have, and where they are not asked for. */
    upload: z.nullable(z.object({ parts: z.array(uploadPartSchema), expires_at: instantSchema })),
  }),
);
export type JobView = z.infer<typeof jobSchema>;

/** GET /api/transcriptions: one's own, newest first. */
export const jobsSchema = z.lazy(() => z.object({ data: z.array(jobSchema) }));

/** POST /api/transcriptions/:id/start: begins, goes on, or tries failed pieces again: these, or all of them. */
export const startJobSchema = z.lazy(() =>
  z.strictObject({ pieces: z.optional(z.array(z.int().check(z.nonnegative()))) }),
);

export const resultFormats = ['json', 'text', 'srt', 'vtt', 'verbose_json'] as const;
/** GET /api/transcriptions/:id/result. `partial`: also when pieces are missing. */
export const resultQuerySchema = z.lazy(() =>
  z.strictObject({
    format: z._default(z.enum(resultFormats), 'verbose_json'),
    partial: z._default(z.enum(['true', 'false']), 'false'),
  }),
);

/** GET /api/transcriptions/allowance: what can be transcribed now without paying. */
export const allowanceSchema = z.lazy(() =>
  z.object({
    /** Seconds of sound left in free limits that count them; null when a free model counts none. */
    free_seconds: z.nullable(z.number()),
    /** Free models that can be asked, and those that cost. */
    free_models: z.int(),
    paid_models: z.int(),
    /** The largest recording that can be uploaded, bytes; 0 where nothing can be. */
    max_bytes: z.int(),
  }),
);
export type Allowance = z.infer<typeof allowanceSchema>;
