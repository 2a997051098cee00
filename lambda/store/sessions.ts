// Browser sessions in the store, found by a hash of their token: whoever reads the store can't use them.
import { createHash, randomBytes } from 'node:crypto';
import * as z from 'zod/mini';
import type { Clock, Store } from '../ports.ts';
import type { Session, Sessions } from '../ports-people.ts';
import { clearPartition } from './kept.ts';
import { createRecords, type Records } from './records.ts';

const sessionSchema: z.ZodMiniType<Session> = z.lazy(() =>
  z.object({
    id: z.string(),
    personId: z.string(),
    email: z.nullable(z.string()),
    via: z.enum(['google', 'local']),
    device: z.string(),
    createdAtMs: z.number(),
    lastSeenAtMs: z.number(),
  }),
);

/** A session ends after this long without use, and in any case after that long. */
const IDLE_MS = 12 * 3_600_000;
const LONGEST_MS = 7 * 24 * 3_600_000;
/** Use is noted no more often than this. */
const TOUCH_MS = 60_000;

const TOKEN = /^fws_([A-Za-z0-9_]{1,40})\.([A-Za-z0-9_-]{43})$/;
const toId = (token: string): string => createHash('sha256').update(token).digest('hex').slice(0, 40);
const partitionOf = (personId: string): string => `sessions#${personId}`;
const endsAtMs = ({ createdAtMs }: Session): number => createdAtMs + LONGEST_MS;
const expiryOf = (session: Session): number => Math.min(session.lastSeenAtMs + IDLE_MS, endsAtMs(session));

/** Sessions over a store. `onChange` is called when one has ended. */
export function createSessions(store: Store, clock: Pick<Clock, 'now'>, onChange: () => void): Sessions {
  const of = (personId: string): Records<Session> =>
    createRecords({ store, pk: partitionOf(personId), schema: sessionSchema });
  const live = (session: Session): boolean => clock.now() < expiryOf(session);
  return {
    endsAtMs,
    open: async (who) => {
      const token = `fws_${who.personId}.${randomBytes(32).toString('base64url')}`;
      const nowMs = clock.now();
      const session: Session = { ...who, id: toId(token), createdAtMs: nowMs, lastSeenAtMs: nowMs };
      await of(who.personId).create(session.id, session, expiryOf(session));
      return { token, session };
    },
    find: async (token) => {
      const personId = TOKEN.exec(token)?.[1];
      if (personId === undefined) return null;
      const [records, id] = [of(personId), toId(token)];
      // One that is not seen may have just been opened.
      const session = (await records.get(id)) ?? (await records.get(id, true));
      return session !== null && live(session) ? session : null;
    },
    touch: async (session) => {
      const nowMs = clock.now();
      if (nowMs - session.lastSeenAtMs < TOUCH_MS) return;
      const seen = { ...session, lastSeenAtMs: nowMs };
      await of(session.personId).change(session.id, (stored) => ({ ...stored, lastSeenAtMs: nowMs }), expiryOf(seen));
    },
    list: async (personId) => (await of(personId).list()).filter(live),
    close: async (personId, id) => {
      const records = of(personId);
      const known = (await records.get(id)) !== null;
      await records.remove(id);
      onChange();
      return known;
    },
    closeAll: async (personId) => {
      // Those that only another version can read, too.
      await clearPartition(store, partitionOf(personId));
      onChange();
    },
  };
}
