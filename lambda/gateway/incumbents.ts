// Remembers who answered the last turn of each conversation: what providers keep of a prompt is cheaper there, and answers go on as they began. Of this instance alone; a preference, never a promise.
import type { Candidate } from '../routing/types.ts';
import { toFingerprint } from '../routing/fingerprint.ts';
import type { TextPiece } from '../wire/types.ts';

/** What providers keep of a prompt lasts for minutes; people who come back later don't mind who answers. */
const KEPT_MS = 30 * 60_000;
const MOST_KEPT = 1_000;
/** Conversations are told apart by so much of what they begin with. */
const HEAD = 160;

/** Who asks for what, and how the conversation begins. */
export interface Opening {
  readonly askerId: string;
  readonly model: string;
  readonly texts: readonly TextPiece[];
}

interface Turn {
  readonly answeredBy: Candidate;
  readonly atMs: number;
}

export interface Incumbents {
  /** Index of the candidate that answered the conversation last; undefined: nobody remembers, or it is gone. */
  find(opening: Opening, candidates: readonly Candidate[]): number | undefined;
  note(opening: Opening, candidate: Candidate): void;
}

/** Fleets are made anew when credentials change: then the same candidate is another object, at another place. */
const isSame = (one: Candidate | undefined, other: Candidate): boolean =>
  one === other || (one?.route === other.route && one.credentialId === other.credentialId);

/** Conversations that begin alike are one: an agent's, mostly, which shares its prompt with itself. */
function toName({ askerId, model, texts }: Opening): string {
  const heads = (['system', 'user'] as const).map((role) => {
    const text = texts.find((piece) => piece.role === role)?.text ?? '';
    return `${text.length} ${text.slice(0, HEAD)}`;
  });
  return toFingerprint(JSON.stringify([askerId, model, ...heads]));
}

/** Remembers nobody yet. */
export function createIncumbents(now: () => number): Incumbents {
  const turns = new Map<string, Turn>();
  return {
    find: (opening, candidates) => {
      const last = turns.get(toName(opening));
      if (last === undefined || now() - last.atMs > KEPT_MS) return undefined;
      const index = candidates.findIndex((candidate) => isSame(candidate, last.answeredBy));
      return index < 0 ? undefined : index;
    },
    note: (opening, candidate) => {
      const name = toName(opening);
      turns.delete(name);
      turns.set(name, { answeredBy: candidate, atMs: now() });
      const [oldest] = turns.keys();
      if (turns.size > MOST_KEPT && oldest !== undefined) turns.delete(oldest);
    },
  };
}

const kept = new WeakMap<object, Incumbents>();

/** Those of one Freeway, which `owner` stands for. */
export function incumbentsOf(owner: { readonly clock: { now(): number } }): Incumbents {
  const known = kept.get(owner) ?? createIncumbents(() => owner.clock.now());
  kept.set(owner, known);
  return known;
}
