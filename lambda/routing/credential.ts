// A credential as routing sees it: which provider, which models and limits it brings, what it may be used for. No secrets.
import type { Model, Provider } from '#shared/catalog.ts';
import type { Lock } from '#shared/locks.ts';
import type { Pool } from '#shared/pools.ts';

/** The plan an account is on: what it may call, and what that costs. */
export type Plan = 'free' | 'paid' | 'local';

export interface RoutableCredential {
  /** Stable across restarts and instances, so that its books are; derived from the key, never the key itself. */
  readonly id: string;
  /** Public name. */
  readonly name: string;
  /** Whoever runs the installation gave the name, so that it may stand for what is allowed; absent: a person did. */
  readonly configured?: boolean;
  /** Whoever gave it, by id; absent: the environment did. */
  readonly owner?: string;
  /** Why its key can't be opened; absent: it can. */
  readonly locked?: Lock;
  readonly provider: Provider;
  readonly plan: Plan;
  readonly priority: number;
  readonly weight: number;
  /** Overrides the provider's terms when the person knows better. */
  readonly trainsOnPrompts: boolean | null;
  /** Where this key's prompts are worked on; absent: as the provider's terms say. */
  readonly regions?: readonly string[];
  /** How long they are kept, days; absent: as the provider's terms say. */
  readonly retentionDays?: number;
  /** Credentials with the same account share account and project pools; null means an account of its own. */
  readonly account: string | null;
  /** Whose id stands for the account where it has no name: that of one of the credentials that were found to share it; absent: its own. */
  readonly head?: string;
  /** Models that add to or replace the catalog's by id. */
  readonly models: readonly Model[];
  /** Patterns of the models that may be used; empty means all. */
  readonly allowedModels: readonly string[];
  /** Pools that add to or replace the catalog's (same models, unit and clock). */
  readonly pools: readonly Pool[];
}
