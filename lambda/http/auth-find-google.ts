// Whom a program is that presents Google's ID token instead of a key; refusals stand in the audit.
import type { Audit } from '../ports-people.ts';
import type { Admission } from './auth-admission.ts';
import type { ReadGoogleToken } from './auth-google.ts';
import type { IdentifyOptions } from './auth-identify.ts';
import { toCallerError } from './auth-refusal.ts';
import { SignInRefused } from './auth-refused.ts';

export interface FindGoogleOptions {
  readonly read: ReadGoogleToken;
  readonly admission: Admission;
  readonly audit: Pick<Audit, 'write'>;
}

/** Finds by a token of Google's who is let in. */
export function createFindGoogle({ read, admission, audit }: FindGoogleOptions): IdentifyOptions['findGoogle'] {
  return async (token, exchange) => {
    try {
      const identity = await read(token);
      const { email, expiresAtMs } = identity;
      const standing = await admission.enter(identity);
      const principal = { ...standing, email, via: 'google_token', key: null, sessionId: null } as const;
      return { principal, endsAtMs: expiresAtMs };
    } catch (error) {
      if (error instanceof SignInRefused) {
        const detail = `${error.reason}: ${toCallerError(error).message}`;
        const origin = { principal: null, address: exchange.remoteAddress, requestId: null };
        await audit.write({ action: 'sign_in_refused', target: error.email, detail }, origin);
      }
      throw error;
    }
  };
}
