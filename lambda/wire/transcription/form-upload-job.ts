// The recording is uploaded in a form, a job is made of its address, and looked at until it is done; the result tells utterances.
import { isRecord, parseJson, toList, toRecord, toText, type Json } from '../json.ts';
import { toFields } from './ask.ts';
import { toForm } from './form.ts';
import { judgeTranscript } from './judge.ts';
import { bare, isJobId, look } from './polling.ts';
import { readSegments, readWords, toSeconds, type TimedShape } from './times.ts';
import type { Transcript } from './transcript.ts';
import { failed, type FieldNames, type NextStep, type TranscriptionAsk, type TranscriptionWire } from './types.ts';

const names: FieldNames = {
  audio: 'audio',
  model: 'model',
  language: 'language_config',
  prompt: null,
  temperature: null,
  format: null,
  granularities: null,
  speakers: 'diarization',
  task: null,
};

const shape: TimedShape = { text: ['text', 'word'], start: ['start'], end: ['end'], speaker: ['speaker'] };

const jobsPath = ({ model, paths }: TranscriptionAsk): string =>
  model.path ?? paths['transcriptions'] ?? '/pre-recorded';

function create(json: Json, ask: TranscriptionAsk): NextStep {
  const address = toText(json['audio_url']);
  if (address === null) return failed('the upload has no address');
  const fields = toFields(ask, names).map(([name, value]) => [
    name,
    name === 'language_config' ? { languages: [value] } : value,
  ]);
  return {
    kind: 'call',
    call: {
      method: 'POST',
      path: jobsPath(ask),
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: [JSON.stringify({ ...Object.fromEntries(fields), audio_url: address })],
    },
    stage: { step: 'creating', id: null, asked: 0 },
    afterMs: 0,
    undo: null,
  };
}

function readDone(json: Json): Transcript | null {
  const result = toRecord(json['result']);
  const told = result['transcription'];
  if (!isRecord(told) || typeof told['full_transcript'] !== 'string') return null;
  const utterances = toList(told['utterances']).map(toRecord);
  const words = utterances.flatMap(({ words: own, speaker }) =>
    toList(own).map((word) => ({ speaker, ...toRecord(word) })),
  );
  return {
    text: told['full_transcript'],
    language: toText(toList(told['languages'])[0]),
    duration: toSeconds(toRecord(result['metadata'])['audio_duration']),
    segments: readSegments(told['utterances'], shape),
    words: words.length === 0 ? null : readWords(words, shape),
  };
}

export const audioFormUploadJob: TranscriptionWire = {
  names,
  begin: (ask) => {
    const { contentType, body } = toForm(ask, [], 'audio');
    return {
      method: 'POST',
      path: ask.paths['uploads'] ?? '/upload',
      headers: { 'content-type': contentType, accept: 'application/json' },
      body,
    };
  },
  next: (body, { step, id: known, asked }, ask) => {
    const json = parseJson(body);
    if (!isRecord(json)) return failed('the reply is no JSON');
    if (step === 'begun') return create(json, ask);
    const { status } = json;
    if (status === 'error') return failed(`the job failed (${String(json['error_code'] ?? 'no code')})`);
    if (status === 'done') {
      const heard = readDone(json);
      return heard === null
        ? failed('the result holds no transcript')
        : judgeTranscript(heard, ask.question, ask.seconds);
    }
    const id = known ?? json['id'];
    const isUnderWay = step === 'creating' || status === 'queued' || status === 'processing';
    if (!isUnderWay || !isJobId(id)) return failed('the job has no id, or a state that is not known');
    const path = `${jobsPath(ask)}/${id}`;
    return look({ path, id, asked, undo: bare('DELETE', path) });
  },
};
