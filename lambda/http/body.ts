// Rules for request bodies that hold at every entry and every way out.
import { CallerError } from '#shared/failures.ts';
import type { BodyPieces, BodySource, Headers, UpstreamCall } from '../ports.ts';

/** The error for a body past the limit. */
export function tooLarge(limitBytes: number): CallerError {
  const limit = limitBytes >= 1_048_576 ? `${Math.floor(limitBytes / 1_048_576)} MB` : `${limitBytes} bytes`;
  return new CallerError('too_large', `The body is larger than ${limit}, the most that is accepted here.`);
}

/** The error for a body of which a part never came. */
export const brokeOff = (): CallerError =>
  new CallerError('invalid_request', 'The request broke off before its body was complete.');

/** The error for a body that still comes when the server has been told to stop. */
export const stoppedShort = (): CallerError =>
  new CallerError('deadline', 'The server is being stopped before the request has come in full. Send it again.', {
    retryable: true,
  });

/** How a body is packed, as its headers say; null: not at all. */
export function packingOf(headers: Headers): string | null {
  const encoding = headers['content-encoding']?.trim().toLowerCase();
  return encoding === undefined || encoding === '' || encoding === 'identity' ? null : encoding;
}

/** Whether a body lies in pieces. */
export const inPieces = (body: UpstreamCall['body']): body is BodyPieces =>
  body !== null && typeof body === 'object' && 'pieces' in body;

/** Whether a body is read while it is sent. */
export const isSource = (body: UpstreamCall['body']): body is BodySource =>
  body !== null && typeof body === 'object' && 'open' in body;
