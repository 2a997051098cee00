// A form with the recording and a JSON configuration makes a job; it is looked at until it is done, then its transcript is fetched.
import { isRecord, parseJson, toList, toRecord, toText, type Json } from '../json.ts';
import { scrubMessage } from '../dialects/scrub.ts';
import { toForm } from './form.ts';
import { judgeTranscript } from './judge.ts';
import { bare, isJobId, look } from './polling.ts';
import { toSeconds, toSpeaker } from './times.ts';
import type { Transcript, Word } from './transcript.ts';
import { failed, type FieldNames, type TranscriptionAsk, type TranscriptionWire } from './types.ts';

const names: FieldNames = {
  audio: 'data_file',
  model: 'operating_point',
  language: 'language',
  prompt: null,
  temperature: null,
  format: null,
  granularities: null,
  speakers: 'diarization',
  task: null,
};

const jobsPath = ({ model, paths }: TranscriptionAsk): string => model.path ?? paths['transcriptions'] ?? '/jobs';

function toConfig({ question, model }: TranscriptionAsk): string {
  const { language, speakers } = question;
  return JSON.stringify({
    type: 'transcription',
    transcription_config: {
      operating_point: model.id,
      language: language ?? 'auto',
      ...(speakers ? { diarization: 'speaker' } : {}),
      ...model.ask?.always,
    },
  });
}

/** Words with the punctuation that belongs to them; null as soon as one has no time. */
function readResults(results: readonly Json[]): readonly Word[] | null {
  const words: Word[] = [];
  for (const result of results) {
    const best = toRecord(toList(result['alternatives'])[0]);
    const content = toText(best['content']);
    if (content === null) continue;
    const last = words.at(-1);
    if (result['type'] === 'punctuation' && last !== undefined) {
      words[words.length - 1] = { ...last, word: last.word + content };
      continue;
    }
    const [start, end] = [toSeconds(result['start_time']), toSeconds(result['end_time'])];
    if (start === null || end === null) return null;
    words.push({ word: content, start, end, speaker: toSpeaker(best['speaker']) });
  }
  return words;
}

function readDone(json: Json): Transcript | null {
  if (!Array.isArray(json['results'])) return null;
  const results = toList(json['results']).map(toRecord);
  const words = readResults(results);
  const first = toRecord(toList(results[0]?.['alternatives'])[0]);
  return {
    text: (words ?? []).map(({ word }) => word).join(' '),
    language: toText(first['language']),
    duration: toSeconds(toRecord(json['job'])['duration']),
    segments: null,
    words,
  };
}

const toFault = (job: Json): string =>
  toText(toRecord(toList(job['errors']).at(-1))['message']) ?? `the job was ${toText(job['status']) ?? 'lost'}`;

export const audioFormJob: TranscriptionWire = {
  names,
  begin: (ask) => {
    const { contentType, body } = toForm(ask, [['config', toConfig(ask)]], 'data_file');
    return {
      method: 'POST',
      path: jobsPath(ask),
      headers: { 'content-type': contentType, accept: 'application/json' },
      body,
    };
  },
  next: (body, { step, id: known, asked }, ask) => {
    const json = parseJson(body);
    if (!isRecord(json)) return failed('the reply is no JSON');
    if (step === 'fetching') {
      const heard = readDone(json);
      return heard === null
        ? failed('the result holds no transcript')
        : judgeTranscript(heard, ask.question, ask.seconds);
    }
    const job = toRecord(json['job']);
    const id = known ?? json['id'];
    if (!isJobId(id)) return failed('the job has no id');
    const path = `${jobsPath(ask)}/${id}`;
    const undo = bare('DELETE', `${path}?force=true`);
    if (step === 'begun' || job['status'] === 'running') return look({ path, id, asked, undo });
    if (job['status'] !== 'done') return failed(scrubMessage(toFault(job)));
    const stage = { step: 'fetching', id, asked };
    return { kind: 'call', call: bare('GET', `${path}/transcript?format=json-v2`), stage, afterMs: 0, undo };
  },
};
