// Puts together who may come in and how: people, sessions, API keys, audit, and the ways of signing in.
import type { Platform } from './deps.ts';
import { createAdmission } from './http/auth-admission.ts';
import { toFarewellCookie } from './http/auth-cookies.ts';
import { createGoogle, type ReadGoogleToken } from './http/auth-google.ts';
import { createKeyCheck } from './http/auth-headers.ts';
import { createIdentify, type Identify } from './http/auth-identify.ts';
import { createNonces } from './http/auth-nonce.ts';
import { createSignIn } from './http/auth-sign-in.ts';
import { createThrottle } from './http/auth-throttle.ts';
import type { Identity } from './ports-people.ts';
import { createApiKeys } from './store/api-keys.ts';
import { createAudit } from './store/audit.ts';
import { createPeople } from './store/people.ts';
import { createSessions } from './store/sessions.ts';

/** Failures that one address may have within a minute before it has to wait. */
const FAILED_SIGN_INS = 10;
const WRONG_KEYS = 60;
const MINUTE_MS = 60_000;
/** How long an answer about a key is believed: revoking works within a second on one machine, within five elsewhere. */
const FRESH_ON_ONE_MACHINE_MS = 800;
const FRESH_MS = 4_000;

const GOOGLE_CERTIFICATES = 'https://www.googleapis.com/oauth2/v1/certs';
const GOOGLE_ISSUERS = ['https://accounts.google.com', 'accounts.google.com'];

const toLower = (emails: readonly string[] = []): string[] => emails.map((email) => email.toLowerCase());

function toReader({ config: { google }, store, clock, log }: Platform): ReadGoogleToken | null {
  if (google === null) return null;
  const { clientId, certsUrl, issuer } = google;
  return createGoogle({
    clientId,
    certsUrl: certsUrl ?? GOOGLE_CERTIFICATES,
    issuers: issuer === null ? GOOGLE_ISSUERS : [issuer],
    store,
    clock,
    log,
  });
}

/** Identity over the platform. */
export function openIdentity(platform: Platform): { identity: Identity; authenticate: Identify['authenticate'] } {
  const { config, store, clock, log, localSignIn: local = null, secure = false } = platform;
  // Known only once made, and needed by what it is made of.
  let forget = (): void => undefined;
  const changed = (): void => forget();
  const people = createPeople(store, changed);
  const sessions = createSessions(store, clock, changed);
  const keys = createApiKeys(store, clock, changed);
  const audit = createAudit({ store, clock, log, days: config.auditDays });
  const { google } = config;
  const environment = { allowed: toLower(google?.allowedEmails), admins: toLower(google?.adminEmails) };
  const ownerEmail = config.ownerKey === null ? (environment.admins[0] ?? null) : null;
  const admission = createAdmission({ people, clock, ...environment, ownerEmail });
  const readGoogle = toReader(platform);
  const throttle = (max: number) => createThrottle({ clock, max, perMs: MINUTE_MS });
  const signIn = createSignIn({
    google:
      google === null || readGoogle === null
        ? null
        : { clientId: google.clientId, read: readGoogle, nonces: createNonces(store, clock) },
    local,
    admission,
    sessions,
    audit,
    throttle: throttle(FAILED_SIGN_INS),
    secure,
  });
  const identify = createIdentify({
    isOwner: createKeyCheck(platform.ownerKey),
    sessions,
    keys,
    admission,
    audit,
    throttle: throttle(WRONG_KEYS),
    readGoogle,
    local,
    clock,
    freshMs: store.kind === 'sqlite' ? FRESH_ON_ONE_MACHINE_MS : FRESH_MS,
  });
  forget = identify.forget;
  return {
    identity: { people, sessions, keys, audit, signIn, environment, farewellCookie: toFarewellCookie },
    authenticate: identify.authenticate,
  };
}
