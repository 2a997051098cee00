// Transcription jobs in the store, with the transcripts of their finished pieces: both are gone after a day.
import type * as z from 'zod/mini';
import { parseWritten } from '#shared/careful.ts';
import { transcriptionJobSchema, type PieceSpan, type TranscriptionJob } from '#shared/transcription-job.ts';
import type { Store } from '../ports.ts';
import type { JobBook } from '../ports-transcription.ts';
import { clearPartition } from './kept.ts';
import { addOpen, listOpen, removeOpen } from './open-work.ts';
import { createRecords, type Records } from './records.ts';

const OPEN = 'transcriptions-open';
const schema: z.ZodMiniType<TranscriptionJob> = transcriptionJobSchema;

const pieceKey = ({ id }: TranscriptionJob, { start, end }: PieceSpan): { pk: string; sk: string } => ({
  pk: `transcription-pieces#${id}`,
  sk: `${start}-${end}`,
});

/** The book over a store. */
export function createJobBook(store: Store): JobBook {
  const of = (personId: string): Records<TranscriptionJob> =>
    createRecords({ store, pk: `transcriptions#${personId}`, schema });
  return {
    get: (personId, id) => of(personId).get(id, true),
    list: (personId) => of(personId).list(),
    create: async (job) => void (await of(job.personId).create(job.id, job, job.expiresAtMs)),
    enlist: (job) => addOpen(store, OPEN, { ...job, untilMs: job.expiresAtMs }),
    open: () => listOpen(store, OPEN),
    close: async (ref) => {
      await removeOpen(store, OPEN, ref);
      const job = await of(ref.personId).get(ref.id, true);
      if (job?.status === 'running') await addOpen(store, OPEN, { ...job, untilMs: job.expiresAtMs });
    },
    change: (personId, id, change) => of(personId).change(id, change),
    remove: async (job) => {
      const { pk } = pieceKey(job, { start: 0, end: 0 });
      await clearPartition(store, pk);
      // What leads to them goes last: whoever is ended in the middle can be told to do it again.
      await of(job.personId).remove(job.id);
    },
    writePiece: (job, span, transcript) =>
      store.put(pieceKey(job, span), { json: JSON.stringify(transcript) }, job.expiresAtMs),
    readPieces: async (job, spans) => {
      const keys = spans.map((span) => pieceKey(job, span));
      const seen = await store.batchGet(keys);
      // What is there never changes: only what is not seen may have come since.
      const items = await Promise.all(keys.map((key, index) => seen[index] ?? store.get(key, true)));
      return items.map((item) => (item === null ? null : parseWritten(item['json'])));
    },
  };
}
