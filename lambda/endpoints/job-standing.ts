// Who asks for a job by now: work that goes on after its request ends with the key or the person it goes on for.
import { CallerError } from '#shared/failures.ts';
import type { ApiKeyGrant } from '#shared/people.ts';
import type { TranscriptionJob } from '#shared/transcription-job.ts';
import { allow, type ApiDeps } from './api/route.ts';
import { principalOf, type Visit } from './endpoint.ts';

const ended = (name: string, how: string): CallerError =>
  new CallerError(
    'unauthenticated',
    `The API key "${name}", with which this transcription was started, ${how}. What is transcribed is kept: start it again with another key, or in the web app.`,
  );

async function grantNow({ identity, clock }: ApiDeps, { id, name }: ApiKeyGrant): Promise<ApiKeyGrant> {
  const found = await identity.keys.get(id);
  if (found === null) throw ended(name, 'has been revoked');
  if (found.expiresAtMs !== null && found.expiresAtMs <= clock.now()) throw ended(name, 'has expired');
  return found;
}

/** The same visit with what its person and key may do by now. Rejects with CallerError when that is no longer this job. */
export async function toPresent(deps: ApiDeps, visit: Visit, { personId }: TranscriptionJob): Promise<Visit> {
  const before = principalOf(visit);
  const key = before.key === null ? null : await grantNow(deps, before.key);
  const standing = before.email === null ? before : await (await deps.identity.signIn()).standing(before.email);
  const { id, role, models } = standing;
  const present = { ...visit, principal: { ...before, id, role, models, key } };
  allow(present, 'change', { kind: 'transcription', ownerId: personId });
  return present;
}
