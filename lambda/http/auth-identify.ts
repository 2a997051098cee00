// Who is asking: by the owner's key at once, by API key, session or Google's ID token from a short memory, else from the store.
import type { Reason } from '#shared/api/reason.ts';
import { createHash } from 'node:crypto';
import { CallerError } from '#shared/failures.ts';
import { refused } from '#shared/refused.ts';
import { OWNER_ID, ownerByKey, type Principal } from '#shared/people.ts';
import { StoreUnavailable, type Clock, type Exchange } from '../ports.ts';
import type { ApiKeys, Sessions } from '../ports-people.ts';
import type { Admission, Standing } from './auth-admission.ts';
import { readSessionCookie, refuseForeign } from './auth-cookies.ts';
import { readBearer } from './auth-headers.ts';
import type { LocalSignIn } from './auth-local.ts';
import { SignInRefused } from './auth-refused.ts';
import type { Throttle } from './auth-throttle.ts';

export interface IdentifyOptions {
  readonly isOwner: (headers: Exchange['headers']) => boolean;
  readonly sessions: Sessions;
  readonly keys: ApiKeys;
  readonly admission: Admission;
  readonly throttle: Throttle;
  /** Called for each key or session that nobody has. */
  readonly onRefused: () => void;
  /** Tells of an address that guesses keys. */
  readonly onGuessing: (address: string | null) => Promise<void>;
  /** Whom Google vouches for; null where there is no sign-in with Google. Rejects with SignInRefused, which is written down by then. */
  readonly findGoogle: (token: string, exchange: Exchange) => Promise<Found | null>;
  readonly local: LocalSignIn | null;
  readonly clock: Pick<Clock, 'now'>;
  /** Whether we are only ever reached by HTTPS. */
  readonly secure: boolean;
  /** For how long an answer of the store is believed: until then a key revoked on another instance still works. */
  readonly freshMs: number;
}

export interface Identify {
  /** null when nothing was presented. Throws or rejects with CallerError when what was presented is not accepted. */
  readonly authenticate: (exchange: Exchange) => Principal | null | Promise<Principal | null>;
  /** Forgets all that is remembered: something has changed. */
  readonly forget: () => void;
}

interface Known {
  readonly principal: Principal;
  readonly checkedAtMs: number;
  /** When it ends by itself, whatever the store says. */
  readonly endsAtMs: number;
}

/** What the store, or Google, says. */
export type Found = Omit<Known, 'checkedAtMs'>;

/**
 * Wrong keys of one address within a minute: after so many it is told to wait, though a right key still works, since others may share
 * the address; after so many more, what is not known already is not even looked up.
 */
const GUESSES = 60;
const LOOKUPS = 600;
/** Presented secrets remembered at most, by hash. */
const MEMORY = 5_000;
/** While the store can't be reached, an answer this old is still believed. */
const STALE_MS = 60_000;

const refuse = (message: string, reason?: Reason): CallerError =>
  new CallerError('unauthenticated', message, reason === undefined ? {} : { reason });

const unreachable = (): CallerError =>
  new CallerError(
    'exhausted',
    "Keys and sessions can't be checked at the moment: the store can't be reached. Try again.",
    { retryable: true, retryAfterMs: 2_000, reason: refused('store_away') },
  );

/** What went wrong, in the words of whoever is refused. */
const toRefusal = async (error: unknown): Promise<unknown> =>
  error instanceof SignInRefused ? (await import('./auth-refusal.ts')).toCallerError(error) : error;

const ownerStanding: Standing = { id: OWNER_ID, role: 'owner', models: null };

async function standingOf(
  options: IdentifyOptions,
  { personId, email }: { personId: string; email: string | null },
): Promise<Standing> {
  if (email !== null) return options.admission.standing(email);
  if (personId === OWNER_ID) return ownerStanding;
  throw new SignInRefused('not_invited');
}

async function findKey(options: IdentifyOptions, text: string): Promise<Found | null> {
  const found = await options.keys.find(text);
  if (found === null) return null;
  const { personId, email, last4: _last4, createdAtMs: _created, hash: _hash, previous, ...grant } = found;
  const nowMs = options.clock.now();
  if (found.expiresAtMs !== null && found.expiresAtMs <= nowMs)
    throw refuse(`The API key "${found.name}" has expired. Make a new one, or give it more time.`);
  const standing = await standingOf(options, { personId, email });
  await options.keys.used(found.id).catch(() => undefined);
  const endsAtMs = Math.min(
    found.expiresAtMs ?? Infinity,
    previous?.untilMs !== undefined && previous.untilMs > nowMs ? previous.untilMs : Infinity,
  );
  return { principal: { ...standing, email, via: 'api_key', key: grant, sessionId: null }, endsAtMs };
}

async function findSession(options: IdentifyOptions, token: string): Promise<Found | null> {
  const { sessions, local } = options;
  const session = await sessions.find(token);
  if (session === null) throw refuse('Your session has ended. Sign in again.', refused('session_ended'));
  const isLocal = session.via === 'local';
  // Sessions of the link end when Google sign-in is set up, or when others may reach us.
  if (isLocal && local === null)
    throw refuse(
      'Sessions by link end when other ways of signing in are set up. Sign in again.',
      refused('session_ended'),
    );
  const standing = isLocal ? ownerStanding : await standingOf(options, session);
  await sessions.touch(session);
  return {
    principal: {
      ...standing,
      email: session.email,
      via: isLocal ? 'local' : 'session',
      key: null,
      sessionId: session.id,
    },
    endsAtMs: sessions.endsAtMs(session),
  };
}

function look(options: IdentifyOptions, secret: string, exchange: Exchange): Promise<Found | null> {
  if (secret.startsWith('fwy_')) return findKey(options, secret);
  if (secret.startsWith('fws_')) return findSession(options, secret);
  return secret.split('.').length === 3 ? options.findGoogle(secret, exchange) : Promise.resolve(null);
}

/** Whoever presents what nobody has: counted, written down when it becomes guessing, and told to wait from then on. */
async function refuseUnknown(
  { throttle, onRefused, onGuessing }: IdentifyOptions,
  exchange: Exchange,
  error: CallerError,
): Promise<never> {
  const address = exchange.remoteAddress;
  onRefused();
  if (throttle.failed(address) === GUESSES + 1) await onGuessing(address);
  throttle.check(address, GUESSES + 1);
  throw error;
}

/** Lets those who ask the same at the same time share one answer. */
function createShared<T>(): { ask: (name: string, act: () => Promise<T>) => Promise<T>; clear: () => void } {
  const underWay = new Map<string, Promise<T>>();
  return {
    ask: (name, act) => {
      const running = underWay.get(name);
      if (running !== undefined) return running;
      const started: Promise<T> = act().finally(() => {
        if (underWay.get(name) === started) underWay.delete(name);
      });
      underWay.set(name, started);
      return started;
    },
    clear: () => underWay.clear(),
  };
}

/** Identification over these parts. */
export function createIdentify(options: IdentifyOptions): Identify {
  const { clock, freshMs, local, throttle } = options;
  const memory = new Map<string, Known>();
  const shared = createShared<Principal>();
  let generation = 0;
  const ask = async (secret: string, exchange: Exchange, name: string): Promise<Principal> => {
    const before = memory.get(name);
    if (before === undefined) throttle.check(exchange.remoteAddress, LOOKUPS);
    const asked = generation;
    try {
      const found = await look(options, secret, exchange);
      if (found === null) throw refuse('The key that was sent is not valid: it is mistyped, or has been revoked.');
      // What changed while we asked may have made the answer wrong.
      if (asked === generation) {
        if (memory.size >= MEMORY) memory.clear();
        memory.set(name, { ...found, checkedAtMs: clock.now() });
      }
      return found.principal;
    } catch (error) {
      if (error instanceof StoreUnavailable) {
        const nowMs = clock.now();
        if (before !== undefined && Math.abs(nowMs - before.checkedAtMs) < STALE_MS && nowMs < before.endsAtMs)
          return before.principal;
        throw unreachable();
      }
      memory.delete(name);
      const refusal = await toRefusal(error);
      if (refusal instanceof CallerError) return await refuseUnknown(options, exchange, refusal);
      throw refusal;
    }
  };
  const recall = (secret: string, exchange: Exchange): Principal | Promise<Principal> => {
    const name = createHash('sha256').update(secret).digest('base64');
    const known = memory.get(name);
    const nowMs = clock.now();
    // Where the clock was set back, it seems to have been checked ahead of time.
    if (known !== undefined && Math.abs(nowMs - known.checkedAtMs) < freshMs && nowMs < known.endsAtMs)
      return guardLocal(local, known.principal, exchange);
    const asking = shared.ask(name, () => ask(secret, exchange, name));
    return asking.then((principal) => guardLocal(local, principal, exchange));
  };
  const byCookie = async (token: string, exchange: Exchange): Promise<Principal> => {
    if (exchange.method !== 'GET' && exchange.method !== 'HEAD') refuseForeign(exchange);
    return recall(token, exchange);
  };
  return {
    authenticate: (exchange) => {
      if (options.isOwner(exchange.headers)) return ownerByKey;
      const secret = readBearer(exchange.headers);
      if (secret !== null) return recall(secret, exchange);
      const token = readSessionCookie(exchange.headers, options.secure);
      return token === null ? null : byCookie(token, exchange);
    },
    forget: () => {
      generation++;
      shared.clear();
      // Whoever was known goes on being asked for, but nothing of it is believed, not even when the store is away.
      for (const [name, known] of memory) memory.set(name, { ...known, checkedAtMs: -Infinity });
    },
  };
}

/** Sessions of the link are good only where the link itself is. */
function guardLocal(
  local: LocalSignIn | null,
  principal: Principal,
  exchange: Exchange,
): Principal | Promise<Principal> {
  if (principal.via !== 'local') return principal;
  try {
    local?.guard(exchange);
  } catch (error) {
    return toRefusal(error).then((refusal) => Promise.reject(refusal));
  }
  return principal;
}
