// The recording is uploaded as it is, a job is made of its address, and looked at until it is done; times are in milliseconds.
import { isRecord, parseJson, toText, type Json } from '../json.ts';
import { scrubMessage } from '../dialects/scrub.ts';
import { toFields } from './ask.ts';
import { judgeTranscript } from './judge.ts';
import { bare, isJobId, look } from './polling.ts';
import { readSegments, readWords, toSeconds, type TimedShape } from './times.ts';
import type { Transcript } from './transcript.ts';
import { failed, type FieldNames, type NextStep, type TranscriptionAsk, type TranscriptionWire } from './types.ts';

const names: FieldNames = {
  audio: 'audio_url',
  model: 'speech_models',
  language: 'language_code',
  prompt: null,
  temperature: null,
  format: null,
  granularities: null,
  speakers: 'speaker_labels',
  task: null,
};

const shape: TimedShape = { text: ['text'], start: ['start'], end: ['end'], speaker: ['speaker'], perSecond: 1_000 };

const jobsPath = ({ model, paths }: TranscriptionAsk): string => model.path ?? paths['transcriptions'] ?? '/transcript';

function create(json: Json, ask: TranscriptionAsk): NextStep {
  const address = toText(json['upload_url']);
  if (address === null) return failed('the upload has no address');
  const fields = toFields(ask, names).map(([name, value]) => [name, name === 'speech_models' ? [value] : value]);
  const detect = ask.question.language === null ? { language_detection: true } : {};
  return {
    kind: 'call',
    call: {
      method: 'POST',
      path: jobsPath(ask),
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: [JSON.stringify({ ...Object.fromEntries(fields), ...detect, audio_url: address })],
    },
    stage: { step: 'creating', id: null, asked: 0 },
    afterMs: 0,
    undo: null,
  };
}

function readDone(json: Json): Transcript {
  return {
    text: toText(json['text']) ?? '',
    language: toText(json['language_code']),
    duration: toSeconds(json['audio_duration']),
    segments: readSegments(json['utterances'], shape),
    words: readWords(json['words'], shape),
  };
}

export const audioUploadJob: TranscriptionWire = {
  names,
  begin: (ask) => ({
    method: 'POST',
    path: ask.paths['uploads'] ?? '/upload',
    headers: { 'content-type': 'application/octet-stream', accept: 'application/json' },
    body: [{ audio: 'raw' }],
  }),
  next: (body, { step, asked }, ask) => {
    const json = parseJson(body);
    if (!isRecord(json)) return failed('the reply is no JSON');
    if (step === 'begun') return create(json, ask);
    const { id, status } = json;
    if (status === 'error') return failed(scrubMessage(toText(json['error']) ?? 'the job failed'));
    if (status === 'completed') return judgeTranscript(readDone(json), ask.question, ask.seconds);
    const isUnderWay = status === 'queued' || status === 'processing';
    if (!isUnderWay || !isJobId(id)) return failed('the job has no id, or a state that is not known');
    const path = `${jobsPath(ask)}/${id}`;
    return look({ path, id, asked, undo: bare('DELETE', path) });
  },
};
