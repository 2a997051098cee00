// All operations of one body and one reply, by the kind of model that carries them out.
import { toEmbedErrand } from './embed.ts';
import { toImageErrand } from './image.ts';
import { toModerationErrand } from './moderate.ts';
import type { Errand } from './plain.ts';
import { toSpeechErrand } from './speech.ts';

/** Reads a body of each kind. Throws CallerError `invalid_request` naming the field at fault. */
export const errands: Readonly<Record<Errand['name'], (json: unknown) => Errand>> = {
  embedding: toEmbedErrand,
  image: toImageErrand,
  speech: toSpeechErrand,
  moderation: toModerationErrand,
};
