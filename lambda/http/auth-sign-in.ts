// Signing in: with Google's ID token or the machine's own link, exchanged once for a session; every refusal has its sentence and stands in the audit.
import { OWNER_ID, type Principal } from '#shared/people.ts';
import type { Headers } from '../ports.ts';
import type { Audit, Sessions, SignedIn, SignIn, SignInOrigin } from '../ports-people.ts';
import type { Admission, Standing } from './auth-admission.ts';
import { refuseForeign, toSessionCookie } from './auth-cookies.ts';
import type { ReadGoogleToken } from './auth-google.ts';
import type { LocalSignIn } from './auth-local.ts';
import type { Nonces } from './auth-nonce.ts';
import { toCallerError } from './auth-refusal.ts';
import { SignInRefused } from './auth-refused.ts';
import type { Throttle } from './auth-throttle.ts';

export interface SignInOptions {
  readonly google: { readonly clientId: string; readonly read: ReadGoogleToken; readonly nonces: Nonces } | null;
  /** null where there is no sign-in by link. */
  readonly local: LocalSignIn | null;
  readonly admission: Admission;
  readonly sessions: Sessions;
  readonly audit: Pick<Audit, 'write'>;
  readonly throttle: Throttle;
  /** Whether we are only ever reached by HTTPS. */
  readonly secure: boolean;
}

/** Failures that one address may have within a minute before it has to wait. */
const MAX_FAILED = 10;

/** A browser's name for itself, as far as it is fit to be shown. */
const toDevice = (headers: Headers): string =>
  (headers['user-agent'] ?? 'unknown').replace(/[^\x20-\x7e]/g, '?').slice(0, 200);

interface Entering {
  readonly standing: Standing;
  readonly email: string | null;
  readonly via: 'google' | 'local';
  /** The same in words. */
  readonly by: string;
}

async function enter(
  options: SignInOptions,
  { standing, email, via, by }: Entering,
  from: SignInOrigin,
): Promise<SignedIn> {
  const { sessions, audit, secure } = options;
  const { exchange, requestId, principal: before } = from;
  const opened = await sessions.open({ personId: standing.id, email, via, device: toDevice(exchange.headers) });
  // A session never outlives the sign-in that replaces it.
  if (before?.sessionId) await sessions.close(before.id, before.sessionId);
  const principal: Principal = {
    ...standing,
    email,
    via: via === 'local' ? 'local' : 'session',
    key: null,
    sessionId: opened.session.id,
  };
  await audit.write(
    { action: 'sign_in', target: email, detail: `by ${by}` },
    { principal, address: exchange.remoteAddress, requestId },
  );
  const endsAtMs = sessions.endsAtMs(opened.session);
  const seconds = Math.floor((endsAtMs - opened.session.createdAtMs) / 1000);
  const cookie = toSessionCookie(opened.token, seconds, { headers: exchange.headers, always: secure });
  return { principal, token: opened.token, cookie, endsAtMs };
}

/** Runs one sign-in: slowed down for those who fail often, with every refusal written down. */
async function attempt(options: SignInOptions, from: SignInOrigin, act: () => Promise<Entering>): Promise<SignedIn> {
  const { throttle, audit } = options;
  const { exchange, requestId } = from;
  const address = exchange.remoteAddress;
  throttle.check(address, MAX_FAILED);
  refuseForeign(exchange);
  try {
    return await enter(options, await act(), from);
  } catch (error) {
    if (!(error instanceof SignInRefused)) throw error;
    throttle.failed(address);
    const refusal = toCallerError(error);
    await audit.write(
      { action: 'sign_in_refused', target: error.email, detail: `${error.reason}: ${refusal.message}` },
      { principal: null, address, requestId },
    );
    throw refusal;
  }
}

/** The ways of signing in over these parts. */
export function createSignIn(options: SignInOptions): SignIn {
  const { google, local, admission } = options;
  return {
    mode: google !== null ? 'google' : local !== null ? 'local' : 'api_only',
    clientId: google?.clientId ?? null,
    nonce: async () => (google === null ? null : google.nonces.make()),
    withGoogle: ({ credential, nonce }, from) =>
      attempt(options, from, async () => {
        if (google === null) throw new SignInRefused('google_off');
        const identity = await google.read(credential);
        if (identity.nonce === null) throw new SignInRefused('nonce_missing', identity.email);
        if (nonce !== null && nonce !== identity.nonce) throw new SignInRefused('nonce_unknown', identity.email);
        await google.nonces.use(identity.nonce);
        const standing = await admission.enter(identity);
        return { standing, email: identity.email, via: 'google', by: 'Google' };
      }),
    withToken: (token, from) =>
      attempt(options, from, async () => {
        if (local === null) throw new SignInRefused('local_off');
        local.guard(from.exchange);
        const by = local.redeem(token) === 'key' ? 'the owner key' : 'the link of this machine';
        return { standing: { id: OWNER_ID, role: 'owner', models: null }, email: null, via: 'local', by };
      }),
  };
}
