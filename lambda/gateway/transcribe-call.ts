// The calls of one transcription: what the format of a candidate says is put into bytes, with the recording where it belongs.
import type { Model } from '#shared/catalog.ts';
import type { AudioCall, TranscriptionAsk, TranscriptionWire } from '../wire/transcription/types.ts';
import { transcriptionWireOf } from '../wire/transcription/index.ts';
import type { Fleet } from './fleet.ts';
import type { OutgoingCall } from './operation.ts';
import type { AudioPiece, TranscribeInput } from './transcribe.ts';

/** A provider takes its time by the length of the audio. */
const FIRST_MS = 60_000;
const PER_SECOND_MS = 250;
const USUAL_MS = 20_000;
/** Taken for the length of what tells none. */
const UNKNOWN_SECONDS = 600;

/** Who is asked, and how. */
export interface AudioTarget {
  readonly wire: TranscriptionWire;
  readonly ask: TranscriptionAsk;
}

/** The format and question for candidate `index`. */
export function toTarget({ fleet, question, piece, requestId }: TranscribeInput, index: number): AudioTarget {
  const { model, wire, paths } = findAsked(fleet, index);
  const { name, type, seconds } = piece;
  const boundary = `freeway-${requestId.replace(/[^\w-]/g, '')}`;
  return { wire, ask: { question, model, paths, name, type, seconds, boundary } };
}

function findAsked(fleet: Fleet, index: number) {
  const candidate = fleet.candidates[index];
  const model = fleet.models[index];
  const provider = fleet.credentials[index]?.provider;
  const wire = model && provider && transcriptionWireOf(model, provider);
  if (!candidate || !wire) throw new Error('no such candidate');
  return { wire, model, paths: provider.paths };
}

function toBody({ body }: AudioCall, { bytes }: AudioPiece): Uint8Array {
  return Buffer.concat(
    body.map((part) => {
      if (typeof part === 'string') return Buffer.from(part);
      if (part.audio === 'raw') return bytes;
      return Buffer.from(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64'), 'latin1');
    }),
  );
}

/** A call as it is sent to the model in question. */
export function toOutgoing(call: AudioCall, { auth }: Model, { piece, traceparent }: TranscribeInput): OutgoingCall {
  const lengthMs = (piece.seconds ?? UNKNOWN_SECONDS) * PER_SECOND_MS;
  return {
    method: call.method,
    path: call.path,
    ...(auth === undefined ? {} : { auth }),
    headers: { ...call.headers, ...(traceparent === null ? {} : { traceparent }) },
    body: call.body.length === 0 ? null : toBody(call, piece),
    firstContentTimeoutMs: FIRST_MS + lengthMs,
    usualContentMs: USUAL_MS + lengthMs,
    idleTimeoutMs: FIRST_MS + lengthMs,
  };
}
