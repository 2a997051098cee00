// Reads replies that hold the text at their top, with segments and words beside it, whatever those are called: most providers send these.
import { isRecord, parseJson, toList, toRecord, toText, type Json } from '../json.ts';
import { reportedCostUsd } from '../openai-chat/usage.ts';
import { readSegments, readWords, toSeconds, type TimedShape } from './times.ts';
import type { Transcript, Word } from './transcript.ts';

const shape: TimedShape = {
  text: ['text', 'word', 'punctuated_word'],
  start: ['start'],
  end: ['end'],
  speaker: ['speaker', 'speaker_id'],
};

/** Between words some send spaces, and sounds such as laughter. */
const isWord = (item: unknown): boolean => !isRecord(item) || item['type'] === undefined || item['type'] === 'word';

/** Words of the reply, or of its segments. */
function findWords(json: Json): readonly Word[] | null {
  const own = json['words'];
  if (Array.isArray(own)) return readWords(own.filter(isWord), shape);
  const inside = toList(json['segments']).map((segment) => toRecord(segment)['words']);
  return inside.length > 0 && inside.every(Array.isArray) ? readWords(inside.flat(), shape) : null;
}

/** `{timestamp: [start, end], text}`, as pipelines of open models tell them. */
function readChunks(list: unknown): Transcript['segments'] {
  if (!Array.isArray(list)) return null;
  const items = toList(list).map((item) => {
    const { timestamp, ...rest } = toRecord(item);
    const [start, end] = toList(timestamp);
    return { ...rest, start, end };
  });
  return readSegments(items, shape);
}

function findDuration(json: Json): number | null {
  const usage = toRecord(json['usage']);
  const info = toRecord(json['transcription_info']);
  const told = [
    json['duration'],
    json['audio_duration_secs'],
    info['duration'],
    usage['prompt_audio_seconds'],
    usage['seconds'],
  ];
  return told.map(toSeconds).find((seconds) => seconds !== null) ?? null;
}

/** The transcript as it is told; null when the reply holds none. */
export function readFlat(body: string): Transcript | null {
  const json = parseJson(body);
  if (json === undefined) {
    // Some answer plain text whatever was asked for.
    const text = body.trim();
    return /^[{<[]/.test(text) ? null : { text, language: null, duration: null, segments: null, words: null };
  }
  const root = toRecord(json);
  const found = isRecord(root['result']) ? root['result'] : root;
  const { text } = found;
  if (typeof text !== 'string') return null;
  const info = toRecord(found['transcription_info']);
  const costUsd = reportedCostUsd(toRecord(found['usage']));
  return {
    text,
    language: toText(found['language']) ?? toText(found['language_code']) ?? toText(info['language']),
    duration: findDuration(found),
    segments:
      readSegments(found['speaker_segments'], shape) ??
      readSegments(found['segments'], shape) ??
      readChunks(found['chunks']),
    words: findWords(found),
    ...(costUsd !== undefined && { costUsd }),
  };
}
