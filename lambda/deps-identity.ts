// Puts together who is let in: people, sessions, API keys and the audit; the ways of signing in are loaded when they are needed.
import { loadOnce } from '#shared/load-once.ts';
import type { Platform } from './deps.ts';
import type { OpenedSignIn } from './deps-sign-in.ts';
import { createAdmission } from './http/auth-admission.ts';
import { toFarewellCookie } from './http/auth-cookies.ts';
import { createKeyCheck } from './http/auth-headers.ts';
import { createIdentify, type Identify } from './http/auth-identify.ts';
import { createThrottle } from './http/auth-throttle.ts';
import type { Identity } from './ports-people.ts';
import { createApiKeys } from './store/api-keys.ts';
import { createAudit } from './store/audit.ts';
import { createPeople } from './store/people.ts';
import { createSessions } from './store/sessions.ts';

/** How long an answer about a key is believed: revoking works within a second on one machine, within five elsewhere. */
const FRESH_ON_ONE_MACHINE_MS = 800;
const FRESH_MS = 4_000;

const toLower = (emails: readonly string[] = []): string[] => emails.map((email) => email.toLowerCase());

/** What the alarm on security counts. */
const REFUSALS = 'freeway_security_events_total';

/** Identity over the platform. */
export function openIdentity(
  platform: Platform,
  auditDays: () => number,
): { identity: Identity; authenticate: Identify['authenticate'] } {
  const { config, store, clock, log, metrics, localSignIn: local = null, secure = false } = platform;
  // Known only once made, and needed by what it is made of.
  let forget = (): void => undefined;
  const changed = (): void => forget();
  const people = createPeople(store, changed);
  const sessions = createSessions(store, clock, changed);
  const keys = createApiKeys(store, clock, changed);
  const audit = createAudit({ store, clock, log, days: auditDays });
  const { google } = config;
  const environment = { allowed: toLower(google?.allowedEmails), admins: toLower(google?.adminEmails) };
  const ownerEmail = config.ownerKey === null ? (environment.admins[0] ?? null) : null;
  const admission = createAdmission({ people, clock, ...environment, ownerEmail });
  const open = loadOnce(async () =>
    (await import('./deps-sign-in.ts')).openSignIn({ platform, admission, sessions, audit }),
  );
  const identify = createIdentify({
    isOwner: createKeyCheck(platform.ownerKey),
    sessions,
    keys,
    admission,
    throttle: createThrottle(clock),
    onRefused: () => metrics.count(REFUSALS, { kind: 'key' }),
    onGuessing: async (address) => (await open()).onGuessing(address),
    findGoogle: async (token, exchange) => (await open()).findGoogle(token, exchange),
    local,
    clock,
    secure,
    freshMs: store.kind === 'sqlite' ? FRESH_ON_ONE_MACHINE_MS : FRESH_MS,
  });
  forget = identify.forget;
  const signIn = async (): Promise<OpenedSignIn['signIn']> => (await open()).signIn;
  return {
    identity: {
      people,
      sessions,
      keys,
      audit,
      signIn,
      environment,
      farewellCookie: toFarewellCookie,
      renew: async (who) => (await import('./http/auth-renew.ts')).renewPrincipal({ keys, admission, clock }, who),
    },
    authenticate: identify.authenticate,
  };
}
