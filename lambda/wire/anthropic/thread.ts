// Conversations that a server holds for its callers (`thread`), which nobody does here.
import { CallerError } from '#shared/failures.ts';
import type { Json } from '../json.ts';

const FIELD = 'thread';

/** Refuses a request that begins such a conversation or goes on with one: what was said before would be missing without a word. Throws CallerError. */
export function refuseThread({ [FIELD]: thread }: Json): void {
  if (thread === undefined || thread === null) return;
  throw new CallerError(
    'invalid_request',
    'Freeway holds no conversations: leave "thread" out, and send the whole conversation in "messages".',
    { param: FIELD },
  );
}

/** What such an error says beside its message; its words let Anthropic's client go on without: @anthropic-ai/sdk 1.11, lib/internal/threads. */
export const toThreadDetails = (param: string | null): Json =>
  param === FIELD ? { details: { error_code: 'thread_unsupported_request', unsupported: [FIELD] } } : {};
