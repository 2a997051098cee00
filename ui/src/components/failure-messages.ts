// The words for how a call of a provider failed, by the server's code.
import { defineMessages } from '../lib/messages.ts';

export const failureMessages = defineMessages<Readonly<Record<string, string>>>(
  {
    rate_limited: 'limit reached',
    quota_exhausted: 'quota used up',
    overloaded: 'overloaded',
    timeout: 'too slow',
    network: 'connection broke',
    bad_credential: 'key refused',
    not_entitled: 'not on this plan',
    model_missing: 'model is gone',
    too_large: 'request too large',
    context_exceeded: 'too long for it',
    content_filtered: 'held back by its filter',
    rejected: 'refused the request',
    unexplained: 'refused without a reason',
    bad_reply: 'answered nonsense',
    cancelled: 'no longer needed',
  },
  {
    rate_limited: 'Limit erreicht',
    quota_exhausted: 'Kontingent aufgebraucht',
    overloaded: 'überlastet',
    timeout: 'zu langsam',
    network: 'Verbindung abgebrochen',
    bad_credential: 'Schlüssel abgelehnt',
    not_entitled: 'nicht in diesem Tarif',
    model_missing: 'Modell gibt es nicht mehr',
    too_large: 'Anfrage zu groß',
    context_exceeded: 'zu lang dafür',
    content_filtered: 'vom Filter zurückgehalten',
    rejected: 'hat die Anfrage abgelehnt',
    unexplained: 'hat ohne Grund abgelehnt',
    bad_reply: 'hat Unsinn geantwortet',
    cancelled: 'nicht mehr nötig',
  },
);
