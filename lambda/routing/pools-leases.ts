// Pools that limit how many calls run at once: numbered leases, each taken until it is given back or runs out.
import type { Clock } from '#shared/pools.ts';
import type { Item } from '#shared/items.ts';
import { numberIn } from './pools-ops.ts';
import type { PoolRules } from './pools-rules.ts';

/** How long to wait before looking again when every lease is taken; one is usually given back long before it runs out. */
export const leasePollMs = 250;
/** Pools that allow more calls at once than this are held to it. */
const maxLeases = 64;

type Concurrent = Extract<Clock, { kind: 'concurrent' }>;

const leaseName = (key: string, index: number): string => `${key}:${index}`;

function findLeases({ key, max, book, nowMs }: { key: string; max: number; book: Item; nowMs: number }) {
  const free: string[] = [];
  let firstEndMs = Infinity;
  let lastEndMs = nowMs;
  const total = Math.min(Math.floor(max), maxLeases);
  for (let index = 0; index < total; index++) {
    const name = leaseName(key, index);
    const untilMs = numberIn(book, name) ?? 0;
    if (untilMs < nowMs) free.push(name);
    else if (untilMs < firstEndMs) firstEndMs = untilMs;
    if (untilMs > lastEndMs) lastEndMs = untilMs;
  }
  return { free, taken: total - free.length, firstEndMs, lastEndMs };
}

/** At most `max` calls at the same time. A call takes one lease, however much it asks for. */
export const concurrent: PoolRules<Concurrent> = {
  look(_clock, question) {
    const { free, taken, firstEndMs, lastEndMs } = findLeases(question);
    const use = { used: taken, resetAtMs: lastEndMs };
    if (question.max < 1) return { ...use, waitMs: question.amount > 0 ? Infinity : 0 };
    if (free.length > 0 || question.amount === 0) return { ...use, waitMs: 0 };
    return { ...use, waitMs: Math.min(leasePollMs, firstEndMs + 1 - question.nowMs) };
  },

  take(_clock, question, { draft, leaseMs, random }) {
    const { free } = findLeases(question);
    const attr = free[Math.floor(random * free.length)] ?? leaseName(question.key, 0);
    const untilMs = question.nowMs + leaseMs;
    draft.guards.push({ attr, is: 'below', value: question.nowMs, orAbsent: true });
    draft.set[attr] = untilMs;
    return [{ kind: 'lease', attr, untilMs }];
  },
};
