// The form of OpenAI's audio endpoints, and forms like it with names of their own: fields, then the recording, and the whole transcript in the reply.
import { nameOf, toFields } from './ask.ts';
import { readFlat } from './flat.ts';
import { judgeTranscript } from './judge.ts';
import {
  failed,
  type AudioCall,
  type BodyPart,
  type FieldNames,
  type TranscriptionAsk,
  type TranscriptionWire,
} from './types.ts';

const names: FieldNames = {
  audio: 'file',
  model: 'model',
  language: 'language',
  prompt: 'prompt',
  temperature: 'temperature',
  format: 'response_format',
  granularities: 'timestamp_granularities[]',
  speakers: null,
  task: null,
};

const toValueText = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));

/** A form with these fields and the recording as its last part: some read nothing behind it. */
export function toForm(
  { boundary, name, type }: Pick<TranscriptionAsk, 'boundary' | 'name' | 'type'>,
  fields: readonly (readonly [string, unknown])[],
  fileField: string,
): { readonly contentType: string; readonly body: readonly BodyPart[] } {
  const parts = fields
    .flatMap(([field, value]) =>
      Array.isArray(value) ? value.map((one: unknown) => [field, one] as const) : [[field, value] as const],
    )
    .map(
      ([field, value]) =>
        `--${boundary}\r\ncontent-disposition: form-data; name="${field}"\r\n\r\n${toValueText(value)}\r\n`,
    );
  const file = `--${boundary}\r\ncontent-disposition: form-data; name="${fileField}"; filename="${name}"\r\ncontent-type: ${type}\r\n\r\n`;
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: [parts.join('') + file, { audio: 'raw' }, `\r\n--${boundary}--\r\n`],
  };
}

const usualPaths = { transcribe: '/audio/transcriptions', translate: '/audio/translations' } as const;

function begin(ask: TranscriptionAsk): AudioCall {
  const { model, paths, question } = ask;
  const { contentType, body } = toForm(ask, toFields(ask, names), nameOf(model, names, 'audio') ?? 'file');
  const known = question.task === 'translate' ? paths['translations'] : paths['transcriptions'];
  return {
    method: 'POST',
    path: model.path ?? known ?? usualPaths[question.task],
    headers: { 'content-type': contentType, accept: 'application/json' },
    body,
  };
}

export const audioForm: TranscriptionWire = {
  names,
  begin,
  next: (body, _, { question, seconds }) => {
    const heard = readFlat(body);
    return heard === null ? failed('the reply holds no transcript') : judgeTranscript(heard, question, seconds);
  },
};
