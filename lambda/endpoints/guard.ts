// Shows prompts to the installation's guards, where it has any.
import { applyGuards } from '../gateway/guards.ts';
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
