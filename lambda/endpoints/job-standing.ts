// Who asks for a job by now: work that goes on after its request ends with the key or the person it goes on for.
import { CallerError } from '#shared/failures.ts';
import type { TranscriptionJob } from '#shared/transcription-job.ts';
import { allow, type ApiDeps } from './api/route.ts';
import { principalOf, type Visit } from './endpoint.ts';

/** What is wrong, and what becomes of the job. */
export const toEnd = ({ code, message }: CallerError): CallerError =>
  new CallerError(code, `${message} What is transcribed is kept: start it again with another key, or in the web app.`);

/** The same visit with what its person and key may do by now. Rejects with CallerError when that is no longer this job. */
export async function toPresent(
  { identity }: Pick<ApiDeps, 'identity'>,
  visit: Visit,
  { personId }: Pick<TranscriptionJob, 'personId'>,
): Promise<Visit> {
  const { id, email, key, via, sessionId } = principalOf(visit);
  try {
    const now = await identity.renew({ personId: id, email, key });
    const present = { ...visit, principal: { ...now, via, sessionId } };
    allow(present, 'change', { kind: 'transcription', ownerId: personId });
    return present;
  } catch (error) {
    throw error instanceof CallerError ? toEnd(error) : error;
  }
}
