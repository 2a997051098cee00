// The words of routing: what a request needs, who could serve it, and what was decided.
import type { ModelKind, ModelSize } from '#shared/catalog.ts';
import type { Lock } from '#shared/locks.ts';
import type { Price } from '#shared/price.ts';
import type { Amounts, Pool } from '#shared/pools.ts';

export const tasks = ['chat', 'planning', 'summarization', 'coding', 'extraction'] as const;
export type Task = (typeof tasks)[number];

/** One reason for a classification, for people to read: what was seen and what it speaks for. */
export interface Signal {
  readonly name: string;
  readonly weight: number;
}

/** What the classifier made of a request. `size` is the least that should answer it. */
export interface Classification {
  readonly task: Task;
  readonly size: ModelSize;
  readonly signals: readonly Signal[];
}

export interface TokenEstimate {
  /** Before the per-model correction. */
  readonly inputTokens: number;
  /** What the reply may take: the caller's bound, or the typical length for the task. */
  readonly outputTokens: number;
  /** Upper bound given by the caller; null when none was. */
  readonly maxOutputTokens: number | null;
  readonly method: 'scan' | 'sampled' | 'exact';
}

export type Tier = 'free' | 'paid' | 'local';

/** One model under one credential: the smallest thing that can be chosen. Built once per configuration, read-only. */
export interface Candidate {
  /** `provider/model`. */
  readonly route: string;
  readonly providerId: string;
  readonly modelId: string;
  /** Internal id of the credential (for stores); never shown. */
  readonly credentialId: string;
  /** Public name of the credential. */
  readonly credential: string;
  /** That name is the installation's, and no person's own choice. */
  readonly configured?: boolean;
  /** Why the key of its credential can't be opened; absent: it can. */
  readonly locked?: Lock;
  readonly kind: ModelKind;
  readonly family: string;
  readonly tier: Tier;
  /** Bit set of capabilities, see routing/capabilities.ts. */
  readonly capabilities: number;
  /** 0 small, 1 large, 2 reasoning. */
  readonly sizeRank: number;
  /** Highest size it can stand in for. */
  readonly roleRank: number;
  /** Input plus output, tokens; null when unknown. */
  readonly context: number | null;
  readonly maxOutput: number | null;
  /** As the catalog tells it; see routing/price-at.ts for what it is at a moment. */
  readonly price: Price | null;
  /** Its provider tells what a call cost, and is believed. */
  readonly tellsCost?: boolean;
  readonly priority: number;
  readonly weight: number;
  readonly trainsOnPrompts: boolean | 'unknown';
  /** Where prompts are worked on, such as `eu` or `us`; absent is unknown. */
  readonly regions?: readonly string[];
  /** How long prompts are kept there, days; absent is unknown. */
  readonly retentionDays?: number;
  /** From when on it is not served any more, ms since the epoch; absent: nobody has said. */
  readonly retiredAtMs?: number;
  /** `auto` does not lead to it. */
  readonly onlyByName?: boolean;
  /** Pools it draws on, with the keys under which their state is kept; all live in the one book. */
  readonly pools: readonly BoundPool[];
  /** Id of the store item that holds its pool state, rests and breaker. */
  readonly book: string;
  /** Short key of the candidate inside its book. */
  readonly mark: string;
}

/** A pool tied to whoever shares it. `key` names its state inside the book. */
export interface BoundPool extends Pool {
  readonly key: string;
  /** Resolution of a rolling pool's log, ms; absent: as its limit tells. */
  readonly slotMs?: number;
  /** Set for a limit that nobody tells, learned from refusals: when it last refused a call, ms since the epoch. */
  readonly foundAtMs?: number;
  /** What is taken of it is counted, and nobody is held back by that. */
  readonly isOnlyCounted?: true;
}

/** State of one pool as one candidate would find it. */
export interface PoolView {
  readonly pool: BoundPool;
  /** Units taken in the current window; fractional for buckets. */
  readonly used: number;
  readonly max: number;
  /** used / max, 0..1 (1 when max is 0). */
  readonly pressure: number;
  /** When the window resets or the bucket is full again; null when it never does. */
  readonly resetAtMs: number | null;
  /** How long until `need` fits: 0 now, Infinity never. */
  readonly waitMs: number;
}

/** What one call takes from pools. */
export type Need = Amounts;
