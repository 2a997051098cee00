// The way of a recording through the server: declared, uploaded part by part, started, looked at until it is done.
import {
  allowanceSchema,
  jobSchema,
  type Allowance,
  type JobView,
  type UploadPart,
} from '#shared/api/transcriptions.ts';
import { ApiError, type Api } from '../../lib/api.ts';
import { pageLanguage } from '../../lib/messages.ts';
import { transcribeMessages } from './messages.ts';
import { transcriptSchema, type Transcript } from './transcript.ts';

const ROOT = '/api/transcriptions';
/** Times that something is tried before it is given up, and the first pause, which doubles. */
const TRIES = 4;
const PAUSE_MS = 1_000;
const AWAY_MS = 60_000;

const wait = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });

/** Until the device says that it has a line, or long enough that it may be wrong: some say so of no line but their own. */
const whenOnline = (signal: AbortSignal): Promise<void> =>
  Promise.race([
    wait(AWAY_MS, signal),
    new Promise<void>((resolve) => window.addEventListener('online', () => resolve(), { once: true, signal })),
  ]);

const isAway = (error: unknown): boolean =>
  error instanceof ApiError && (error.code === 'unreachable' || error.code === 'offline');

/** Tries a few times whether the server is reached; a device without a line waits for one, however long, and counts anew. */
async function insist<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isAway(error) || signal.aborted) throw error;
      if (!navigator.onLine) {
        await whenOnline(signal);
        tries = 0;
      } else if (tries === TRIES) throw error;
    }
    await wait(PAUSE_MS * 2 ** Math.max(0, tries - 1), signal);
  }
}

export const readAllowance = (api: Api): Promise<Allowance> =>
  api.call({ path: `${ROOT}/allowance`, schema: allowanceSchema });

export const declare = (api: Api, file: File, language: string): Promise<JobView> =>
  api.call({
    path: ROOT,
    body: { name: file.name, size_bytes: file.size, options: language === '' ? {} : { language } },
    schema: jobSchema,
  });

export const look = (api: Api, id: string): Promise<JobView> => api.call({ path: `${ROOT}/${id}`, schema: jobSchema });

/** A line that is gone for a moment, or a server that restarts, is waited for: the work goes on meanwhile. */
export const lookPatiently = (api: Api, id: string, signal: AbortSignal): Promise<JobView> =>
  insist(() => look(api, id), signal);

/** Begins, goes on, or tries failed pieces again: these, or all. */
export const start = (api: Api, id: string, pieces?: readonly number[]): Promise<JobView> =>
  api.call({ path: `${ROOT}/${id}/start`, body: pieces === undefined ? {} : { pieces }, schema: jobSchema });

export const pause = (api: Api, id: string): Promise<JobView> =>
  api.call({ path: `${ROOT}/${id}/pause`, method: 'POST', schema: jobSchema });

export const remove = async (api: Api, id: string): Promise<void> =>
  void (await api.open({ path: `${ROOT}/${id}`, method: 'DELETE' }));

export async function readResult(api: Api, id: string, partial: boolean): Promise<Transcript> {
  const reply = await api.open({ path: `${ROOT}/${id}/result?format=verbose_json&partial=${partial}` });
  return transcriptSchema.parse(await reply.json());
}

/** Sends one part to where it belongs: to this server, or to a bucket beside it. */
async function sendPart(part: UploadPart, file: File, signal: AbortSignal): Promise<void> {
  const reply = await fetch(part.url, {
    method: 'PUT',
    body: file.slice(part.start, part.start + part.bytes),
    credentials: 'omit',
    signal,
  }).catch(() => null);
  signal.throwIfAborted();
  if (!reply?.ok) throw new ApiError('unreachable', transcribeMessages[pageLanguage()].brokeOff);
}

/** Uploads what is missing, telling how many bytes have arrived. */
export async function upload(
  job: JobView,
  file: File,
  { signal, onSent }: { readonly signal: AbortSignal; readonly onSent: (bytes: number) => void },
): Promise<void> {
  const parts = job.upload?.parts ?? [];
  let sent = file.size - parts.reduce((sum, { bytes }) => sum + bytes, 0);
  onSent(sent);
  for (const part of parts) {
    await insist(() => sendPart(part, file, signal), signal);
    sent += part.bytes;
    onSent(sent);
  }
}
