// What somebody may do by now who asked for something that goes on without them, such as a batch.
import { CallerError } from '#shared/failures.ts';
import { OWNER_ID, ownerByKey, type ApiKeyGrant, type Principal } from '#shared/people.ts';
import type { Clock } from '../ports.ts';
import type { ApiKeys, PrincipalRef } from '../ports-people.ts';
import type { Admission } from './auth-admission.ts';
import { toCallerError } from './auth-refusal.ts';
import { SignInRefused } from './auth-refused.ts';

export interface RenewOptions {
  readonly keys: Pick<ApiKeys, 'get'>;
  readonly admission: Pick<Admission, 'standing'>;
  readonly clock: Pick<Clock, 'now'>;
}

const refuse = (message: string): CallerError => new CallerError('unauthenticated', message);

async function findGrant(
  { keys, clock }: RenewOptions,
  { id, name }: NonNullable<PrincipalRef['key']>,
): Promise<ApiKeyGrant> {
  const found = await keys.get(id);
  if (found === null) throw refuse(`The API key "${name}", by which this was asked for, has been revoked.`);
  if (found.expiresAtMs !== null && found.expiresAtMs <= clock.now())
    throw refuse(`The API key "${name}", by which this was asked for, has expired.`);
  const {
    personId: _person,
    email: _email,
    last4: _last4,
    createdAtMs: _created,
    hash: _hash,
    previous: _,
    ...grant
  } = found;
  return grant;
}

/** Rejects with CallerError `unauthenticated` when the person, or the key, may come in no more. */
export async function renewPrincipal(
  options: RenewOptions,
  { personId, email, key: ref }: PrincipalRef,
): Promise<Principal> {
  const key = ref === null ? null : await findGrant(options, ref);
  if (email === null) {
    if (personId !== OWNER_ID) throw refuse('Whoever asked for this is not known here any more.');
    return { ...ownerByKey, key };
  }
  try {
    const standing = await options.admission.standing(email);
    return { ...standing, email, via: key === null ? 'session' : 'api_key', key, sessionId: null };
  } catch (error) {
    throw error instanceof SignInRefused ? toCallerError(error) : error;
  }
}
