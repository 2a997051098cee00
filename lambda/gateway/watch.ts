// Watches the clock over one attempt: tells when the first content is late, and ends it at silence or at the total deadline.
import type { Clock } from '../ports.ts';

export interface WatchInput {
  readonly clock: Clock;
  /** From now until the first content is called late; Infinity: never. */
  readonly lateMs: number;
  readonly onLate: () => void;
  /** From now until the first content must be there. */
  readonly firstContentMs: number;
  /** The longest silence between two pieces of content. */
  readonly idleMs: number;
  readonly deadlineAtMs: number;
  readonly onTimeout: (message: string) => void;
}

export interface Watch {
  /** Content has come. */
  seen(): void;
  /** The caller is slow: silence is our doing until `resumed`. */
  paused(): void;
  resumed(): void;
  stop(): void;
}

/** Begins to watch. One timer, set anew only when it fires. */
export function createWatch(input: WatchInput): Watch {
  const { clock, deadlineAtMs } = input;
  const startedAtMs = clock.now();
  let lateAtMs = startedAtMs + input.lateMs;
  let lastAtMs: number | null = null;
  let isPaused = false;
  let stopped = false;

  const silenceEndsAtMs = (): number => {
    if (isPaused) return clock.now() + input.idleMs;
    return lastAtMs === null ? startedAtMs + input.firstContentMs : lastAtMs + input.idleMs;
  };
  const tellTimeout = (): void => {
    const passed =
      clock.now() >= deadlineAtMs
        ? 'the time for the whole request is over'
        : lastAtMs === null
          ? `no answer within ${Math.round(input.firstContentMs)} ms`
          : `the answer stood still for ${Math.round(input.idleMs)} ms`;
    input.onTimeout(passed);
  };
  let cancel = (): void => undefined;
  const look = (): void => {
    const nowMs = clock.now();
    const endsAtMs = Math.min(silenceEndsAtMs(), deadlineAtMs);
    if (endsAtMs <= nowMs) return tellTimeout();
    if (lastAtMs === null && lateAtMs <= nowMs) {
      lateAtMs = Infinity;
      input.onLate();
      if (stopped) return;
    }
    arm();
  };
  // Never fires at once: whoever watches is not ready for it yet.
  const arm = (): void => {
    const endsAtMs = Math.min(silenceEndsAtMs(), deadlineAtMs);
    const nextAtMs = Math.min(lastAtMs === null ? lateAtMs : Infinity, endsAtMs);
    cancel = clock.after(Math.max(0, nextAtMs - clock.now()), look);
  };
  arm();
  return {
    seen: () => {
      lastAtMs = clock.now();
    },
    paused: () => {
      isPaused = true;
    },
    resumed: () => {
      isPaused = false;
      if (lastAtMs !== null) lastAtMs = clock.now();
    },
    stop: () => {
      stopped = true;
      cancel();
    },
  };
}
