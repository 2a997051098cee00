// Reads Google's ID tokens: verified by Google's own library against certificates that this file keeps in memory and in the store.
import { parseWritten } from '#shared/careful.ts';
import type { Clock, Store } from '../ports.ts';
import type { Log } from '../ports-telemetry.ts';
import { SignInRefused } from './auth-refused.ts';

/** Whom Google vouches for. */
export interface GoogleIdentity {
  /** Lower-case. */
  readonly email: string;
  /** Google's own id of the account. */
  readonly googleId: string;
  /**
   * Whether the account belongs to whoever holds the domain of the address. Anybody may make a Google account with an
   * address of theirs at any domain, and keeps it when the address is taken away; such an account has no `hd`.
   */
  readonly managed: boolean;
  /** What we asked Google to put in; null when nothing stands there. */
  readonly nonce: string | null;
  readonly expiresAtMs: number;
}

export interface GoogleOptions {
  readonly clientId: string;
  /** Address of the certificates: a JSON object of key ids and PEM texts, or a set of JSON Web Keys. */
  readonly certsUrl: string;
  readonly issuers: readonly string[];
  /** Whether the issuer says who manages an account (`hd`), as Google does. A stand-in need not: then all accounts count as managed. */
  readonly tellsManaged: boolean;
  readonly store: Store;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

/** Reads a token, or rejects with SignInRefused. */
export type ReadGoogleToken = (token: string) => Promise<GoogleIdentity>;

type Certificates = Readonly<Record<string, string>>;

interface Kept {
  readonly certificates: Certificates;
  readonly freshUntilMs: number;
}

const CERTS_KEY = { pk: 'config', sk: 'google-certificates' } as const;
/** Certificates that can't be read anew are good for this long beyond their time. */
const STALE_MS = 24 * 3_600_000;
/** When Google names no time, and how often an unknown key id may make us look again. */
const USUAL_FRESH_MS = 3_600_000;
const LOOK_AGAIN_MS = 60_000;
/** Fresh for longer than this nothing is: a clock that ran ahead has said so. */
const LONGEST_FRESH_MS = 24 * 3_600_000;
const PATIENCE_MS = 5_000;
/** So far ahead of ours another clock may be: as much as Google's library allows. */
const AHEAD_SECONDS = 300;

interface Claims {
  readonly aud?: unknown;
  readonly iss?: unknown;
  readonly exp?: unknown;
  readonly iat?: unknown;
  readonly nbf?: unknown;
  readonly sub?: unknown;
  readonly email?: unknown;
  readonly email_verified?: unknown;
  readonly nonce?: unknown;
  readonly hd?: unknown;
}

function decodePart<T>(part: string | undefined): T {
  try {
    const value: unknown = JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8'));
    if (typeof value === 'object' && value !== null) return value as T;
  } catch {
    // Told below, like anything else that is no token.
  }
  throw new SignInRefused('malformed');
}

/** The address in small letters; null for none, and for one whose small letters would be those of another address. */
function toAddress(text: string): string | null {
  const email = text.trim().toLowerCase();
  const plain = text.trim().replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return email !== '' && email === plain ? email : null;
}

/** Google's own addresses, whose accounts nobody else manages. */
const GOOGLES_OWN = /@(?:gmail|googlemail)\.com$/;

const isManaged = (email: string, { hd }: Claims): boolean =>
  GOOGLES_OWN.test(email) || (typeof hd === 'string' && hd !== '');

type Jwk = Readonly<Record<string, unknown>>;

/** Keys as they are published: by their ids as PEM, which is Google's older way, or as a set of JSON Web Keys. */
async function toCertificates(published: unknown): Promise<Certificates> {
  const { keys } = published as { readonly keys?: unknown };
  if (!Array.isArray(keys)) return published as Certificates;
  const { createPublicKey } = await import('node:crypto');
  const toPem = (key: Jwk): string =>
    String(createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' }));
  const signing = keys.filter((key: Jwk) => key['kty'] === 'RSA' && typeof key['kid'] === 'string');
  return Object.fromEntries(signing.map((key: Jwk) => [key['kid'], toPem(key)]));
}

async function fetchCertificates({ certsUrl, clock }: GoogleOptions): Promise<Kept> {
  const reply = await fetch(certsUrl, { signal: AbortSignal.timeout(PATIENCE_MS), redirect: 'error' });
  if (!reply.ok) throw new Error(`status ${reply.status}`);
  const certificates = await toCertificates(await reply.json());
  const maxAge = /max-age=(\d+)/.exec(reply.headers.get('cache-control') ?? '')?.[1];
  const freshMs = maxAge === undefined ? USUAL_FRESH_MS : Math.min(Number(maxAge) * 1000, LONGEST_FRESH_MS);
  return { certificates, freshUntilMs: clock.now() + freshMs };
}

/** Certificates from memory, else from the store, else from Google; old ones when Google can't be reached. */
function createCertificates(options: GoogleOptions): (keyId: string) => Promise<Certificates> {
  const { store, clock, log } = options;
  let kept: Kept | null = null;
  let lookedAtMs = -Infinity;
  let underWay: Promise<Kept | null> | null = null;
  const readStore = async (): Promise<Kept | null> => {
    const item = await store.get(CERTS_KEY).catch(() => null);
    // Certificates of another address are those of another issuer.
    if (item === null || item['url'] !== options.certsUrl) return null;
    const certificates = parseWritten(item['certificates']);
    if (typeof certificates !== 'object' || certificates === null) return null;
    return { certificates: certificates as Certificates, freshUntilMs: Number(item['freshUntilMs']) };
  };
  const readNetwork = async (): Promise<Kept | null> => {
    lookedAtMs = clock.now();
    try {
      const fetched = await fetchCertificates(options);
      const item = {
        url: options.certsUrl,
        certificates: JSON.stringify(fetched.certificates),
        freshUntilMs: fetched.freshUntilMs,
      };
      await store.put(CERTS_KEY, item, fetched.freshUntilMs + STALE_MS).catch(() => undefined);
      return fetched;
    } catch (error) {
      log.warn('google.certificates', { error: error instanceof Error ? error.message : 'unknown' });
      return null;
    }
  };
  const renew = (): Promise<Kept | null> => (underWay ??= readNetwork().finally(() => (underWay = null)));
  return async (keyId) => {
    const nowMs = clock.now();
    kept ??= await readStore();
    const unknownKey = kept !== null && !(keyId in kept.certificates);
    const freshMs = kept === null ? 0 : kept.freshUntilMs - nowMs;
    const due = freshMs <= 0 || freshMs > LONGEST_FRESH_MS || unknownKey;
    // A key id that nobody knows must not make us ask Google at every request; a clock may have been set back since.
    if (due && (kept === null || Math.abs(nowMs - lookedAtMs) >= LOOK_AGAIN_MS)) kept = (await renew()) ?? kept;
    if (kept === null || kept.freshUntilMs + STALE_MS <= nowMs) throw new SignInRefused('google_unreachable');
    return kept.certificates;
  };
}

/** What the library objected to, found again in the claims, since its own words quote the token. */
function toReason(claims: Claims, { clientId, issuers, clock }: GoogleOptions): SignInRefused['reason'] {
  const nowSeconds = clock.now() / 1000;
  if (typeof claims.exp !== 'number' || typeof claims.iat !== 'number') return 'malformed';
  if (!issuers.includes(String(claims.iss))) return 'wrong_issuer';
  if (claims.aud !== clientId) return 'wrong_audience';
  if (claims.exp <= nowSeconds) return 'expired';
  return claims.iat > nowSeconds ? 'not_yet_valid' : 'forged';
}

/** Google's own library. Loaded by the first token: programs with API keys never pay for it. */
async function openClient({ clientId }: GoogleOptions) {
  // Its default export is the only one that a bundle has of a module in the older format when it is loaded on demand.
  const { default: google } = await import('google-auth-library');
  return new google.OAuth2Client({ clientId });
}

/** Whether the signature alone is right: tells a forged token from one that is merely not for us. */
async function isSigned(token: string, pem: string): Promise<boolean> {
  const { createVerify } = await import('node:crypto');
  const [head = '', body = '', signature = ''] = token.split('.');
  return createVerify('RSA-SHA256').update(`${head}.${body}`).verify(pem, signature, 'base64url');
}

/** A reader of Google's ID tokens for this application. */
export function createGoogle(options: GoogleOptions): ReadGoogleToken {
  const certificatesFor = createCertificates(options);
  return async (token) => {
    const parts = token.split('.');
    if (parts.length !== 3) throw new SignInRefused('malformed');
    const { alg, kid } = decodePart<{ alg?: unknown; kid?: unknown }>(parts[0]);
    const claims = decodePart<Claims>(parts[1]);
    if (alg !== 'RS256') throw new SignInRefused('algorithm');
    const keyId = typeof kid === 'string' ? kid : '';
    const certificates = await certificatesFor(keyId);
    const pem = certificates[keyId];
    if (pem === undefined || !Object.hasOwn(certificates, keyId)) throw new SignInRefused('unknown_signer');
    // A library that can't be loaded is our fault, not the token's.
    const client = await openClient(options);
    try {
      await client.verifySignedJwtWithCertsAsync(token, certificates, options.clientId, [...options.issuers]);
    } catch {
      throw new SignInRefused((await isSigned(token, pem)) ? toReason(claims, options) : 'forged');
    }
    // The library allows five minutes of grace; an ID token has an hour of its own.
    if (typeof claims.exp !== 'number' || claims.exp <= options.clock.now() / 1000) throw new SignInRefused('expired');
    // The library looks at when it was made, not at when it begins to be good.
    if (typeof claims.nbf === 'number' && claims.nbf - AHEAD_SECONDS > options.clock.now() / 1000)
      throw new SignInRefused('not_yet_valid');
    const email = typeof claims.email === 'string' ? toAddress(claims.email) : null;
    if (email === null || typeof claims.sub !== 'string') throw new SignInRefused('malformed');
    if (claims.email_verified !== true) throw new SignInRefused('email_unverified', email);
    return {
      email,
      googleId: claims.sub,
      managed: !options.tellsManaged || isManaged(email, claims),
      nonce: typeof claims.nonce === 'string' ? claims.nonce : null,
      expiresAtMs: claims.exp * 1000,
    };
  };
}
