// What requests have in common that are carried out in several pieces: some at once, none of them shown alone, and one account of all.
import { CallerError } from '#shared/failures.ts';
import type { Usage } from '#shared/usage.ts';
import type { Caller } from '../gateway/answer.ts';
import type { RunResult } from '../gateway/run.ts';
import { addUsage } from '../gateway/totals.ts';
import type { ReplyBody } from '../ports.ts';

/** The caller, as far as a piece concerns it. */
export type PieceCaller = Pick<Caller, 'gone' | 'onGone' | 'watch'>;

/** The caller, until one piece has failed for good: then nothing more is begun, and what is under way ends. */
export function createHalt(caller: PieceCaller): { readonly caller: PieceCaller; readonly halt: () => void } {
  let halted = false;
  const listeners = new Set<() => void>();
  return {
    caller: {
      get gone() {
        return halted || caller.gone;
      },
      onGone: (listener) => {
        const off = caller.onGone(listener);
        listeners.add(listener);
        return () => {
          off();
          listeners.delete(listener);
        };
      },
    },
    halt: () => {
      halted = true;
      for (const listener of listeners) listener();
    },
  };
}

const nowhere: ReplyBody = { write: () => true, drained: () => Promise.resolve(), end: () => undefined };

/** The caller as the loop sees it while pieces are only being made: nothing goes out yet. */
export function quietly(caller: PieceCaller): Caller {
  return {
    commit: () => nowhere,
    get gone() {
      return caller.gone;
    },
    onGone: caller.onGone,
    ...(caller.watch ? { watch: caller.watch } : {}),
  };
}

/** Runs the work over all items, `most` at once, keeping their order. After the first failure nothing more begins; it is thrown when all has ended. */
export async function mapSome<T, R>(items: readonly T[], work: (item: T) => Promise<R>, most: number): Promise<R[]> {
  const results: R[] = [];
  const failures: unknown[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length && failures.length === 0; index = next++) {
      const item = items[index];
      if (item === undefined) continue;
      try {
        results[index] = await work(item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
  return results;
}

/** The sum, where all of it is known; else null. */
export const sumOf = (amounts: readonly (number | null)[]): number | null =>
  amounts.reduce((total, amount) => (total === null || amount === null ? null : total + amount), 0);

/** One account of all pieces, by whoever made the last. Use that is not known of each is not known of all. */
export function joinResults(results: readonly RunResult[]): RunResult {
  const last = results.at(-1);
  if (last === undefined) throw new CallerError('internal', 'The request was divided into no pieces.');
  const costUsd = sumOf(results.map((result) => result.costUsd));
  const used = results.flatMap(({ usage }) => usage ?? []);
  return {
    ...last,
    receipt: {
      ...last.receipt,
      attempts: results.flatMap(({ receipt }) => receipt.attempts),
      waitedMs: Math.max(...results.map(({ receipt }) => receipt.waitedMs)),
      costUsd,
    },
    usage: used.length < results.length ? null : used.reduce<Usage>(addUsage, {}),
    costUsd,
    settled: Promise.all(results.map(({ settled }) => settled)),
  };
}

/** Whether somebody found a piece too large, so that smaller ones may do. */
export const isTooLarge = (error: unknown): boolean =>
  error instanceof CallerError && error.attempts.some(({ failure }) => failure === 'too_large');
