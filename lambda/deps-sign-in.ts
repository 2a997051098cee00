// The ways of signing in, put together when somebody first signs in: programs with API keys never pay for them.
import type { Platform } from './deps.ts';
import type { Admission } from './http/auth-admission.ts';
import { createGoogle, type ReadGoogleToken } from './http/auth-google.ts';
import { createNonces } from './http/auth-nonce.ts';
import { createSignIn } from './http/auth-sign-in.ts';
import { createThrottle } from './http/auth-throttle.ts';
import type { Audit, Sessions, SignIn } from './ports-people.ts';

const GOOGLE_CERTIFICATES = 'https://www.googleapis.com/oauth2/v1/certs';
const GOOGLE_ISSUERS = ['https://accounts.google.com', 'accounts.google.com'];

export interface SignInParts {
  readonly platform: Platform;
  readonly admission: Admission;
  readonly sessions: Sessions;
  readonly audit: Audit;
}

/** What signing in is done by. `readGoogle` is null where there is no sign-in with Google. */
export interface OpenedSignIn {
  readonly signIn: SignIn;
  readonly readGoogle: ReadGoogleToken | null;
}

function toGoogle({
  config: { google },
  store,
  clock,
  log,
}: Platform): { clientId: string; read: ReadGoogleToken } | null {
  if (google === null) return null;
  const { clientId, certsUrl, issuer } = google;
  const issuers = issuer === null ? GOOGLE_ISSUERS : [issuer];
  const read = createGoogle({ clientId, certsUrl: certsUrl ?? GOOGLE_CERTIFICATES, issuers, store, clock, log });
  return { clientId, read };
}

/** Puts it together. */
export function openSignIn({ platform, admission, sessions, audit }: SignInParts): OpenedSignIn {
  const { store, clock, localSignIn: local = null, secure = false } = platform;
  const google = toGoogle(platform);
  const signIn = createSignIn({
    google: google === null ? null : { ...google, nonces: createNonces(store, clock) },
    local,
    admission,
    sessions,
    audit,
    throttle: createThrottle(clock),
    secure,
  });
  return { signIn, readGoogle: google?.read ?? null };
}
