// How many inputs go into one call: by what the candidates of one space take at once, as far as it is known, and smaller where somebody objects.
import { estimateText, PER_MESSAGE } from '../routing/estimate.ts';
import type { EmbeddingsQuestion, InputSpan } from '../wire/embeddings/question.ts';
import type { Fleet } from './fleet.ts';

/** Batches under way at once: enough to be quick, few enough to leave something to others. */
export const BATCHES_AT_ONCE = 4;
/** Estimates of tokens may be a little low. */
const TOKENS_ROOM = 0.9;

/** The size of a batch, or the most that one may have. */
export interface BatchSize {
  readonly inputs: number;
  readonly tokens: number;
}

/** Tokens of each input, estimated for all together and shared by length; those given as tokens are counted. */
export function measureInputs({ inputs, texts }: EmbeddingsQuestion): readonly number[] {
  const characters = texts.reduce((sum, { text }) => sum + text.length, 0);
  const perCharacter = characters === 0 ? 0 : estimateText(texts).tokens / characters;
  return inputs.map((input) => (typeof input === 'string' ? input.length * perCharacter + PER_MESSAGE : input.length));
}

/** The size of some of the inputs. */
export function sizeOf(tokens: readonly number[], { start, end }: InputSpan): BatchSize {
  return { inputs: end - start, tokens: tokens.slice(start, end).reduce((sum, one) => sum + one, 0) };
}

/** Who can be asked, and by how much each of them counts more tokens than are estimated. */
export interface Takers {
  readonly fleet: Fleet;
  readonly ratioOf: (index: number) => number;
}

/** What candidate `index` takes at once. More tokens than a limit ever holds are never let in, whatever the provider takes. */
function boundsOf({ fleet: { models, candidates }, ratioOf }: Takers, index: number): BatchSize {
  const { inputs = Infinity, tokens = Infinity } = models[index]?.batch ?? {};
  const held = (candidates[index]?.pools ?? [])
    .filter(({ unit, max }) => (unit === 'tokens' || unit === 'input_tokens') && max > 0)
    .map(({ max }) => max);
  return { inputs, tokens: (Math.min(tokens, ...held) * TOKENS_ROOM) / ratioOf(index) };
}

/** One input alone can't be made smaller. */
const takes = ({ inputs, tokens }: BatchSize, size: BatchSize): boolean =>
  size.inputs <= inputs && (size.tokens <= tokens || size.inputs === 1);

/** Of bounds, those by which it falls into the fewest batches. */
function widest(bounds: readonly BatchSize[], size: BatchSize): BatchSize {
  const count = ({ inputs, tokens }: BatchSize): number => Math.max(size.inputs / inputs, size.tokens / tokens);
  return bounds.reduce((best, one) => (count(one) < count(best) ? one : best));
}

export interface Fitting {
  /** Those who take it as it is. */
  readonly among: readonly number[];
  /** By which it is split first; null when it need not be. */
  readonly bounds: BatchSize | null;
}

/** Who takes a batch of this size at once, and by what it is split where nobody does, or only for money. */
export function fitBatch(takers: Takers, able: readonly number[], size: BatchSize): Fitting {
  const isFree = (index: number): boolean => takers.fleet.candidates[index]?.tier !== 'paid';
  const among = able.filter((index) => takes(boundsOf(takers, index), size));
  const free = able.filter(isFree);
  if (able.length === 0 || among.some(isFree) || (among.length > 0 && free.length === 0))
    return { among, bounds: null };
  return { among, bounds: widestOf(takers, free.length > 0 ? free : able, size) };
}

/** The widest bounds of these candidates. */
export const widestOf = (takers: Takers, candidates: readonly number[], size: BatchSize): BatchSize =>
  widest(
    candidates.map((index) => boundsOf(takers, index)),
    size,
  );

/** The inputs in batches within bounds, in their order. What is too large by itself is a batch of its own. */
export function splitInputs(tokens: readonly number[], { start, end }: InputSpan, bounds: BatchSize): InputSpan[] {
  const spans: InputSpan[] = [];
  let from = start;
  let held = 0;
  for (let at = start; at < end; at++) {
    const next = tokens[at] ?? 0;
    if (at > from && (at - from >= bounds.inputs || held + next > bounds.tokens)) {
      spans.push({ start: from, end: at });
      from = at;
      held = 0;
    }
    held += next;
  }
  return [...spans, { start: from, end }];
}

/** The bounds after a batch of so many inputs was too large. */
export const halveBatch = ({ inputs }: BatchSize): BatchSize => ({ inputs: Math.ceil(inputs / 2), tokens: Infinity });
