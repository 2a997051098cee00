// What the web app and the alert routes say to each other: what those who look after the installation were told, and whether it reached them.
import * as z from 'zod/mini';
import { instantSchema } from './instant.ts';

/** `test` is one that an admin asked for, to see whether it arrives. */
export const alertKinds = ['budget', 'quota', 'unusual_use', 'test'] as const;
export type AlertKind = (typeof alertKinds)[number];

/** Where alerts go beside the log. */
export const alertChannels = ['webhook', 'email'] as const;
export type AlertChannel = (typeof alertChannels)[number];

/** Members of later versions stay. */
const deliverySchema = z.lazy(() =>
  z.looseObject({
    /** One of `alertChannels`, or one of a later version. */
    channel: z.string(),
    /** `pending`, `delivered` or `failed`. */
    state: z.string(),
    attempts: z.int(),
    /** When it is tried again; null when it is not. */
    next_at: z.nullable(instantSchema),
    /** Why it did not arrive the last time; null when it did, or was not tried. */
    problem: z.nullable(z.string()),
  }),
);
export type Delivery = z.infer<typeof deliverySchema>;

export const alertSchema = z.lazy(() =>
  z.looseObject({
    id: z.string(),
    at: instantSchema,
    /** One of `alertKinds`, or one of a later version. */
    kind: z.string(),
    subject: z.string(),
    text: z.string(),
    deliveries: z.array(deliverySchema),
  }),
);
export type AlertView = z.infer<typeof alertSchema>;

/** GET /api/alerts: newest first. */
export const alertsSchema = z.lazy(() => z.object({ data: z.array(alertSchema) }));
export const alertsQuerySchema = z.lazy(() =>
  z.object({
    limit: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(200)), 50),
  }),
);

/** The answer to POST /api/settings/webhook-secret: the only time the secret is shown. */
export const webhookSecretSchema = z.lazy(() => z.object({ secret: z.string() }));
