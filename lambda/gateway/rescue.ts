// How an answer that broke off goes on: by the same words as its beginning, by telling it again, or by asking for the rest.
import { capabilityBits } from '../routing/capabilities.ts';
import type { Candidate } from '../routing/types.ts';
import type { Continuation } from '../wire/types.ts';
import type { Aligner } from './align.ts';
import { createShown, type Shown } from './shown.ts';

/**
 * - `prefill`: the model is given what was shown as the beginning of its own answer.
 * - `restart`: the same request again; only what is unseen of the answer is passed on.
 * - `instruct`: the model is given what was shown, and told to go on.
 */
export type ResumeMode = 'prefill' | 'restart' | 'instruct';

/** One way of going on with what was shown. */
export interface Resumption {
  readonly mode: ResumeMode;
  /** null: the caller's own question. */
  readonly continuation: Continuation | null;
  /** Holds the new content against what was shown. */
  readonly content: Aligner;
}

/** The second life of one request's answer. */
export interface Rescue {
  readonly shown: Shown;
  /** False when nothing can go on: rescue is turned off, or what was shown can't be told again. */
  possible(): boolean;
  /** How much the caller has been shown, characters of text and tool calls. */
  shownCharacters(): number;
  /** How a candidate is asked to go on; null when in no way (any more). */
  modeOf(index: number): ResumeMode | null;
  /** The way a candidate was just asked is of no use: it refused it, or answered otherwise. */
  spend(index: number): void;
  /** What a candidate is asked now; null before anything was shown. */
  resume(index: number): Resumption | null;
}

/** Less than this is not worth giving as a beginning: it could not be told apart from the answer's first words. */
const SHORTEST_PREFILL = 24;

/**
 * Ways that suit what was shown, in the order in which they are tried. Tool calls are streamed as they come, since clients show
 * their arguments while they grow; so one may break off half shown. It is never continued as text: it is only ever told again, and
 * goes on only where the new call begins exactly as the shown one did, white space between words of its JSON aside.
 */
function waysFor(shown: Shown, takesPrefill: boolean): readonly ResumeMode[] {
  if (shown.calls.size > 0 || shown.refusal !== '' || shown.content === '') return ['restart'];
  const canPrefill = takesPrefill && shown.content.trimEnd().length >= SHORTEST_PREFILL;
  return canPrefill ? ['prefill', 'restart', 'instruct'] : ['restart', 'instruct'];
}

/** Makes a way of going on of what was shown. */
export type ToResumption = (mode: ResumeMode, shown: Shown) => Resumption;

/** The rescue of one request's answer. Not `enabled`: what is shown is not kept. Without `toResumption` nothing is shown before it is whole. */
export function createRescue(
  candidates: readonly Candidate[],
  enabled: boolean,
  toResumption: ToResumption | null = null,
): Rescue {
  const shown = createShown();
  let spent: Map<number, Set<ResumeMode>> | null = null;
  const modeOf = (index: number): ResumeMode | null => {
    const capabilities = candidates[index]?.capabilities ?? 0;
    const ways = waysFor(shown, (capabilities & capabilityBits.prefill) !== 0);
    return ways.find((way) => !spent?.get(index)?.has(way)) ?? null;
  };
  const spend = (index: number): void => {
    const mode = modeOf(index);
    if (mode === null) return;
    spent ??= new Map();
    spent.set(index, new Set(spent.get(index)).add(mode));
  };
  return {
    shown,
    possible: () => enabled && !shown.opaque,
    shownCharacters: () => {
      let count = shown.content.length + shown.reasoning.length + shown.refusal.length;
      for (const call of shown.calls.values()) count += call.arguments.length;
      return count;
    },
    modeOf,
    spend,
    resume: (index) => {
      const mode = shown.body === null ? null : modeOf(index);
      return mode === null || toResumption === null ? null : toResumption(mode, shown);
    },
  };
}
