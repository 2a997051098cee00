// All limits of one provider together: admits a call against every one of them, or names the one that refuses.
import { createMeter, type Meter } from './meters.ts';
import type { FakeLimit, LimitUnit } from './spec.ts';

export type Amounts = Readonly<Partial<Record<LimitUnit, number>>>;

/** How one limit stands for one key and model. */
export interface LimitView {
  readonly limit: FakeLimit;
  readonly used: number;
  readonly remaining: number;
  readonly resetMs: number;
}

/** Why a call was refused. `waitMs` is Infinity when it never fits. */
export interface Breach extends LimitView {
  readonly requested: number;
  readonly waitMs: number;
}

/** What an admitted call was charged. `settle` replaces it by what was used; units left out keep their charge. */
export interface Charge {
  settle(actual: Amounts, nowMs: number): void;
}

export interface Who {
  readonly key: string;
  readonly model: string;
}

/** Does a model id match one of the patterns (`*` for any run of characters)? */
export function matchesAny(patterns: readonly string[], id: string): boolean {
  return patterns.some((pattern) => {
    if (!pattern.includes('*')) return pattern === id;
    const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${parts.join('.*')}$`).test(id);
  });
}

export interface Limits {
  admit(who: Who, need: Amounts, nowMs: number): Charge | Breach;
  /** Charges without asking (other people's use, refused calls). */
  charge(who: Who, amounts: Amounts, nowMs: number): Charge;
  views(who: Who, nowMs: number): LimitView[];
}

/** A label for books and messages: `requests/60s`, `tokens/day`. */
export function limitName({ unit, clock }: FakeLimit): string {
  if (clock.kind === 'held') return 'concurrent';
  return clock.kind === 'calendar' ? `${unit}/${clock.every}` : `${unit}/${clock.seconds}s`;
}

export function createLimits(limits: readonly FakeLimit[]): Limits {
  const meters = new Map<string, Meter>();
  const bound = new Map<string, readonly { limit: FakeLimit; meter: Meter }[]>();

  function bind({ key, model }: Who): readonly { limit: FakeLimit; meter: Meter }[] {
    const name = `${key}\n${model}`;
    const known = bound.get(name);
    if (known) return known;
    const found = limits.flatMap((limit, index) => {
      if (!matchesAny(limit.models, model)) return [];
      const id = `${index}\n${limit.scope === 'account' ? '' : key}\n${limit.perModel ? model : ''}`;
      const meter = meters.get(id) ?? createMeter(limit.max, limit.clock);
      meters.set(id, meter);
      return [{ limit, meter }];
    });
    bound.set(name, found);
    return found;
  }

  function view({ limit, meter }: { limit: FakeLimit; meter: Meter }, nowMs: number): LimitView {
    const used = meter.used(nowMs);
    return { limit, used, remaining: Math.max(0, limit.max - used), resetMs: meter.resetMs(nowMs) };
  }

  function charge(who: Who, amounts: Amounts, nowMs: number): Charge {
    const taken = bind(who).flatMap(({ limit, meter }) => {
      const amount = amounts[limit.unit];
      return amount === undefined ? [] : [{ unit: limit.unit, correct: meter.take(amount, nowMs) }];
    });
    return {
      settle(actual, laterMs) {
        for (const { unit, correct } of taken) {
          const amount = actual[unit];
          if (amount !== undefined) correct(amount, laterMs);
        }
      },
    };
  }

  return {
    admit(who, need, nowMs) {
      let worst: Breach | null = null;
      for (const one of bind(who)) {
        const requested = need[one.limit.unit] ?? 0;
        const waitMs = one.meter.waitMs(requested, nowMs);
        if (requested === 0 || waitMs === 0 || (worst && worst.waitMs >= waitMs)) continue;
        worst = { ...view(one, nowMs), requested, waitMs };
      }
      return worst ?? charge(who, need, nowMs);
    },
    charge,
    views: (who, nowMs) => bind(who).map((one) => view(one, nowMs)),
  };
}
