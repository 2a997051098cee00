// Says what kind of work a request is and how large a model it needs, from bounded looks at its text. No network, no model, no clock.
import { modelSizes } from '#shared/catalog.ts';
import { createHints, type Hints } from './classify-hints.ts';
import { roleSignals, textSignals, type TextSignal } from './classify-signals.ts';
import { tasks, type Classification, type Signal, type Task } from './types.ts';

/** What the classifier looks at. Texts are in the order of the conversation. */
export interface ClassifyInput {
  readonly texts: readonly {
    readonly role: 'system' | 'user' | 'assistant' | 'tool' | 'tools';
    readonly text: string;
  }[];
  readonly images: readonly unknown[];
  readonly toolCount: number;
  readonly needs: { readonly json: boolean; readonly reasoning: boolean };
  readonly maxOutputTokens: number | null;
}

/** Characters looked at: the beginning and the end of the last message say what is wanted, what lies between is material. */
const HEAD = 800;
const TAIL = 300;
const SYSTEM_HEAD = 800;
/** A follow-up shorter than this takes its kind from the turn before. */
const SHORT_FOLLOW_UP = 60;
/** Texts longer than this may name many conditions. */
const LONG_SENTENCES = 350;
/** Points from which a large, and a reasoning model is needed. */
const LARGE_FROM = 2;
const REASONING_FROM = 4;

interface Score {
  readonly points: Record<Task, number>;
  readonly signals: Signal[];
  size: number;
}

const endsOf = (text: string): string =>
  text.length <= HEAD + TAIL ? text : `${text.slice(0, HEAD)}\n${text.slice(-TAIL)}`;

function apply(score: Score, signal: { name: string; task?: Task; weight?: number; size?: number }, share = 1): void {
  const weight = (signal.weight ?? 0) * share;
  const size = (signal.size ?? 0) * share;
  if (signal.task) score.points[signal.task] += weight;
  score.size += size;
  score.signals.push({ name: signal.name, weight: Math.round((signal.task ? weight : size) * 100) / 100 });
}

/** What is looked for in a text, and how much of it is believed. */
interface Look {
  readonly signals: readonly TextSignal[];
  readonly hints: () => Hints;
  readonly share: number;
}

/** Made for the first request. */
function hintsFor(signals: readonly TextSignal[]): () => Hints {
  let hints: Hints | null = null;
  return () => (hints ??= createHints(signals));
}

const inTexts: Look = { signals: textSignals, hints: hintsFor(textSignals), share: 1 };
const inRoles: Look = { signals: roleSignals, hints: hintsFor(roleSignals), share: 1 };
const inTurnBefore: Look = { ...inTexts, share: 0.6 };

function look(score: Score, text: string, { signals, hints, share }: Look): void {
  const found = hints()(text);
  for (let index = 0; index < signals.length; index++) {
    const signal = signals[index] as TextSignal;
    if ((found & (1 << index)) !== 0 && signal.pattern.test(text)) apply(score, signal, share);
  }
}

/** What the shape of the request says, whatever its words. */
function weighShape(score: Score, input: ClassifyInput, lastLength: number): void {
  let total = 0;
  for (const { text } of input.texts) total += text.length;
  if (input.needs.json) apply(score, { name: 'JSON asked for', task: 'extraction', weight: 2 });
  if (input.needs.reasoning) apply(score, { name: 'reasoning effort asked for', size: 4 });
  if (input.toolCount > 0)
    apply(score, { name: 'tools offered', task: 'planning', weight: 0.5, size: input.toolCount > 5 ? 2 : 1 });
  if (total > 48_000) apply(score, { name: 'very long conversation', size: 2 });
  else if (total > 8_000) apply(score, { name: 'long conversation', size: 1 });
  if (lastLength > 3_000) apply(score, { name: 'long material', task: 'summarization', weight: 1 });
  if ((input.maxOutputTokens ?? 0) > 4_000) apply(score, { name: 'long answer allowed', size: 1 });
  if (input.images.length > 2) apply(score, { name: 'several pictures', size: 1 });
}

function weighRequirements(score: Score, text: string): void {
  // One line is no list.
  const items = text.includes('\n') ? (text.match(/(?:^|\n)\s*(?:\d+[.)]|[-*•])\s+\S/g)?.length ?? 0) : 0;
  if (items >= 3) apply(score, { name: 'list of requirements', size: items >= 6 ? 2 : 1 });
  if (text.length <= LONG_SENTENCES) return;
  const clauses = text.match(/[,;]|\b(?:and|und|et|y)\b/g)?.length ?? 0;
  if (clauses >= 6) apply(score, { name: 'many conditions', size: 1 });
}

/** The turn before, when the last message is only a short word about it. */
function findMomentum(texts: ClassifyInput['texts'], last: number): string | null {
  const text = texts[last]?.text ?? '';
  if (last < 1 || text.length > SHORT_FOLLOW_UP) return null;
  const before = texts.slice(0, last).findLast(({ role }) => role === 'user' || role === 'assistant');
  return before ? endsOf(before.text) : null;
}

/**
 * Classifies a request. Takes some 20 us, and the same for any size of text. `signals` name everything that spoke, with its weight. Whoever
 * knows better says so: `auto:small|large|reasoning` sets the size, a model name or `freeway.providers` overrules the whole.
 */
export function classify(input: ClassifyInput): Classification {
  const score: Score = {
    points: { chat: 1, planning: 0, summarization: 0, coding: 0, extraction: 0 },
    signals: [],
    size: 0,
  };
  const { texts } = input;
  const last = texts.findLastIndex(({ role }) => role === 'user');
  const question = texts[last]?.text ?? '';
  const text = endsOf(question);
  look(score, text, inTexts);
  const system = texts.find(({ role }) => role === 'system')?.text.slice(0, SYSTEM_HEAD);
  if (system !== undefined) look(score, system, inRoles);
  const momentum = findMomentum(texts, last);
  if (momentum !== null) look(score, momentum, inTurnBefore);
  weighRequirements(score, text);
  weighShape(score, input, question.length);
  const task = tasks.reduce(
    (best, candidate) => (score.points[candidate] > score.points[best] ? candidate : best),
    'chat',
  );
  if (task === 'coding' && text.length > 250) apply(score, { name: 'longer programming request', size: 1 });
  const size = modelSizes[score.size >= REASONING_FROM ? 2 : score.size >= LARGE_FROM ? 1 : 0] ?? 'small';
  return { task, size, signals: score.signals };
}
