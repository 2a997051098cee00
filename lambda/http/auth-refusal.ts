// What is told to whoever is not let in: a sentence for each reason.
import { CallerError } from '#shared/failures.ts';
import { refused, type SignInReason } from '#shared/refused.ts';
import type { SignInRefused } from './auth-refused.ts';

/** Sentences by reason; `%` stands for the address. */
const sentences: Readonly<Record<SignInReason, string>> = {
  malformed: 'What was sent is no ID token of Google. Sign in again.',
  algorithm: "The ID token is not signed the way Google signs them (RS256). It can't be trusted.",
  unknown_signer: 'The ID token was signed with a key that Google does not publish. Sign in again.',
  forged: 'The signature of the ID token is wrong: it was changed, or Google did not make it.',
  expired: 'The ID token has expired. Sign in again.',
  not_yet_valid: 'The ID token is from the future. Check the clock of this server.',
  wrong_audience:
    'The ID token was made for another application. Check that the page and the server use the same GOOGLE_CLIENT_ID.',
  wrong_issuer: 'The ID token was not issued by accounts.google.com.',
  email_unverified: 'Google has not verified the address %. Verify it with Google, then sign in again.',
  nonce_missing: 'The ID token carries no nonce of this server. Reload the page and sign in again.',
  nonce_unknown: 'The sign-in took too long, or began elsewhere. Please click once more.',
  nonce_used: 'This sign-in has been used already. Please click once more.',
  not_invited: '% is not on the invite list. Ask an admin for an invitation, or use another account.',
  not_managed:
    '% is a Google account that its domain does not manage, and only the domain as a whole is on the invite list. Ask an admin to invite this very address.',
  invitation_expired: 'The invitation of % has expired. Ask an admin to extend it.',
  unknown_role:
    '% has a role here that a later version of Freeway has given. Ask the owner for another, or to finish the update.',
  blocked: '% has been blocked by an admin.',
  other_account:
    '% belongs to another Google account than before. An admin must remove the old entry and invite again.',
  google_unreachable:
    "Google's certificates can't be read at the moment, so nobody can sign in with Google. Try again in a minute.",
  google_off: 'Sign-in with Google is not set up here.',
  local_off:
    'Sign-in by link works only on the machine that Freeway runs on, and only while no Google sign-in is set up.',
  local_proxied:
    'Sign-in by link works only directly on this machine: not through a proxy, and only at 127.0.0.1 or localhost.',
  wrong_token:
    'The link has been used already, or is not the one that the last start printed. Start Freeway again for a new one, or paste the owner key.',
};

const unavailable: ReadonlySet<SignInReason> = new Set(['google_unreachable']);
/** Who they are is known; it is just not enough. */
const known: ReadonlySet<SignInReason> = new Set([
  'email_unverified',
  'not_invited',
  'not_managed',
  'invitation_expired',
  'unknown_role',
  'blocked',
  'other_account',
  'google_off',
  'local_off',
  'local_proxied',
]);

/** The refusal as its person reads it. */
export function toCallerError({ reason, email }: SignInRefused): CallerError {
  const message = sentences[reason].replace('%', email ?? 'This address');
  const told = { reason: refused('sign_in', { reason, email: email ?? '' }) };
  if (unavailable.has(reason))
    return new CallerError('exhausted', message, { ...told, retryable: true, retryAfterMs: 60_000 });
  return new CallerError(known.has(reason) ? 'forbidden' : 'unauthenticated', message, told);
}
