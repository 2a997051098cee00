// Asks the server for one answer and follows it to its end, whatever that is.
import { ApiError } from '../../lib/api.ts';
import { readAnswer } from './answer-stream.ts';
import type { EngineDeps } from './engine.ts';
import { toMessageError, type Progress } from './progress.ts';

interface Asked {
  readonly body: unknown;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Resolves when the answer has ended, which its progress then says: also when it was stopped, broke off, or found no network. */
export async function ask(
  { api, gather }: Pick<EngineDeps, 'api' | 'gather'>,
  { body, progress, signal }: Asked,
): Promise<void> {
  try {
    const headers = { 'x-freeway-events': '1' };
    const response = await api.open({ path: '/v1/chat/completions', headers, body, signal });
    await readAnswer(response, progress, gather);
    progress.end('done', null);
  } catch (error) {
    if (signal.aborted) progress.end('stopped', null);
    else if (error instanceof ApiError && error.code === 'offline') progress.end('queued', null);
    else progress.end(progress.message.text === '' ? 'failed' : 'broken', toMessageError(error));
  }
}
