// Looks once an hour whether somebody uses far more than they usually do, such as whoever has found a key, and raises an alert, once a day for each.
import { unusualFrom } from '#shared/unusual.ts';
import type { UsageRow } from '#shared/usage-sums.ts';
import type { Clock, Store, UsageBook } from '../ports.ts';
import type { Alerts } from '../ports-telemetry.ts';

export interface UseWatchOptions {
  readonly usage: Pick<UsageBook, 'rowsOfDays'>;
  readonly store: Store;
  readonly clock: Pick<Clock, 'now'>;
  readonly alerts: Pick<Alerts, 'raise'>;
  readonly isWanted: () => boolean;
  /** By what a person is known to admins. */
  readonly nameOf: (id: string) => Promise<string>;
}

/** What somebody used on one day. */
interface DayOfUse {
  readonly requests: number;
  readonly tokens: number;
  readonly usd: number;
}

const DAY_MS = 24 * 3_600_000;
const LOOK_MS = 3_600_000;
/** Days before today that tell what is usual. */
const DAYS = 28;
/** Below these nothing is worth an alert. */
const floors: DayOfUse = { requests: 200, tokens: 500_000, usd: 1 };
const words: Readonly<Record<keyof DayOfUse, (value: number) => string>> = {
  requests: (value) => `${Math.round(value)} requests`,
  tokens: (value) => `${Math.round(value)} tokens`,
  usd: (value) => `$${value.toFixed(2)}`,
};
const measures = Object.keys(floors) as readonly (keyof DayOfUse)[];

const toDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** Takes something that is to be done once by one instance; false when it has been. */
async function claim(store: Store, sk: string, nowMs: number): Promise<boolean> {
  const key = { pk: 'alerts-told', sk };
  const guards = [{ attr: 'at', is: 'absent' }] as const;
  const expiresAtMs = nowMs + 3 * DAY_MS;
  return (await store.update({ key, guards, add: {}, set: { at: nowMs }, remove: [], expiresAtMs })).applied;
}

/** What each person used on a day, by id. */
function toPeople(rows: readonly UsageRow[]): ReadonlyMap<string, DayOfUse> {
  const people = new Map<string, DayOfUse>();
  for (const { person_id: id, requests, input_tokens: input, output_tokens: output, cost_usd: usd } of rows) {
    const before = people.get(id) ?? { requests: 0, tokens: 0, usd: 0 };
    people.set(id, {
      requests: before.requests + requests,
      tokens: before.tokens + input + output,
      usd: before.usd + usd,
    });
  }
  return people;
}

/** What somebody used on the days since they were first seen, the oldest first. */
function toDays(before: readonly ReadonlyMap<string, DayOfUse>[], id: string): DayOfUse[] {
  const first = before.findIndex((day) => day.has(id));
  if (first < 0) return [];
  return before.slice(first).map((day) => day.get(id) ?? { requests: 0, tokens: 0, usd: 0 });
}

/** Raises what there is to raise. Looks at most once an hour, whatever the number of instances. */
export function createUseWatch(options: UseWatchOptions): () => Promise<void> {
  const { usage, store, clock, alerts, isWanted, nameOf } = options;
  let lookedAtMs = -Infinity;
  return async () => {
    const nowMs = clock.now();
    // A clock may have been set back since.
    if (Math.abs(nowMs - lookedAtMs) < LOOK_MS || !isWanted()) return;
    lookedAtMs = nowMs;
    if (!(await claim(store, `look#${Math.floor(nowMs / LOOK_MS)}`, nowMs))) return;
    const before: ReadonlyMap<string, DayOfUse>[] = [];
    for await (const rows of usage.rowsOfDays(toDay(nowMs - DAYS * DAY_MS), toDay(nowMs))) before.push(toPeople(rows));
    for (const [id, used] of before.pop() ?? []) {
      const days = toDays(before, id);
      for (const measure of measures) {
        const from = unusualFrom(
          days.map((day) => day[measure]),
          floors[measure],
        );
        if (from === null || used[measure] <= from) continue;
        if (!(await claim(store, `unusual#${toDay(nowMs)}#${measure}#${id}`, nowMs))) continue;
        const subject = await nameOf(id);
        const tell = words[measure];
        const text = `${subject} has used ${tell(used[measure])} today, where up to ${tell(from)} would be usual. If that is not meant, revoke the API keys involved.`;
        alerts.raise({ kind: 'unusual_use', subject, text });
      }
    }
  };
}
