// The calls of one transcription: what the format of a candidate says is put into bytes, with the recording where it belongs.
import type { Model } from '#shared/catalog.ts';
import type { BodySource } from '../ports.ts';
import type { AudioCall, BodyPart, TranscriptionAsk, TranscriptionWire } from '../wire/transcription/types.ts';
import { transcriptionWireOf } from '../wire/transcription/index.ts';
import type { Fleet } from './fleet.ts';
import type { OutgoingCall } from './operation.ts';
import type { AudioBytes, AudioPiece, TranscribeInput } from './transcribe.ts';

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

/** The format and question for candidate `index`, without fields it was found to refuse. */
export function toTarget(
  { fleet, question, piece, requestId }: TranscribeInput,
  index: number,
  stripped: readonly string[],
): AudioTarget {
  const { model, wire, paths } = findAsked(fleet, index);
  const { name, type, seconds } = piece;
  const boundary = `freeway-${requestId.replace(/[^\w-]/g, '')}`;
  return { wire, ask: { question, model, paths, name, type, seconds, stripped, boundary } };
}

function findAsked(fleet: Fleet, index: number) {
  const candidate = fleet.candidates[index];
  const model = fleet.models[index];
  const provider = fleet.credentials[index]?.provider;
  const wire = model && provider && transcriptionWireOf(model, provider);
  if (!candidate || !wire) throw new Error('no such candidate');
  return { wire, model, paths: provider.paths };
}

/** A multiple of 3, so that base64 of each piece joins to base64 of the whole. */
const CHUNK_BYTES = 3 * 64 * 1024;

const isHeld = (bytes: AudioBytes): bytes is Uint8Array => bytes instanceof Uint8Array;

const toBase64 = (bytes: Uint8Array): Buffer =>
  Buffer.from(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64'), 'latin1');

function toHeld({ body }: AudioCall, bytes: Uint8Array): Uint8Array {
  return Buffer.concat(
    body.map((part) => {
      if (typeof part === 'string') return Buffer.from(part);
      return part.audio === 'raw' ? bytes : toBase64(bytes);
    }),
  );
}

function lengthOf(part: BodyPart, bytes: AudioBytes): number {
  if (typeof part === 'string') return Buffer.byteLength(part);
  return part.audio === 'raw' ? bytes.length : Math.ceil(bytes.length / 3) * 4;
}

/** The recording is read while it is sent: it is never whole in memory. */
function toSource({ body }: AudioCall, bytes: Exclude<AudioBytes, Uint8Array>): BodySource {
  return {
    length: body.reduce((sum, part) => sum + lengthOf(part, bytes), 0),
    open: async function* () {
      for (const part of body) {
        if (typeof part === 'string') {
          yield Buffer.from(part);
          continue;
        }
        for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
          const chunk = await bytes.read(at, Math.min(bytes.length, at + CHUNK_BYTES));
          yield part.audio === 'raw' ? chunk : toBase64(chunk);
        }
      }
    },
  };
}

/** What is larger is not copied into the body of a call, even where it is in memory. */
const COPIED_BYTES = 1024 * 1024;

function toBody(call: AudioCall, { bytes }: AudioPiece): OutgoingCall['body'] {
  if (call.body.length === 0) return null;
  if (!isHeld(bytes)) return toSource(call, bytes);
  if (bytes.length <= COPIED_BYTES) return toHeld(call, bytes);
  return toSource(call, { length: bytes.length, read: async (start, end) => bytes.subarray(start, end) });
}

/** A call as it is sent to the model in question. */
export function toOutgoing(call: AudioCall, { auth }: Model, { piece, traceparent }: TranscribeInput): OutgoingCall {
  const lengthMs = (piece.seconds ?? UNKNOWN_SECONDS) * PER_SECOND_MS;
  return {
    method: call.method,
    path: call.path,
    ...(auth === undefined ? {} : { auth }),
    headers: { ...call.headers, ...(traceparent === null ? {} : { traceparent }) },
    body: toBody(call, piece),
    firstContentTimeoutMs: FIRST_MS + lengthMs,
    usualContentMs: USUAL_MS + lengthMs,
    idleTimeoutMs: FIRST_MS + lengthMs,
  };
}
