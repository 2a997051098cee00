// The formats in which recordings are transcribed, by wire id.
import type { Model, Provider } from '#shared/catalog.ts';
import { audioBase64 } from './base64.ts';
import { audioForm } from './form.ts';
import { audioFormJob } from './form-job.ts';
import { audioFormUploadJob } from './form-upload-job.ts';
import { audioRaw } from './raw.ts';
import { audioSteps } from './steps.ts';
import { isTranscriptionWire, type TranscriptionWire, type TranscriptionWireId } from './types.ts';
import { audioUploadJob } from './upload-job.ts';

const transcriptionWires: Readonly<Record<TranscriptionWireId, TranscriptionWire>> = {
  'audio-form': audioForm,
  'openai-chat': audioForm,
  'audio-raw': audioRaw,
  'audio-base64': audioBase64,
  'audio-steps': audioSteps,
  'audio-upload-job': audioUploadJob,
  'audio-form-upload-job': audioFormUploadJob,
  'audio-form-job': audioFormJob,
};

/** The codec by which a model of this provider transcribes; undefined when it is not spoken. */
export function transcriptionWireOf(model: Model, provider: Provider): TranscriptionWire | undefined {
  const id = model.wire ?? provider.wire;
  return isTranscriptionWire(id) ? transcriptionWires[id] : undefined;
}
