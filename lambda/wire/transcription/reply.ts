// Reads transcripts as providers of the OpenAI audio format send them, and tells those that are none.
import type { ProviderFailure } from '#shared/failures.ts';
import * as z from 'zod/mini';
import type { Transcript } from './transcript.ts';

/** What is not as expected is left out; the text alone is needed. */
const lenient = z.catch;
const seconds = lenient(z.optional(z.number()), undefined);
const speaker = lenient(z.optional(z.nullable(z.string())), undefined);
const replySchema = z.looseObject({
  text: z.string(),
  language: lenient(z.optional(z.nullable(z.string())), undefined),
  duration: lenient(z.optional(z.nullable(z.union([z.number(), z.string()]))), undefined),
  segments: lenient(
    z.optional(z.nullable(z.array(z.looseObject({ start: seconds, end: seconds, text: z.string(), speaker })))),
    undefined,
  ),
  words: lenient(
    z.optional(z.nullable(z.array(z.looseObject({ start: seconds, end: seconds, word: z.string() })))),
    undefined,
  ),
});

/** A transcript, or why there is none. */
export type ParsedTranscript =
  | { readonly transcript: Transcript; readonly failure: null }
  | { readonly transcript: null; readonly failure: ProviderFailure };

const failed = (message: string): ParsedTranscript => ({ transcript: null, failure: { kind: 'bad_reply', message } });

/** Shorter audio may well hold no word. */
const SILENT_SECONDS = 3;
/** Of the audio's length, what a transcript's own length may lack before it was cut. */
const MISSING_SHARE = 0.1;
const MISSING_SECONDS = 5;

/** Chat models asked to transcribe sometimes talk instead. */
const TALK =
  /^(?:i['’]?m sorry|sorry, (?:but )?i|as an ai\b|i (?:can(?:no|['’])?t|am unable to) (?:help|assist|transcribe|process)|sure[,!] here)/i;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Some answer plain text whatever was asked for.
    return text.startsWith('{') || text.startsWith('<') ? undefined : { text: text.trim() };
  }
}

/** Reads a whole reply. `audioSeconds` null: unknown, so that nothing is judged by it. */
export function parseTranscript(body: string, audioSeconds: number | null): ParsedTranscript {
  const parsed = replySchema.safeParse(parseJson(body));
  if (!parsed.success) return failed('the reply holds no transcript');
  const { text, language = null, duration, segments, words } = parsed.data;
  const said = Number(duration ?? Number.NaN);
  if (text.trim() === '' && (audioSeconds ?? 0) > SILENT_SECONDS) return failed('the transcript is empty');
  if (TALK.test(text.trim())) return failed('the provider talked about the audio instead of transcribing it');
  if (audioSeconds !== null && said > 0 && said < audioSeconds * (1 - MISSING_SHARE) - MISSING_SECONDS)
    return failed(`only ${Math.round(said)} of ${Math.round(audioSeconds)} seconds were transcribed`);
  return {
    failure: null,
    transcript: {
      text: text.trim(),
      language,
      duration: audioSeconds ?? (Number.isFinite(said) ? said : null),
      segments:
        segments?.map((segment) => ({
          start: segment.start ?? 0,
          end: segment.end ?? segment.start ?? 0,
          text: segment.text,
          speaker: segment.speaker ?? null,
        })) ?? null,
      words: words?.map(({ start, end, word }) => ({ word, start: start ?? 0, end: end ?? start ?? 0 })) ?? null,
    },
  };
}
