// Reads times, words and segments out of replies: what lacks a time stays unknown, it is never taken for 0.
import { isRecord, toList, type Json } from '../json.ts';
import type { Segment, Word } from './transcript.ts';

/** Seconds: a number, or text such as `1.5` or `1.5s`; null when it is none. */
export function toSeconds(value: unknown): number | null {
  const seconds = typeof value === 'string' ? Number.parseFloat(value) : value;
  return typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
}

/** A name or number by which a provider tells speakers apart; null when there is none. */
export function toSpeaker(value: unknown): string | null {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Where each part of a word or segment stands in a provider's reply. */
export interface TimedShape {
  readonly text: readonly string[];
  readonly start: readonly string[];
  readonly end: readonly string[];
  readonly speaker: readonly string[];
  /** By how much times must be divided to be seconds. */
  readonly perSecond?: number;
}

interface Timed {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly speaker: string | null;
}

const firstOf = (json: Json, names: readonly string[]): unknown =>
  names.map((name) => json[name]).find((value) => value !== undefined && value !== null);

function readTimed(value: unknown, shape: TimedShape): Timed | null {
  if (!isRecord(value)) return null;
  const text = firstOf(value, shape.text);
  const [start, end] = [toSeconds(firstOf(value, shape.start)), toSeconds(firstOf(value, shape.end))];
  if (typeof text !== 'string' || start === null || end === null || end < start) return null;
  const perSecond = shape.perSecond ?? 1;
  return { text, start: start / perSecond, end: end / perSecond, speaker: toSpeaker(firstOf(value, shape.speaker)) };
}

/** All of them, or null as soon as one has no text or time, or there is no list. */
function readAll(list: unknown, shape: TimedShape): readonly Timed[] | null {
  if (!Array.isArray(list)) return null;
  const items = toList(list).map((item) => readTimed(item, shape));
  return items.every((item) => item !== null) ? items : null;
}

export const readSegments = (list: unknown, shape: TimedShape): readonly Segment[] | null => readAll(list, shape);

export const readWords = (list: unknown, shape: TimedShape): readonly Word[] | null =>
  readAll(list, shape)?.map(({ text, start, end, speaker }) => ({ word: text.trim(), start, end, speaker })) ?? null;

/** A pause that ends a segment, and how long one may become, seconds. */
const PAUSE_SECONDS = 0.8;
const LONGEST_SECONDS = 12;

const endsSentence = (word: string): boolean => /[.!?。！？]["'”’)]*$/.test(word);

/** Whether `word` belongs to the segment that these words make. */
function goesOn(group: readonly Word[], word: Word): boolean {
  const [first, last] = [group[0], group.at(-1)];
  if (first === undefined || last === undefined) return true;
  if (endsSentence(last.word) || word.speaker !== first.speaker) return false;
  return word.start - last.end < PAUSE_SECONDS && word.end - first.start <= LONGEST_SECONDS;
}

/** Scripts that are written without spaces between words. */
const UNSPACED = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

const joinWords = (words: readonly Word[]): string =>
  words.reduce((text, { word }) => (text === '' || UNSPACED.test(word) ? text + word : `${text} ${word}`), '');

/** Segments out of words, as captions are cut: at the ends of sentences, at pauses, and where somebody else speaks. */
export function toSegments(words: readonly Word[]): readonly Segment[] {
  const groups: [Word, ...Word[]][] = [];
  for (const word of words) {
    const group = groups.at(-1);
    if (group !== undefined && goesOn(group, word)) group.push(word);
    else groups.push([word]);
  }
  return groups.map((group) => ({
    start: group[0].start,
    end: (group.at(-1) ?? group[0]).end,
    text: joinWords(group),
    speaker: group[0].speaker ?? null,
  }));
}
