// What is told when the models that were asked for do another kind of work, with those that would do.
import type { ModelKind } from '#shared/catalog.ts';
import { CallerError } from '#shared/failures.ts';
import { refused } from '#shared/refused.ts';
import type { DecideInput } from '../routing/decide.ts';

type Meant = Pick<DecideInput, 'candidates' | 'selector'>;

/** So many models are named. */
const MOST_NAMED = 5;
/** What models of each kind are for. */
const purposes: Readonly<Record<ModelKind, string>> = {
  chat: 'chats',
  embedding: 'embeddings',
  image: 'images',
  speech: 'speech',
  transcription: 'transcription',
  moderation: 'moderation',
};

/** None of the models that were meant is for such requests. */
export function toOtherKind({ candidates, selector }: Meant, kind: ModelKind): CallerError {
  const able = new Set(candidates.filter((candidate) => candidate.kind === kind).map(({ family }) => family));
  const wanted = purposes[kind];
  // Whoever chooses among models for vectors has left out all others before.
  const cause = /^auto(?::|$)/i.test(selector.name)
    ? `No credential is configured that serves ${wanted}.`
    : `"${selector.name}" is no model for ${wanted}.`;
  const names = [...able].slice(0, MOST_NAMED).map((name) => `"${name}"`);
  const advice =
    able.size === 0 ? 'To have some, add a provider key that serves them.' : `Ask for ${names.join(' or ')}.`;
  const why = able.size === 0 ? { reason: refused('nobody_serves') } : {};
  return new CallerError('no_candidate', `${cause} ${advice}`, { param: 'model', ...why });
}
