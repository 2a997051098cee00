// JSON with the recording in base64 among its fields; the reply holds the text at its top, or below `result`.
import { nameOf, toFields } from './ask.ts';
import { readFlat } from './flat.ts';
import { judgeTranscript } from './judge.ts';
import { failed, type AudioCall, type FieldNames, type TranscriptionAsk, type TranscriptionWire } from './types.ts';

const names: FieldNames = {
  audio: 'audio',
  model: null,
  language: 'language',
  prompt: 'initial_prompt',
  temperature: null,
  format: null,
  granularities: null,
  speakers: null,
  task: 'task',
};

function begin(ask: TranscriptionAsk): AudioCall {
  const fields = JSON.stringify(Object.fromEntries(toFields(ask, names))).slice(1);
  const field = JSON.stringify(nameOf(ask.model, names, 'audio') ?? 'audio');
  return {
    method: 'POST',
    path: ask.model.path ?? ask.paths['transcriptions'] ?? '/transcriptions',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: [`{${field}:"`, { audio: 'base64' }, fields === '}' ? '"}' : `",${fields}`],
  };
}

export const audioBase64: TranscriptionWire = {
  names,
  begin,
  next: (body, _, { question, seconds }) => {
    const heard = readFlat(body);
    return heard === null ? failed('the reply holds no transcript') : judgeTranscript(heard, question, seconds);
  },
};
