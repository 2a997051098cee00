// What a transcription job has heard: the transcripts of its finished pieces as one text.
import type { TranscriptionJob } from '#shared/transcription-job.ts';
import type { JobBook } from '../../ports-transcription.ts';
import { stitchTranscripts } from '../../wire/transcription/stitch.ts';
import { renderTranscript, type Transcript, type TranscriptFormat } from '../../wire/transcription/transcript.ts';

/** The text in this format, with the times that the job was asked for. */
export async function renderJob(jobs: JobBook, job: TranscriptionJob, format: TranscriptFormat): Promise<string> {
  const done = job.pieces.filter(({ status }) => status === 'done');
  const transcripts = await jobs.readPieces(job, done);
  const parts = done.flatMap(({ start, end }, index) => {
    const transcript = transcripts[index];
    return transcript === null || transcript === undefined
      ? []
      : [{ start, end, transcript: transcript as Transcript }];
  });
  const { task, timestamps } = job.options;
  const times = { words: timestamps === 'word', segments: timestamps !== 'none' };
  return renderTranscript(stitchTranscripts(parts), format, { task, ...times });
}
