// Ways of authorising a call that take more than a fixed header: tokens that are fetched, and signatures over the whole request.
import type { Provider } from '#shared/catalog.ts';
import { loadOnce } from '#shared/load-once.ts';
import type { Clock, Headers, Upstream, UpstreamCall } from '../ports.ts';

/** What a signer may use. */
export interface SignerMeans {
  readonly upstream: Upstream;
  readonly clock: Pick<Clock, 'now'>;
}

/** Answers the call as it may be sent. Rejects with SigningError, or when the key can't be opened. */
export type Signer = (call: UpstreamCall, means: SignerMeans) => Promise<UpstreamCall>;

/** A call could not be authorised; the message is safe to show. */
export class SigningError extends Error {
  override readonly name = 'SigningError';
}

/** An access token, and until when it is good, ms since the epoch. */
export interface Token {
  readonly text: string;
  readonly endsAtMs: number;
}

/** Fetches tokens for one key. */
export type TokenSource = (means: SignerMeans) => Promise<Token>;

/** Tokens are renewed this long before they end, so that none ends under way. */
const EARLY_MS = 120_000;

/** Fetches a token once for all calls that need it, and again when it is about to end. */
function keepToken(source: TokenSource): TokenSource {
  let kept: Promise<Token> | null = null;
  let endsAtMs = 0;
  return (means) => {
    if (kept !== null && means.clock.now() < endsAtMs - EARLY_MS) return kept;
    endsAtMs = Infinity;
    const fetching = source(means);
    kept = fetching;
    fetching.then(
      (token) => (endsAtMs = token.endsAtMs),
      () => (kept = null),
    );
    return fetching;
  };
}

const withHeaders = (call: UpstreamCall, headers: Headers): UpstreamCall => ({
  ...call,
  headers: { ...call.headers, ...headers },
});

/** What a key may make the server do, by whose it is. */
export interface Trust {
  /** Addresses that it names may only be public ones. */
  readonly publicOnly: boolean;
  /** It may stand for the identity of the machine itself: a role, or a managed identity. */
  readonly mayBeMachine: boolean;
}

/** The key asks for what is not its person's to lend. */
const refuseMachine: Signer = () =>
  Promise.reject(
    new SigningError('The identity of this machine may be used by only its owner. Give a key of your own instead.'),
  );

/** A signer that puts a token on the call. */
function byToken(source: TokenSource): Signer {
  const keep = keepToken(source);
  return async (call, means) => withHeaders(call, { authorization: `Bearer ${(await keep(means)).text}` });
}

/** The signer that a key asks for by its shape; null when it is a plain one. Loads what it needs with the first call. */
function toSigner({ provider: { auth, signing }, baseUrl, trust }: SigningInput, key: string): Signer | null {
  const { publicOnly, mayBeMachine } = trust;
  const scheme = auth.scheme === 'google-oauth' ? auth : signing;
  if (scheme?.scheme === 'google-oauth')
    return byToken(async (means) =>
      (await import('./authorize-google.ts')).fetchGoogleToken({ key, publicOnly }, means),
    );
  if (scheme?.scheme === 'entra' && /^[0-9a-f-]{36}:[0-9a-f-]{36}:|^managed-identity(?::|$)/i.test(key)) {
    if (!mayBeMachine && /^managed-identity/i.test(key)) return refuseMachine;
    const { scope } = scheme;
    return byToken(async (means) => (await import('./authorize-entra.ts')).fetchEntraToken({ key, scope }, means));
  }
  if (scheme?.scheme === 'aws-sigv4' && /^A[A-Z0-9]{15,}:|^role$/.test(key)) {
    if (!mayBeMachine && key === 'role') return refuseMachine;
    const { service } = scheme;
    const load = loadOnce(async () => (await import('./authorize-aws.ts')).createAwsSigner({ key, service, baseUrl }));
    return async (call, means) => (await load())(call, means);
  }
  return null;
}

export interface SigningInput {
  readonly provider: Provider;
  readonly baseUrl: string;
  readonly trust: Trust;
  /** The key in the clear; absent when it is sealed, or there is none. */
  readonly apiKey: string | undefined;
  /** Opens a sealed key; null when it is not sealed. */
  readonly open: (() => string | undefined) | null;
  /** Headers that carry a plain key. */
  readonly toHeaders: (apiKey: string | undefined) => Headers;
}

/** What signs a credential's calls; null when fixed headers are all it takes. */
export function createSigner(input: SigningInput): Signer | null {
  const { provider, apiKey, open, toHeaders } = input;
  if (provider.signing === undefined && provider.auth.scheme !== 'google-oauth') return null;
  if (open === null) return apiKey === undefined ? null : toSigner(input, apiKey);
  // The key is seen only at the moment of use; signers are kept as long as it is the same.
  let known: { readonly key: string; readonly signer: Signer | null } | null = null;
  return async (call, means) => {
    const key = open() ?? '';
    if (known?.key !== key) known = { key, signer: toSigner(input, key) };
    return known.signer === null ? withHeaders(call, toHeaders(key)) : known.signer(call, means);
  };
}
