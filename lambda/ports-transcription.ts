// The doors that transcription jobs need: where recordings wait, where jobs are kept, and work that goes on after its request.
import type { UploadPart } from '#shared/api/transcriptions.ts';
import type { PieceSpan, TranscriptionJob } from '#shared/transcription-job.ts';

/** A recording that is uploaded: its id can't be guessed. */
export interface RecordingRef {
  readonly id: string;
  readonly sizeBytes: number;
}

/** Recordings on their way to being transcribed, uploaded in parts past the function's own URL, and gone after a day. */
export interface Recordings {
  /** The largest that is taken, bytes. */
  readonly maxBytes: number;
  /** Bytes that have room now; absent: there is always enough. */
  room?(): Promise<number>;
  /** The parts that have not come yet, each with the URL that takes it until `untilMs` (since the epoch). */
  missing(recording: RecordingRef, untilMs: number): Promise<readonly UploadPart[]>;
  /** The bytes from `start` up to, without, `end`, which are the asker's own. Rejects with RecordingGone when they are not there. */
  read(recording: RecordingRef, start: number, end: number): Promise<Uint8Array>;
  remove(recording: RecordingRef): Promise<void>;
  /** What takes parts in, where that is us; null where they go elsewhere. */
  readonly intake: RecordingIntake | null;
}

/** Parts are taken by whoever holds the signed address, as a bucket does it. */
export interface RecordingIntake {
  /** How many bytes this address takes; null when it is none of ours, or too old. */
  expects(part: string, query: string): number | null;
  write(part: string, bytes: Uint8Array): Promise<void>;
}

/** A recording is no longer there: deleted, or older than a day. */
export class RecordingGone extends Error {
  override readonly name = 'RecordingGone';
}

/** Transcription jobs as they are kept, for a day. */
export interface JobBook {
  get(personId: string, id: string): Promise<TranscriptionJob | null>;
  list(personId: string): Promise<readonly TranscriptionJob[]>;
  create(job: TranscriptionJob): Promise<void>;
  /** Notes that it is to come to its end, whoever works on it. */
  enlist(job: TranscriptionJob): Promise<void>;
  /** All of everybody that are to come to their end, and some that have. */
  open(): Promise<readonly Pick<TranscriptionJob, 'id' | 'personId'>[]>;
  /** It has come to its end, unless it was started again meanwhile. */
  close(job: Pick<TranscriptionJob, 'id' | 'personId'>): Promise<void>;
  /** Applies a pure change to what is kept, again if somebody else was faster. null: there is none. */
  change(
    personId: string,
    id: string,
    change: (job: TranscriptionJob) => TranscriptionJob,
  ): Promise<TranscriptionJob | null>;
  /** With all its pieces. */
  remove(job: TranscriptionJob): Promise<void>;
  writePiece(job: TranscriptionJob, span: PieceSpan, transcript: unknown): Promise<void>;
  /** null for pieces that are not there. */
  readPieces(job: TranscriptionJob, spans: readonly PieceSpan[]): Promise<readonly unknown[]>;
}

/** Work that goes on after its request was answered. */
export interface Background {
  /** Aborted when nothing new may begin, and when what is under way must end. */
  readonly stopping: AbortSignal;
  readonly cutting: AbortSignal;
  /** The process waits for it before it ends. */
  add(work: Promise<void>): void;
}
