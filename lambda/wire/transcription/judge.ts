// Judges what a provider heard: talk about the audio, half of it, or no times where times were asked for are failures; nothing, or the same over and over, is doubtful.
import type { TranscriptionQuestion } from './question.ts';
import { isLoop } from './loops.ts';
import { toSegments } from './times.ts';
import type { Transcript } from './transcript.ts';
import { failed, type NextStep } from './types.ts';

/** Shorter audio may well hold no word. */
const SILENT_SECONDS = 3;
/** Of the audio's length, what a transcript's own length may lack before it was cut. */
const MISSING_SHARE = 0.1;
const MISSING_SECONDS = 5;
/** What is no longer than a caption may stand in one. */
const CAPTION_SECONDS = 12;

const CANT = String.raw`(?:can(?:no|['’])?t|am (?:unable|not able) to|do(?: not|n['’]t) have the ability to)`;
const EXCUSE = String.raw`(?:i['’]?m sorry|sorry)[,.]? (?:but )?`;
/** What no speaker says of what he says: people are sorry, too, can't help it, and find that the audio is fine. */
const talks = [
  String.raw`(?:${EXCUSE})?i ${CANT} (?:(?:help|assist)(?: you)? with (?:that|this)\b|transcribe\b|(?:directly )?(?:listen to|hear|process|access|analy[sz]e) (?:(?:the|this|that|any|your) )?(?:audio|sound|recording))`,
  String.raw`${EXCUSE}(?:there (?:is|was)|i (?:do(?: not|n['’]t) see|see)) no audio`,
  String.raw`as an ai(?:,| (?:language )?(?:model|assistant)\b)`,
  String.raw`(?:sure[,!.] )?here(?: is|['’]s) (?:the|a|your) transcri`,
  String.raw`(?:the|this) audio (?:file )?(?:contains|appears to|seems to|is (?:an? (?:recording|conversation|clip)|empty|silent|blank|too)\b)`,
];
/** Chat models asked to transcribe sometimes talk instead. */
const TALK = new RegExp(`^(?:${talks.join('|')})`, 'i');

/** Segments with times: as told, out of words, or the whole as one when it is short. null when nothing tells them. */
function findSegments({ segments, words, text, duration }: Transcript): Transcript['segments'] {
  if (segments !== null && (segments.length > 0 || text === '')) return segments;
  if (words !== null && words.length > 0) return toSegments(words);
  if (text === '') return [];
  if (duration === null || duration <= 0 || duration > CAPTION_SECONDS) return null;
  return [{ start: 0, end: duration, text, speaker: null }];
}

/** Without spans in which nothing is said: captions of nothing. */
const toSaid = (heard: Transcript): Transcript => ({
  ...heard,
  segments: heard.segments?.filter(({ text }) => text.trim() !== '') ?? null,
  words: heard.words?.filter(({ word }) => word !== '') ?? null,
});

/** Of a silence this is right; of speech it is how some providers fail, and how models go astray. */
function findDoubt(text: string, seconds: number | null): string | null {
  if (text === '' && (seconds ?? 0) > SILENT_SECONDS) return 'the transcript is empty';
  return isLoop(text) ? 'the transcript tells the same over and over' : null;
}

/** What a transcript is worth as an answer. `seconds`: length of the recording; null: unknown, so that nothing is judged by it. */
export function judgeTranscript(heard: Transcript, question: TranscriptionQuestion, seconds: number | null): NextStep {
  const text = heard.text.trim();
  if (TALK.test(text)) return failed('the provider talked about the audio instead of transcribing it');
  const { duration } = heard;
  if (
    seconds !== null &&
    duration !== null &&
    duration > 0 &&
    duration < seconds * (1 - MISSING_SHARE) - MISSING_SECONDS
  )
    return failed(`only ${Math.round(duration)} of ${Math.round(seconds)} seconds were transcribed`);
  const whole = { ...toSaid(heard), text, duration: seconds ?? duration };
  const transcript = { ...whole, segments: findSegments(whole) };
  if (question.words && transcript.words === null && text !== '') return failed('the transcript has no times of words');
  if (question.segments && transcript.segments === null) return failed('the transcript has no times');
  if (question.speakers && text !== '' && !transcript.segments?.some(({ speaker }) => speaker !== null))
    return failed('the transcript does not tell who speaks');
  const doubt = findDoubt(text, seconds);
  return doubt === null ? { kind: 'transcript', transcript } : { ...failed(doubt, true), kind: 'doubt', transcript };
}
