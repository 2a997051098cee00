// JSON with the recording as one item of a conversation, and a transcription configuration; the reply tells steps of text with annotated words.
import { isRecord, parseJson, toList, toRecord } from '../json.ts';
import { nameOf } from './ask.ts';
import { judgeTranscript } from './judge.ts';
import { readWords, type TimedShape } from './times.ts';
import type { Transcript } from './transcript.ts';
import { failed, type AudioCall, type FieldNames, type TranscriptionAsk, type TranscriptionWire } from './types.ts';

const names: FieldNames = {
  audio: 'data',
  model: 'model',
  language: 'language_codes',
  prompt: null,
  temperature: null,
  format: null,
  granularities: 'timestamp_granularities',
  speakers: 'diarization_mode',
  task: null,
};

const shape: TimedShape = { text: ['text'], start: ['start_offset'], end: ['end_offset'], speaker: ['speaker'] };

function toConfig({ model, question }: TranscriptionAsk): Readonly<Record<string, unknown>> {
  const { language, words, segments, speakers } = question;
  const timed = words || segments || speakers;
  const told = (field: 'language' | 'speakers' | 'granularities'): string => nameOf(model, names, field) ?? field;
  return {
    ...(language === null ? {} : { [told('language')]: [language] }),
    ...(timed
      ? {
          mode: {
            type: 'verbatim',
            [told('granularities')]: ['word'],
            ...(speakers ? { [told('speakers')]: 'speaker' } : {}),
          },
        }
      : {}),
  };
}

function begin(ask: TranscriptionAsk): AudioCall {
  const config = toConfig(ask);
  const rest = {
    model: ask.model.id,
    ...(Object.keys(config).length > 0 ? { generation_config: { transcription_config: config } } : {}),
  };
  const head = `{"input":[{"type":"audio","mime_type":${JSON.stringify(ask.type)},"data":"`;
  return {
    method: 'POST',
    path: ask.model.path ?? ask.paths['transcriptions'] ?? '/interactions',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: [head, { audio: 'base64' }, `"}],${JSON.stringify(rest).slice(1)}`],
  };
}

function readSteps(body: string): Transcript | null {
  const json = parseJson(body);
  if (!isRecord(json) || !Array.isArray(json['steps'])) return null;
  const texts = toList(json['steps'])
    .flatMap((step) => toList(toRecord(step)['content']).map(toRecord))
    .filter(({ type, text }) => type === 'text' && typeof text === 'string');
  if (texts.length === 0) return null;
  const words = texts
    .flatMap(({ annotations }) => toList(annotations))
    .filter((annotation) => toRecord(annotation)['type'] === 'word_info');
  return {
    text: texts.map(({ text }) => String(text)).join(''),
    language: null,
    duration: null,
    segments: null,
    words: words.length === 0 ? null : readWords(words, shape),
  };
}

export const audioSteps: TranscriptionWire = {
  names,
  begin,
  next: (body, _, { question, seconds }) => {
    const heard = readSteps(body);
    return heard === null ? failed('the reply holds no transcript') : judgeTranscript(heard, question, seconds);
  },
};
