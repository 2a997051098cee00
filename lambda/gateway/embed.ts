// Embeddings as an operation: vectors of different models can't be compared, so only the same model of the same length stands in.
import { CallerError } from '#shared/failures.ts';
import type { Tier } from '../routing/types.ts';
import { stillServed, type Selector } from '../routing/selector.ts';
import { parseEmbeddings, renderEmbeddings, type EmbeddingsQuestion } from '../wire/embeddings/question.ts';
import { toWay } from '../wire/embeddings/aimed.ts';
import { mindingBatches } from '../wire/embeddings/refusal.ts';
import { parseVectors, renderVectors, type Embeddings, type WriteVectors } from '../wire/embeddings/reply.ts';
import type { Fleet } from './fleet.ts';
import type { Errand } from './plain.ts';
import { createReplyReader } from './read-reply.ts';

const tiers: readonly Tier[] = ['free', 'local', 'paid'];

/** Whether candidate `index` makes vectors of the length asked for, as far as anybody knows. */
function makesLength(fleet: Fleet, index: number, wanted: number | null): boolean {
  const most = fleet.models[index]?.dimensions;
  return wanted === null || most === undefined || wanted <= most;
}

/** What vectors must have in common to be compared: the model, and how many numbers they have. */
const spaceOf = (fleet: Fleet, index: number, wanted: number | null): string =>
  `${fleet.candidates[index]?.family} ${wanted ?? fleet.models[index]?.dimensions ?? 'unknown'}`;

/**
 * The candidates of one model and length. A name that means several, such as `auto`, is always taken for the same one as long as the
 * fleet is the same: the one of that very name, else the cheapest, by name among equals; whatever happens to it, no other one stands in
 * before it has retired.
 */
function narrow(
  selector: Selector,
  { fleet, nowMs }: { readonly fleet: Fleet; readonly nowMs: number },
  { dimensions }: EmbeddingsQuestion,
): Selector {
  const named = [...(selector.among ?? fleet.candidates.keys())].filter(
    (index) => fleet.candidates[index]?.kind === 'embedding',
  );
  const meant = stillServed(named, fleet.candidates, nowMs);
  if (meant.length === 0) return { ...selector, among: meant };
  const able = meant.filter((index) => makesLength(fleet, index, dimensions));
  if (able.length === 0)
    throw new CallerError(
      'invalid_request',
      `dimensions is ${dimensions}, but "${selector.name}" makes vectors of at most ${Math.max(...meant.map((index) => fleet.models[index]?.dimensions ?? 0))} numbers. Ask for no more than that.`,
      { param: 'dimensions' },
    );
  const rankOf = (index: number): number => {
    const { modelId = '', tier = 'paid' } = fleet.candidates[index] ?? {};
    return (selector.name.endsWith(modelId) ? 0 : tiers.length) + tiers.indexOf(tier);
  };
  const [first = 0] = able.toSorted(
    (a, b) => rankOf(a) - rankOf(b) || (spaceOf(fleet, a, dimensions) < spaceOf(fleet, b, dimensions) ? -1 : 1),
  );
  const space = spaceOf(fleet, first, dimensions);
  return { ...selector, among: able.filter((index) => spaceOf(fleet, index, dimensions) === space) };
}

function toErrand(question: EmbeddingsQuestion, write: WriteVectors): Errand {
  const longest = Math.max(0, ...question.texts.map(({ text }) => text.length / 4));
  return {
    name: 'embedding',
    question,
    takes: { inputTokens: question.givenTokens, longestInputTokens: Math.max(longest, question.longestGiven) },
    path: { key: 'embeddings', usual: '/embeddings' },
    accept: 'application/json',
    patience: { longestMs: 60_000, usualMs: 8_000 },
    streamed: false,
    narrow: (selector, fleet, nowMs) => narrow(selector, { fleet, nowMs }, question),
    left: (target, model) => toWay(question, target, model).told.left,
    way: (target, model) => toWay(question, target, model).aimed,
    render: (target, model) => renderEmbeddings(question, target, model),
    read: ({ dialect: plain, context, model }) => {
      const dialect = question.inputs.length > 1 ? mindingBatches(plain) : plain;
      return createReplyReader({
        dialect,
        context,
        read: (body) => {
          const around = { dialect, nowMs: context.nowMs(), native: model.dimensions ?? null, aimed: model.aimed };
          const parsed = parseVectors(body.toString('utf8'), question, around);
          if ('failure' in parsed) return parsed;
          const { embeddings } = parsed;
          return {
            body: write(embeddings, embeddings.model ?? model.id),
            contentType: 'application/json',
            usage: embeddings.usage,
          };
        },
      });
    },
  };
}

/** The errand for a question that came in any format, whose vectors are written in the same. */
export function toVectorsErrand(question: EmbeddingsQuestion, write: WriteVectors): Errand {
  const errand = toErrand(question, write);
  return question.inputs.length > 1 ? { ...errand, divisible: { question, write } } : errand;
}

/** Reads the body of a request for embeddings in OpenAI's format. Throws CallerError `invalid_request`. */
export function toEmbedErrand(json: unknown): Errand {
  const question = parseEmbeddings(json);
  return toVectorsErrand(question, (embeddings, model) => renderVectors(embeddings, question, model));
}

/** The errand for one of several batches. Nothing is written for the caller yet. */
export const toBatchErrand = (question: EmbeddingsQuestion, onVectors: (made: Embeddings) => void): Errand =>
  toErrand(question, (embeddings, model) => {
    onVectors({ ...embeddings, model });
    return '';
  });
