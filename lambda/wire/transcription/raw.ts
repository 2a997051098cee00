// The recording as the whole body, the question in the query; the reply tells channels with alternatives, words and utterances.
import { isRecord, parseJson, toList, toRecord, toText, type Json } from '../json.ts';
import { toFields } from './ask.ts';
import { judgeTranscript } from './judge.ts';
import { readSegments, readWords, toSeconds, type TimedShape } from './times.ts';
import type { Transcript } from './transcript.ts';
import { failed, type AudioCall, type FieldNames, type TranscriptionAsk, type TranscriptionWire } from './types.ts';

const names: FieldNames = {
  audio: null,
  model: 'model',
  language: 'language',
  prompt: null,
  temperature: null,
  format: null,
  granularities: null,
  speakers: 'diarize',
  task: null,
};

const shape: TimedShape = {
  text: ['punctuated_word', 'word', 'transcript'],
  start: ['start'],
  end: ['end'],
  speaker: ['speaker'],
};

function begin(ask: TranscriptionAsk): AudioCall {
  const fields = toFields(ask, names).filter(([name]) => name !== 'detect_language' || ask.question.language === null);
  const query = fields.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
  return {
    method: 'POST',
    path: `${ask.model.path ?? ask.paths['transcriptions'] ?? '/listen'}?${query.join('&')}`,
    headers: { 'content-type': ask.type, accept: 'application/json' },
    body: [{ audio: 'raw' }],
  };
}

function readChannels(root: Json): Transcript | null {
  const results = toRecord(root['results']);
  const channels = toList(results['channels']).map(toRecord);
  const alternatives = channels.map((channel) => toRecord(toList(channel['alternatives'])[0]));
  const [first] = alternatives;
  const texts = alternatives.map(({ transcript }) => transcript);
  if (first === undefined || !texts.every((text) => typeof text === 'string')) return null;
  return {
    // Several channels are told one after another.
    text: texts.filter((text) => text !== '').join(' '),
    language: toText(channels[0]?.['detected_language']) ?? toText(toList(first['languages'])[0]),
    duration: toSeconds(toRecord(root['metadata'])['duration']),
    segments: readSegments(results['utterances'], shape),
    words: alternatives.length === 1 ? readWords(first['words'], shape) : null,
  };
}

export const audioRaw: TranscriptionWire = {
  names,
  begin,
  next: (body, _, { question, seconds }) => {
    const json = parseJson(body);
    const heard = isRecord(json) ? readChannels(json) : null;
    return heard === null ? failed('the reply holds no transcript') : judgeTranscript(heard, question, seconds);
  },
};
