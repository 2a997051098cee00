// The ways of signing in, put together when somebody first signs in: programs with API keys never pay for them.
import type { Platform } from './deps.ts';
import type { Admission } from './http/auth-admission.ts';
import { createBoundedWrite } from './http/auth-audit.ts';
import { createFindGoogle } from './http/auth-find-google.ts';
import { createGoogle, type ReadGoogleToken } from './http/auth-google.ts';
import type { IdentifyOptions } from './http/auth-identify.ts';
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

/** What signing in is done by, and what is told of those who are refused. */
export interface OpenedSignIn extends Pick<IdentifyOptions, 'findGoogle' | 'onGuessing'> {
  readonly signIn: SignIn;
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
  const read = createGoogle({
    clientId,
    certsUrl: certsUrl ?? GOOGLE_CERTIFICATES,
    issuers,
    tellsManaged: certsUrl === null && issuer === null,
    store,
    clock,
    log,
  });
  return { clientId, read };
}

/** Puts it together. */
export function openSignIn({ platform, admission, sessions, audit }: SignInParts): OpenedSignIn {
  const { store, clock, metrics, localSignIn: local = null, secure = false } = platform;
  const google = toGoogle(platform);
  const bounded = { write: createBoundedWrite({ audit, clock, metrics }) };
  const signIn = createSignIn({
    google: google === null ? null : { ...google, nonces: createNonces(store, clock) },
    local,
    admission,
    sessions,
    audit: bounded,
    throttle: createThrottle(clock),
    secure,
  });
  return {
    signIn,
    findGoogle: google === null ? async () => null : createFindGoogle({ read: google.read, admission, audit: bounded }),
    onGuessing: (address) =>
      bounded.write(
        { action: 'key_guessing', target: address, detail: 'too many wrong keys' },
        { principal: null, address, requestId: null },
      ),
  };
}
