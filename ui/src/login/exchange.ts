// What the sign-in document says to the server, without the schemas of the app, which would double its size.

import { pageLanguage } from '../lib/messages.ts';
import { sayNotLetIn } from '../lib/sign-in-refusals.ts';

/** What this document must know to show Google's button. */
export interface SignIn {
  /** null where people do not sign in with Google. */
  readonly clientId: string | null;
  readonly nonce: string | null;
  readonly signedIn: boolean;
  readonly refusal: string | null;
}

type Json = Readonly<Record<string, unknown>>;

const toObject = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});
const toText = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** In words of the page's own; null: the server's say it. */
function sayRefusal({ what, values }: Json): string | null {
  const { reason, email } = toObject(values);
  return what === 'sign_in' ? sayNotLetIn(reason, email, pageLanguage()) : null;
}

async function call(path: string, init: RequestInit): Promise<Json> {
  const response = await fetch(path, { credentials: 'same-origin', ...init });
  const body = toObject(await response.json().catch(() => null));
  if (response.ok) return body;
  const { message, why } = toObject(body['error']);
  throw new Error(sayRefusal(toObject(why)) ?? toText(message) ?? `The server answered ${String(response.status)}.`);
}

/** GET /api/session. Rejects with the server's own words. */
export async function readSignIn(): Promise<SignIn> {
  const state = await call('/api/session', {});
  return {
    clientId: toText(state['client_id']),
    nonce: toText(state['nonce']),
    signedIn: state['person'] !== null && state['person'] !== undefined,
    refusal: toText(state['refusal']),
  };
}

/** POST /api/session/google: Google's ID token for a session of our own. Rejects with the reason of a refusal. */
export async function exchangeCredential(credential: string, nonce: string): Promise<void> {
  await call('/api/session/google', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ credential, nonce }),
  });
}
