// The formats in which recordings are transcribed, by wire id.
import type { Model, Provider, WireId } from '#shared/catalog.ts';
import { audioBase64 } from './base64.ts';
import { audioForm } from './form.ts';
import { audioFormJob } from './form-job.ts';
import { audioFormUploadJob } from './form-upload-job.ts';
import { audioRaw } from './raw.ts';
import { audioSteps } from './steps.ts';
import type { TranscriptionWire } from './types.ts';
import { audioUploadJob } from './upload-job.ts';

/** Codecs by wire id, as far as they are spoken. */
export const transcriptionWires: Readonly<Partial<Record<WireId, TranscriptionWire>>> = {
  'audio-form': audioForm,
  // Who speaks the OpenAI chat format takes recordings in the OpenAI form.
  'openai-chat': audioForm,
  'audio-raw': audioRaw,
  'audio-base64': audioBase64,
  'audio-steps': audioSteps,
  'audio-upload-job': audioUploadJob,
  'audio-form-upload-job': audioFormUploadJob,
  'audio-form-job': audioFormJob,
};

/** The codec by which a model of this provider transcribes; undefined when it is not spoken. */
export const transcriptionWireOf = (model: Model, provider: Provider): TranscriptionWire | undefined =>
  transcriptionWires[model.wire ?? provider.wire];
