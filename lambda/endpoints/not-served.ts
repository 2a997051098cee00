// URLs of OpenAI's and Google's APIs that Freeway does not serve: why, and what to do instead.
import { CallerError } from '#shared/failures.ts';
import type { Endpoint } from './endpoint.ts';

const reasons = {
  responses:
    'Freeway keeps no responses, so none can be fetched, listed, cancelled or deleted, nor is one compacted here. ' +
    'Keep what POST /v1/responses answers, and send the whole conversation in "input" with "store": false.',
  conversations:
    'Freeway keeps no conversations. Send the whole conversation in "input" of POST /v1/responses with "store": false.',
  interactions:
    "Freeway serves no interactions, which are kept by Google. Use models.generateContent of Google's client instead.",
  images:
    'Freeway makes pictures from words alone: use POST /v1/images/generations. To have a picture changed, call a provider that does it directly.',
} as const;

/** What is asked for in vain. */
export type NotServed = keyof typeof reasons;

/** Refuses whatever is asked, with CallerError `not_found`. */
export const createNotServedEndpoint =
  (what: NotServed): Endpoint =>
  () => {
    throw new CallerError('not_found', reasons[what]);
  };
