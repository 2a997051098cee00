// A transcription job as its person sees it.
import type { JobView, UploadPart } from '#shared/api/transcriptions.ts';
import type { TranscriptionJob } from '#shared/transcription-job.ts';
import { doneSeconds, etaSeconds } from '../../gateway/transcription-job.ts';
import { toInstant } from './route.ts';

/** `parts`: those that have not come yet; null when they are not asked for. */
export function toJobView(job: TranscriptionJob, nowMs: number, parts: readonly UploadPart[] | null): JobView {
  const costs = job.pieces.map(({ costUsd }) => costUsd).filter((cost) => cost !== null);
  return {
    id: job.id,
    name: job.name,
    status: job.status,
    size_bytes: job.sizeBytes,
    seconds: job.facts?.seconds ?? null,
    options: job.options,
    created_at: toInstant(job.createdAtMs),
    expires_at: toInstant(job.expiresAtMs),
    error: job.error,
    done_seconds: doneSeconds(job),
    eta_seconds: etaSeconds(job, nowMs),
    cost_usd: costs.length === 0 ? null : costs.reduce((sum, cost) => sum + cost, 0),
    pieces: job.pieces.map(({ start, end, status, route, credential, tier, attempts, error, retryAtMs }, index) => ({
      index,
      start,
      end,
      status,
      route,
      credential,
      tier,
      attempts,
      error,
      retry_at: toInstant(retryAtMs),
    })),
    upload: parts === null || parts.length === 0 ? null : { parts: [...parts], expires_at: toInstant(job.expiresAtMs) },
  };
}
