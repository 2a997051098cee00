// How a question is put to one model: what it calls each field, what it is always told, and what of the question it can't take.
import type { AudioField, Model } from '#shared/catalog.ts';
import type { TranscriptionQuestion } from './question.ts';
import type { FieldNames, TranscriptionAsk } from './types.ts';

/** What the model calls a field; null when it can't be told. */
export function nameOf(model: Model, names: FieldNames, field: AudioField): string | null {
  const own = model.ask?.names?.[field];
  return own === undefined ? names[field] : own;
}

/** What is to be told, by our names; null where nothing is. */
function toValues({ question, model }: TranscriptionAsk, names: FieldNames): Readonly<Record<AudioField, unknown>> {
  const { task, language, prompt, temperature, speakers } = question;
  // Where the format is chosen, only the richest one takes granularities.
  const detailed = nameOf(model, names, 'format') === null || toFormat(model, question) === 'verbose_json';
  return {
    audio: null,
    model: model.id,
    language: task === 'transcribe' ? language : null,
    prompt,
    temperature,
    format: toFormat(model, question),
    granularities: detailed ? toGranularities(model, question) : null,
    speakers: speakers ? true : null,
    task,
  };
}

/** The richest format the model knows also tells the language and how much was heard. */
function toFormat({ formats }: Model, { words, segments, speakers }: TranscriptionQuestion): string {
  const timed = words || segments || speakers;
  if (timed && formats?.includes('diarized_json')) return 'diarized_json';
  const verbose = formats?.includes('verbose_json') ?? timed;
  return verbose ? 'verbose_json' : 'json';
}

function toGranularities(model: Model, question: TranscriptionQuestion): readonly string[] | null {
  const { words, segments, speakers } = question;
  const wanted = [...(words ? ['word'] : []), ...(segments || words || speakers ? ['segment'] : [])];
  const able = model.features;
  const told = able === undefined ? wanted : wanted.filter((one) => one === 'segment' || able.includes('words'));
  return told.length === 0 ? null : told;
}

/** The fields of the question by the model's own names, then what it is always told; without those it was found to refuse. */
export function toFields(ask: TranscriptionAsk, names: FieldNames): readonly (readonly [string, unknown])[] {
  const fields = Object.entries(toValues(ask, names)).flatMap(([field, value]): [string, unknown][] => {
    const name = nameOf(ask.model, names, field as AudioField);
    return name === null || value === null ? [] : [[name, value]];
  });
  const all = [...fields, ...Object.entries(ask.model.ask?.always ?? {})];
  return all.filter(([name]) => !ask.stripped.includes(name.replace('[]', '')));
}

/** What of a question a model can't take: a feature it lacks, or a field it can't be told. */
export type Lack =
  | 'translate'
  | 'words'
  | 'segments'
  | 'speakers'
  | 'prompt'
  | 'temperature'
  | 'language'
  | 'no language';

/** The first thing a model lacks; null when it can take the question. Models that say nothing of themselves are custom ones: their owner knows. */
export function findLack(model: Model, names: FieldNames, question: TranscriptionQuestion): Lack | null {
  const { features, formats } = model;
  const silent = features === undefined && formats === undefined;
  const has = (feature: NonNullable<Model['features']>[number]): boolean =>
    silent || (features?.includes(feature) ?? false);
  const takes = (field: AudioField): boolean => nameOf(model, names, field) !== null;
  const { task, words, segments, speakers, prompt, temperature, language } = question;
  if (task === 'translate' && !has('translate')) return 'translate';
  if (words && !has('words')) return 'words';
  const timed = has('segments') || has('words') || formats?.includes('verbose_json');
  if (segments && !timed) return 'segments';
  if (speakers && !has('diarize')) return 'speakers';
  if (prompt !== null && !takes('prompt')) return 'prompt';
  // 0 is what everybody does unasked.
  if (temperature !== null && temperature > 0 && !takes('temperature')) return 'temperature';
  if (task === 'translate') return null;
  if (language !== null && !takes('language')) return 'language';
  return language === null && model.ask?.needs?.includes('language') ? 'no language' : null;
}
