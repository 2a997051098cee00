// What a caller may ask of a transcription: the fields of the form, each checked before anything is spent.
import { CallerError } from '#shared/failures.ts';
import { transcriptFormats, type TranscriptFormat } from './transcript.ts';

export interface TranscriptionQuestion {
  readonly model: string;
  readonly task: 'transcribe' | 'translate';
  readonly format: TranscriptFormat;
  readonly stream: boolean;
  /** ISO 639-1 where the language has such a code, else 639-3; null: to be found out. */
  readonly language: string | null;
  readonly prompt: string | null;
  readonly temperature: number | null;
  readonly words: boolean;
  readonly segments: boolean;
  /** Whether it must be told who speaks. */
  readonly speakers: boolean;
}

/** Values of the form by name; several where a name occurs several times. */
export type FormFields = Readonly<Record<string, readonly string[]>>;

const wrong = (message: string, param: string): CallerError => new CallerError('invalid_request', message, { param });

function readFormat(text: string | undefined): TranscriptFormat {
  if (text === undefined) return 'json';
  const format = transcriptFormats.find((known) => known === text);
  if (format !== undefined) return format;
  throw wrong(
    `response_format is "${text.slice(0, 40)}", but must be one of ${transcriptFormats.join(', ')}.`,
    'response_format',
  );
}

let names: Intl.DisplayNames | null = null;

/** Whether the code stands for a language; `xx` has the form of one, and stands for none. */
function isLanguage(code: string): boolean {
  // Made when it is first asked for: it reads tables for 15 ms, which each start would wait for.
  names ??= new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' });
  return names.of(code) !== undefined;
}

/** Codes under which models know a language that has another one as well. */
const spoken: Readonly<Record<string, string>> = { nb: 'no', fil: 'tl' };
/** What people write who want it to be found out. */
const unknown: ReadonlySet<string> = new Set(['', 'auto', 'und']);

/** The language of a tag (BCP 47), however it is written: by country, script or variant, with hyphens or underscores, in three letters. null: it is none. */
function toLanguage(tag: string): string | null {
  try {
    const { language } = new Intl.Locale(tag.replaceAll('_', '-'));
    // Of two letters they stay as they are: models know some by their older code.
    const [first = ''] = tag.toLowerCase().split(/[-_]/);
    const code = first.length === 2 ? first : language;
    return isLanguage(code) ? (spoken[code] ?? code) : null;
  } catch {
    return null;
  }
}

/** No model is told more than the language: what else they know of a tag, each knows for some of them only, and refuses the others. */
function readLanguage(text: string | undefined): string | null {
  // Systems write the character set behind it.
  const tag = (text ?? '').trim().replace(/(?<=\w)\.[\w-]+$/, '');
  if (unknown.has(tag.toLowerCase())) return null;
  const language = toLanguage(tag);
  if (language !== null) return language;
  throw wrong(
    `language is "${tag.slice(0, 40)}", but must be a code such as "en", "de-AT" or "zh-Hant-TW". Leave it out to have it found out.`,
    'language',
  );
}

/** All values of a field that may be there several times, with brackets behind its name or without. */
const listOf = (fields: FormFields, name: string): readonly string[] =>
  [...(fields[`${name}[]`] ?? []), ...(fields[name] ?? [])]
    .map((value) => value.trim())
    .filter((value) => value !== '');

/** One of several possible languages is found out; a single one is the language. */
function readLanguages(fields: FormFields): string | null {
  const possible = listOf(fields, 'languages').map(readLanguage);
  const [only = null] = possible;
  return readLanguage(fields['language']?.[0]) ?? (possible.length === 1 ? only : null);
}

/** Names and terms that are said are told as models of every kind are told them: in the prompt. */
function readPrompt(fields: FormFields): string | null {
  const keywords = listOf(fields, 'keywords').join(', ');
  return [fields['prompt']?.[0] ?? '', keywords].filter((text) => text !== '').join(' ') || null;
}

function readTemperature(text: string | undefined): number | null {
  if (text === undefined || text === '') return null;
  const value = Number(text);
  if (value >= 0 && value <= 1) return value;
  throw wrong(`temperature is "${text.slice(0, 40)}", but must be a number from 0 to 1.`, 'temperature');
}

function readGranularities(fields: FormFields, format: TranscriptFormat): { words: boolean; segments: boolean } {
  const given = listOf(fields, 'timestamp_granularities');
  const unknown = given.find((value) => value !== 'word' && value !== 'segment');
  if (unknown !== undefined)
    throw wrong(
      `timestamp_granularities holds "${unknown.slice(0, 40)}", but only "word" and "segment" are known.`,
      'timestamp_granularities',
    );
  if (given.length > 0 && format !== 'verbose_json')
    throw wrong('timestamp_granularities needs response_format "verbose_json".', 'timestamp_granularities');
  const timed = format === 'srt' || format === 'vtt' || format === 'diarized_json';
  return {
    words: given.includes('word'),
    segments: timed || given.includes('segment') || (format === 'verbose_json' && given.length === 0),
  };
}

/** Fields of the OpenAI form that mean something nobody asked through here tells; without them the answer would be another one. */
const unserved = ['include[]', 'include', 'known_speaker_names[]', 'known_speaker_references[]'] as const;

function refuseUnserved(fields: FormFields): void {
  const found = unserved.find((name) => (fields[name]?.length ?? 0) > 0);
  if (found === undefined) return;
  const param = found.replace('[]', '');
  throw new CallerError('no_candidate', `No model that can be asked through here takes ${param}. Leave it out.`, {
    param,
  });
}

const yes: ReadonlySet<string | undefined> = new Set(['true', '1']);

/** Reads the form. Throws CallerError `invalid_request` or `no_candidate`, naming the field at fault. */
export function parseTranscriptionForm(fields: FormFields, task: TranscriptionQuestion['task']): TranscriptionQuestion {
  const first = (name: string): string | undefined => fields[name]?.[0];
  refuseUnserved(fields);
  const format = readFormat(first('response_format'));
  const speakers = format === 'diarized_json' || yes.has(first('diarize'));
  if (speakers && task === 'translate')
    throw wrong('Translations do not tell who speaks. Ask for another response_format.', 'response_format');
  const stream = yes.has(first('stream'));
  if (stream && format !== 'json' && format !== 'text')
    throw wrong(`stream can not be joined with response_format "${format}"; use "json" or "text".`, 'stream');
  return {
    model: first('model') || 'auto',
    task,
    format,
    stream,
    language: readLanguages(fields),
    prompt: readPrompt(fields),
    temperature: readTemperature(first('temperature')),
    speakers,
    ...readGranularities(fields, format),
  };
}
