// What the web app and the session routes say to each other: how to sign in, and where else somebody is signed in.
import * as z from 'zod/mini';
import { instantSchema } from './instant.ts';
import { signedInPersonSchema } from './session-state.ts';

/** `cookie` keeps the session from scripts; `bearer` hands out its token, for pages of another origin, to be kept in memory only. */
const carrySchema = z._default(z.enum(['cookie', 'bearer']), 'cookie');

/** POST /api/session/google. `nonce`, when given, must be the one in the token. */
export const googleSignInSchema = z.strictObject({
  credential: z.string().check(z.minLength(1), z.maxLength(8192)),
  nonce: z.optional(z.string().check(z.maxLength(256))),
  carry: carrySchema,
});

/** POST /api/session/local: the token of the printed link, or the owner's API key. */
export const localSignInSchema = z.strictObject({
  token: z.string().check(z.minLength(1), z.maxLength(512)),
  carry: carrySchema,
});

/** The answer to a sign-in. `token` is null when the session travels in its cookie. */
export const signedInSchema = z.object({
  person: signedInPersonSchema,
  token: z.nullable(z.string()),
  expires_at: instantSchema,
});
export type SignedIn = z.infer<typeof signedInSchema>;

/** One place where somebody is signed in. */
export const openSessionSchema = z.object({
  id: z.string(),
  via: z.enum(['google', 'local']),
  /** The browser, as it names itself. */
  device: z.string(),
  created_at: instantSchema,
  last_seen_at: instantSchema,
  /** When it ends at the latest. */
  expires_at: instantSchema,
  /** Whether it is the one that asks. */
  current: z.boolean(),
});

/** GET /api/sessions. */
export const openSessionsSchema = z.object({ data: z.array(openSessionSchema) });
export type OpenSessions = z.infer<typeof openSessionsSchema>;
