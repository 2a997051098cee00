// What all formats with jobs have in common: when to look again, and how their calls without a body are made.
import type { AudioCall, NextStep, Stage } from './types.ts';

/** The first look, and the pauses after it: short clips are done soon, long ones need not be asked for often. */
const SOON_MS = 1_000;
const GROWTH = 1.4;
const LONGEST_PAUSE_MS = 10_000;

/** Pause before the next look at a job that was looked at so often. */
export const toPauseMs = (asked: number): number => Math.min(LONGEST_PAUSE_MS, SOON_MS * GROWTH ** asked);

/** A call without a body. */
export const bare = (method: 'GET' | 'DELETE', path: string): AudioCall => ({
  method,
  path,
  headers: { accept: 'application/json' },
  body: [],
});

export interface Look {
  readonly path: string;
  readonly id: string;
  /** How often it was looked at before. */
  readonly asked: number;
  readonly undo: AudioCall | null;
}

/** Looks at the job, after a pause. */
export const look = ({ path, id, asked, undo }: Look): NextStep => ({
  kind: 'call',
  call: bare('GET', path),
  stage: { step: 'looking', id, asked: asked + 1 } satisfies Stage,
  afterMs: toPauseMs(asked),
  undo,
});

/** Ids come from a provider's reply and become part of paths: only what can't lead elsewhere. */
export const isJobId = (value: unknown): value is string => typeof value === 'string' && /^[\w-]{1,100}$/.test(value);
