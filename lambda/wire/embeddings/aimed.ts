// Providers' own ways to ask for vectors of a purpose, where the way they share with OpenAI has no field for it.
import type { Model } from '#shared/catalog.ts';
import type { Json } from '../json.ts';
import { isRecord, toAmount, toList, toRecord } from '../json.ts';
import type { RequestTarget } from '../types.ts';
import { tellAim, type ToldAim } from './purpose.ts';
import type { EmbeddingsQuestion } from './question.ts';

/** How a model is asked for vectors of a purpose. */
export type Aimed = NonNullable<Model['aimed']>;

/** A request in such a way. */
interface Asking {
  readonly model: string;
  readonly texts: readonly string[];
  readonly told: ToldAim;
  readonly dimensions: number | null;
}

interface Form {
  render(asking: Asking): Json;
  /** The reply as OpenAI's; null when it is none of this form. */
  toUsual(reply: Json): Json | null;
}

const toData = (vectors: readonly unknown[]): readonly Json[] => vectors.map((embedding) => ({ embedding }));
const toUsage = (tokens: unknown): Json => (toAmount(tokens) === undefined ? {} : { usage: { prompt_tokens: tokens } });

const gemini: Form = {
  render: ({ model, texts, told: { fields, titles }, dimensions }) => ({
    requests: texts.map((text, index) => ({
      model: `models/${model}`,
      content: { parts: [{ text }] },
      ...fields,
      title: titles?.[index] ?? undefined,
      outputDimensionality: dimensions ?? undefined,
    })),
  }),
  toUsual: ({ embeddings, usageMetadata }) =>
    Array.isArray(embeddings)
      ? {
          data: toData(embeddings.map((one) => toRecord(one)['values'])),
          ...toUsage(toRecord(usageMetadata)['promptTokenCount']),
        }
      : null,
};

const cohere: Form = {
  render: ({ model, texts, told: { fields }, dimensions }) => ({
    model,
    texts,
    ...fields,
    embedding_types: ['float'],
    output_dimension: dimensions ?? undefined,
  }),
  toUsual: ({ embeddings, meta }) =>
    isRecord(embeddings)
      ? {
          data: toData(toList(embeddings['float'])),
          ...toUsage(toRecord(toRecord(meta)['billed_units'])['input_tokens']),
        }
      : null,
};

const forms: Readonly<Record<Aimed['form'], Form>> = { gemini, cohere };

/** What a target is told of the purpose, and the way of its own in which; null: the usual one. */
export interface Way {
  readonly told: ToldAim;
  readonly aimed: Aimed | null;
}

/** The way to one target. Tokens can only be sent in the usual one. */
export function toWay(
  { aim, inputs }: EmbeddingsQuestion,
  target: Pick<RequestTarget, 'model' | 'quirks'>,
  { aimed }: Pick<Model, 'aimed'>,
): Way {
  const told = tellAim(aim, target);
  if (aimed === undefined || Object.keys(told.fields).length === 0) return { told, aimed: null };
  if (inputs.every((input) => typeof input === 'string')) return { told, aimed };
  return { told: tellAim(aim, { ...target, quirks: [] }), aimed: null };
}

/** The request in a way of its own. */
export const renderAimed = ({ inputs }: EmbeddingsQuestion, { form }: Aimed, asking: Omit<Asking, 'texts'>): string =>
  JSON.stringify(forms[form].render({ ...asking, texts: inputs.map(String) }));

/** A reply in a way of its own as OpenAI's; others as they are. */
export function toUsualReply(reply: unknown, aimed: Aimed | undefined): unknown {
  if (aimed === undefined || !isRecord(reply) || reply['data'] !== undefined) return reply;
  return forms[aimed.form].toUsual(reply) ?? reply;
}
