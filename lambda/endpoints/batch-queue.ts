// Which request of a batch comes next: as they stand in the file, but for those that must wait, and those that were answered before.
import { WINDOW_LINES, type Account } from '../gateway/batch.ts';
import { isProblem, readLine, type BatchLine } from '../wire/batch/line.ts';
import type { BatchWork } from './batch-asker.ts';
import type { FileLine } from './batch-lines.ts';

/** One request on its way to a result. */
export interface PendingLine {
  readonly line: number;
  readonly read: BatchLine;
  /** How often it failed for reasons that may pass. */
  readonly setbacks: number;
  /** Nothing free could ever serve it. */
  readonly isLoose: boolean;
}

/** What holds everything that asks for the same model: until when, ms since the epoch, why, and the code of the error that says so. */
export interface Brake {
  readonly untilMs: number;
  readonly why: string;
  readonly code: string | null;
}

export interface BatchQueue {
  /** The next request that may be asked now; null: none may. */
  take(): Promise<PendingLine | null>;
  /** It may be asked again at this moment, ms since the epoch. */
  wait(pending: PendingLine, atMs: number): void;
  /** So does everything else that asks for the same model. */
  brake(pending: PendingLine, brake: Brake): void;
  /** When the first of those that wait may be asked, ms since the epoch; null: none waits. */
  nextAtMs(): number | null;
}

const modelOf = ({ read }: PendingLine): string => String(read.body['model'] ?? 'auto');

/** Reads the lines of the file that have no result yet, no further ahead than a window. */
function openReader(
  { deps, batch }: BatchWork,
  account: Account,
  lines: AsyncGenerator<FileLine>,
): () => Promise<PendingLine | null> {
  let nextLine = batch.next.line;
  let isOver = false;
  /** Up to here it is known what was kept already. */
  let knownUntil = nextLine;
  let mayBeKept = true;
  /** Results that were kept, but not counted, when whoever worked on it before us was killed: counts are written more rarely. */
  const recall = async (line: number): Promise<void> => {
    const window = Array.from({ length: WINDOW_LINES }, (_, index) => line + index);
    const found = await deps.batches.findResults(batch, window);
    for (const [index, outcome] of found.entries()) if (outcome !== null) kept.set(line + index, outcome);
    knownUntil = line + WINDOW_LINES;
    mayBeKept = found.some((outcome) => outcome !== null);
  };
  const kept = new Map<number, Parameters<Account['done']>[1]>();
  return async () => {
    while (!isOver && nextLine - account.nextLine < WINDOW_LINES) {
      const { value, done } = await lines.next();
      if (done === true) {
        isOver = true;
        break;
      }
      const { line, text, after } = value;
      nextLine = line + 1;
      account.read(line, after);
      if (mayBeKept && line >= knownUntil) await recall(line);
      const outcome = kept.get(line);
      if (outcome !== undefined) account.done(line, outcome);
      if (account.isDone(line)) continue;
      const read = readLine(text, batch.endpoint);
      // All lines were looked through before the first was asked, and a file is never written over.
      if (isProblem(read)) throw new Error(`Line ${line + 1} of the file of ${batch.id} is not what it was.`);
      return { line, read, setbacks: account.setbacksOf(line).count, isLoose: false };
    }
    return null;
  };
}

/** The queue of a batch. */
export function openQueue(work: BatchWork, account: Account, lines: AsyncGenerator<FileLine>): BatchQueue {
  const { clock } = work.deps;
  /** When the time of the batch is over, nobody is waited for any more. */
  const now = (): number => (clock.now() < work.batch.endsAtMs ? clock.now() : Infinity);
  const readNext = openReader(work, account, lines);
  const waiting = new Map<PendingLine, number>();
  const brakes = new Map<string, Brake>();
  const brakedUntil = (pending: PendingLine): number => brakes.get(modelOf(pending))?.untilMs ?? 0;
  /** What is waited for, where that is all there is to do. */
  const tell = (): void => {
    const nowMs = now();
    const [first] = [...brakes.values()]
      .filter(({ untilMs }) => untilMs > nowMs)
      .toSorted((a, b) => a.untilMs - b.untilMs);
    account.waiting = first === undefined || waiting.size === 0 ? null : first;
  };
  return {
    take: async () => {
      const nowMs = now();
      for (const [pending, atMs] of waiting)
        if (atMs <= nowMs && brakedUntil(pending) <= nowMs) {
          waiting.delete(pending);
          return pending;
        }
      for (let pending = await readNext(); pending !== null; pending = await readNext()) {
        const untilMs = Math.max(brakedUntil(pending), account.setbacksOf(pending.line).untilMs);
        if (untilMs <= nowMs) return pending;
        waiting.set(pending, untilMs);
      }
      tell();
      return null;
    },
    wait: (pending, atMs) => void waiting.set(pending, atMs),
    brake: (pending, brake) => {
      waiting.set(pending, brake.untilMs);
      brakes.set(modelOf(pending), brake);
    },
    nextAtMs: () => (waiting.size === 0 ? null : Math.min(...waiting.values())),
  };
}
