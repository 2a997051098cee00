// What one request has gone through so far: the memory of the loop.
import type { Purse } from './budget.ts';
import type { Attempt, ProviderFailureKind } from '#shared/failures.ts';
import type { Usage } from '#shared/usage.ts';
import type { ResumeMode } from './rescue.ts';

/** One break in an answer that went on elsewhere. */
export interface Rescued {
  /** The route that broke off. */
  readonly from: string;
  readonly providerId: string;
  readonly failure: ProviderFailureKind;
  /** How much the caller had been shown, characters of text and tool calls. */
  readonly shownCharacters: number;
}

/** What an attempt used whose answer did not end the request. */
export interface Spent {
  /** Of what the caller was shown; null when nothing was. */
  readonly usage: Usage | null;
  /** null when no price is known. */
  readonly costUsd: number | null;
  /** The provider did not say all of it. */
  readonly isGuess: boolean;
}

/** What one request has gone through so far. */
export interface Journey {
  readonly attempts: Attempt[];
  /** Not to be asked (again) for this request. */
  readonly tried: Set<number>;
  /** May be asked again after a pause. */
  readonly later: Set<number>;
  /** Refused by the store for this request, until when. */
  readonly refused: Map<number, number>;
  readonly stripped: Map<number, string[]>;
  /** How often other instances were faster at taking what there was. */
  outrun: number;
  /**
   * What it may cost to be served. `spare`: quota that comes back soon or is not spent ahead of its time. `free`: all that is free.
   * `any`: whatever the policy allows. It rises when waiting a little does not help.
   */
  expense: 'spare' | 'free' | 'any';
  /** The place among those who wait here; null until it first had to wait. */
  ticket: number | null;
  /** Ends its being known as one who waits; null when it is not. It is until it is served, or gives up. */
  stopWaiting: (() => void) | null;
  /** Nobody healthy was left: open breakers are passed from then on. */
  lastResort: boolean;
  waitedMs: number;
  rounds: number;
  /** When those who had a passing fault are asked again; null while nobody waits for that. */
  retryAtMs: number | null;
  /** The caller has the head: from now on an answer goes on, or breaks off. */
  committed: boolean;
  readonly rescues: Rescued[];
  /** How the answer went on the last time. */
  resumedBy: ResumeMode | null;
  readonly spent: Spent[];
  /** What whoever asks may pay; null when nothing bounds it. */
  readonly purse: Purse | null;
  /** When the present turn began. */
  turnAtMs: number;
}

/** A journey that has not begun. */
export const createJourney = (nowMs: number, purse: Purse | null): Journey => ({
  attempts: [],
  tried: new Set(),
  later: new Set(),
  refused: new Map(),
  stripped: new Map(),
  outrun: 0,
  expense: 'spare',
  ticket: null,
  stopWaiting: null,
  lastResort: false,
  waitedMs: 0,
  rounds: 0,
  retryAtMs: null,
  committed: false,
  rescues: [],
  resumedBy: null,
  spent: [],
  purse,
  turnAtMs: nowMs,
});
