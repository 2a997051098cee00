// The doors that batches need: where files of requests and their results are kept, and who asked for them.
import type { BatchUse, KeptBatch, KeptFile, ResultKind } from '#shared/batch.ts';

/** The result of one request, as a line of the file it belongs to. */
export interface BatchResult {
  readonly kind: ResultKind;
  readonly text: string;
  /** What it used; null: nothing. */
  readonly use: BatchUse | null;
}

/** A result, and the line it belongs to, from 0. */
export interface KeptResult extends Pick<BatchResult, 'kind' | 'text'> {
  readonly line: number;
}

/** What is known of a result that is kept. `bytes` of its text. */
export interface ResultFacts extends Omit<BatchResult, 'text'> {
  readonly bytes: number;
}

/** Files of requests. */
export interface FileBook {
  get(personId: string, id: string): Promise<KeptFile | null>;
  list(personId: string): Promise<readonly KeptFile[]>;
  /** Takes a place among the files that this person has sent, before one is created. false: all of so many are taken. */
  enter(file: Pick<KeptFile, 'personId' | 'id' | 'createdAtMs'>, most: number): Promise<boolean>;
  /** Keeps the text, then the file; answers it with its size. Keeps nothing when the text rejects, and gives its place back. */
  create(file: Omit<KeptFile, 'bytes' | 'parts'>, text: AsyncIterable<string>): Promise<KeptFile>;
  /** One part of the text; null: it is gone. */
  readPart(file: Pick<KeptFile, 'id'>, part: number): Promise<string | null>;
  /** Gives its place back, too. */
  remove(file: KeptFile): Promise<void>;
}

/** Batches and their results. */
export interface BatchBook {
  get(personId: string, id: string): Promise<KeptBatch | null>;
  list(personId: string): Promise<readonly KeptBatch[]>;
  /** false: this person has that many under way, and nothing is kept. */
  create(batch: KeptBatch, most: number): Promise<boolean>;
  /** Applies a pure change to what is kept, again if somebody else was faster. null: there is none. */
  change(personId: string, id: string, change: (batch: KeptBatch) => KeptBatch): Promise<KeptBatch | null>;
  /** Batches that have not come to an end, of everybody. */
  open(): Promise<readonly { readonly personId: string; readonly id: string }[]>;
  /** It has come to its end: nobody need look after it any more. */
  close(batch: Pick<KeptBatch, 'id' | 'personId'>): Promise<void>;
  writeResult(batch: KeptBatch, line: number, result: BatchResult): Promise<void>;
  /** What is kept of these lines; null: nothing. */
  findResults(batch: KeptBatch, lines: readonly number[]): Promise<readonly (ResultFacts | null)[]>;
  /** All results, in the order of their lines. */
  readResults(batch: KeptBatch): AsyncIterable<KeptResult>;
  /** Deletes the results of these kinds. */
  removeResults(batch: KeptBatch, kinds: readonly ResultKind[]): Promise<void>;
  /** With all its results. */
  remove(batch: KeptBatch): Promise<void>;
}
