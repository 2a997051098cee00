// The x-freeway-* headers of a reply: which route answered, on whose key, for what price, after what.
import type { Attempt, CallerError } from '#shared/failures.ts';
import { toHeaderText } from '#shared/header-text.ts';
import type { Receipt } from '../gateway/answer.ts';
import type { Headers } from '../ports.ts';
import type { Candidate } from '../routing/types.ts';

/** A candidate's names as headers can tell them, made once. */
const named = new WeakMap<Candidate, Readonly<Record<'route' | 'credential', string>>>();

function namesOf(candidate: Candidate): Readonly<Record<'route' | 'credential', string>> {
  let names = named.get(candidate);
  if (names === undefined)
    named.set(
      candidate,
      (names = { route: toHeaderText(candidate.route), credential: toHeaderText(candidate.credential) }),
    );
  return names;
}

const MAX_TRAIL = 2_000;

/** Failed attempts as `route=failure(ms)`, oldest first. */
export function toTrail(attempts: readonly Attempt[]): string {
  const trail = attempts.map(({ route, failure, ms }) => `${toHeaderText(route)}=${failure ?? 'ok'}(${ms})`).join(', ');
  return trail.length <= MAX_TRAIL ? trail : `${trail.slice(0, MAX_TRAIL)}...`;
}

/** Up to ten significant digits, never in exponent form. */
const toUsd = (usd: number): string => (usd === 0 ? '0' : usd.toFixed(10).replace(/\.?0+$/, ''));

/** Headers of a successful reply. */
export function toReceiptHeaders(receipt: Receipt, requestId: string, contentType: string): Record<string, string> {
  const { candidate, attempts, waitedMs, costUsd, dropped, mended } = receipt;
  const { route, credential } = namesOf(candidate);
  const headers: Record<string, string> = {
    'content-type': contentType,
    'x-freeway-request-id': requestId,
    'x-freeway-route': route,
    'x-freeway-credential': credential,
    'x-freeway-tier': candidate.tier,
    'x-freeway-attempts': String(attempts.length + 1),
    'x-freeway-wait-ms': String(Math.round(waitedMs)),
  };
  if (costUsd !== null) headers['x-freeway-cost-usd'] = toUsd(costUsd);
  if (attempts.length > 0) headers['x-freeway-trail'] = toTrail(attempts);
  if (dropped !== undefined) headers['x-freeway-dropped'] = toHeaderText(dropped.join(', ')).slice(0, MAX_TRAIL);
  if (mended !== undefined) headers['x-freeway-mended'] = mended.join(', ');
  return headers;
}

/** Headers of an error: what was tried. The route is that of the last attempt. */
export function toFailureHeaders({ attempts, waitedMs }: CallerError): Headers {
  const last = attempts.at(-1);
  return {
    'x-freeway-attempts': String(attempts.length),
    'x-freeway-wait-ms': String(Math.round(waitedMs)),
    ...(last === undefined
      ? {}
      : {
          'x-freeway-route': toHeaderText(last.route),
          'x-freeway-credential': toHeaderText(last.credential),
          'x-freeway-tier': last.tier,
          'x-freeway-trail': toTrail(attempts),
        }),
  };
}
