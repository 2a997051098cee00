// What requests have in common that are one body and get one reply: embeddings, images, speech, moderation in the OpenAI formats.
import type { RequestTarget } from './types.ts';
import type { Json } from './json.ts';
import { isRecord, toText } from './json.ts';
import { foreignFieldsOf } from './foreign-names.ts';
import { bendBody, takesRouting } from './openai-chat/quirks.ts';
import { fail } from './openai-chat/fields.ts';

/** As far as routing must understand it. `body` is the caller's own JSON, unknown fields and all. */
export interface PlainQuestion {
  readonly model: string;
  /** The `freeway` body field, unchecked; null when absent. */
  readonly controls: unknown;
  /** What will be tokenised. */
  readonly texts: readonly { readonly role: 'user'; readonly text: string }[];
  readonly body: Json;
  /** Fields of the caller that have no place in it; absent: there are none. */
  readonly dropped?: readonly string[];
  /** Fields of `body` that are words of other routers; absent: it has none. */
  readonly foreign?: readonly string[];
}

/** The part that all of them share. `texts` are read by the caller of this. Throws CallerError `invalid_request`. */
export function readPlain(json: unknown, texts: (body: Json) => readonly string[]): PlainQuestion {
  if (!isRecord(json)) return fail('', 'a JSON object', json);
  const { model } = json;
  const named = model === undefined || model === null ? 'auto' : toText(model);
  const foreign = foreignFieldsOf(json, true);
  return {
    model: named ?? fail('model', 'a non-empty string', model),
    controls: json['freeway'] ?? null,
    texts: texts(json).map((text) => ({ role: 'user' as const, text })),
    body: json,
    ...(foreign.length === 0 ? {} : { foreign }),
  };
}

/** Words of other routers that a target is not told: but for where to go, which one that is a router knows, all of them. */
export const unheededBy = (
  { foreign = [] }: PlainQuestion,
  target: Pick<RequestTarget, 'quirks' | 'model'>,
): string[] => foreign.filter((name) => name !== 'provider' || !takesRouting(target));

/** The body for one target: its model, its quirks, without what was refused before and without what is only ours. `edits` are laid over it; undefined removes. */
export function renderPlain(question: PlainQuestion, target: RequestTarget, edits: Json = {}): string {
  const rest: Record<string, unknown> = { ...question.body };
  for (const name of ['freeway', ...unheededBy(question, target)]) delete rest[name];
  // Values are set for chats only.
  const quirks = target.quirks.filter(({ kind }) => kind !== 'set');
  return JSON.stringify(bendBody({ ...rest, ...edits, model: target.model }, { ...target, quirks }));
}
