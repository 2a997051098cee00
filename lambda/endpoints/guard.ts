// Shows prompts to the installation's guards, where it has any.
import { applyGuards } from '../gateway/guards.ts';
import { toRecord, toText } from '../wire/json.ts';
import type { TranscriptionQuestion } from '../wire/transcription/question.ts';
import { principalOf, type EndpointDeps, type Visit } from './endpoint.ts';

/** A question as guards see it. */
interface Asked {
  readonly model: string;
  readonly texts: readonly { readonly text: string; readonly role?: string }[];
}

/** The body after all guards: the very same when nothing was written anew. Rejects with CallerError. */
export async function guardBody(
  { guards = [], log, metrics }: EndpointDeps,
  visit: Visit,
  { json, operation, read }: { json: unknown; operation: string; read: (json: unknown) => Asked },
): Promise<unknown> {
  if (guards.length === 0) return json;
  const { model, texts } = read(json);
  const shown = texts.map(({ text, role = 'user' }) => ({ role, text }));
  const prompt = { texts: shown, model, operation, personId: principalOf(visit).id, json };
  return applyGuards({ guards, log, metrics }, prompt);
}

/** A transcription as guards leave it: its prompt is all that is written in it. Rejects with CallerError. */
export async function guardSound(
  deps: EndpointDeps,
  visit: Visit,
  question: TranscriptionQuestion,
): Promise<TranscriptionQuestion> {
  const { model, prompt, task } = question;
  if (prompt === null) return question;
  const read = (json: unknown): Asked => ({ model, texts: [{ text: toText(toRecord(json)['prompt']) ?? '' }] });
  const operation = task === 'translate' ? 'translation' : 'transcription';
  const json = await guardBody(deps, visit, { json: { prompt }, operation, read });
  return { ...question, prompt: toText(toRecord(json)['prompt']) };
}
