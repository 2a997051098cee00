// Who is signed in, as the server tells: all that the web app's first load needs to know of signing in.
import * as z from 'zod/mini';
import { roles } from '../roles.ts';

/** How people sign in here: with Google, by the link this machine's start prints, or not at all (API keys only). */
export const signInModes = ['google', 'local', 'api_only'] as const;

/** Somebody who is signed in. */
export const signedInPersonSchema = z.object({
  id: z.string(),
  email: z.nullable(z.string()),
  role: z.enum(roles),
  /** How they proved who they are. */
  via: z.enum(['owner_key', 'session', 'google_token', 'api_key', 'local']),
});

/** GET /api/session. Open to everybody: `person` is null when nobody is signed in. */
export const sessionStateSchema = z.object({
  mode: z.enum(signInModes),
  /** For Google's button; null in other modes. */
  client_id: z.nullable(z.string()),
  /** To be put into Google's ID token; good once, for ten minutes. null in other modes. */
  nonce: z.nullable(z.string()),
  person: z.nullable(signedInPersonSchema),
  /** Why what was presented is not accepted (an ended session, for example); null when all is well. */
  refusal: z.nullable(z.string()),
});
export type SessionState = z.infer<typeof sessionStateSchema>;
