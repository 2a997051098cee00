// API keys in the store: hashed, found by the id that stands in the key itself.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import * as z from 'zod/mini';
import { keyScopes, limitPeriods } from '#shared/people.ts';
import { strategies } from '#shared/policy.ts';
import type { Clock, QueryPage, Store } from '../ports.ts';
import type { ApiKey, ApiKeys } from '../ports-people.ts';
import { createRecords } from './records.ts';

const careful = { tier: 'free', privacy: 'no_training', strategy: null, per: 'never', mode: 'hard' };
const keySchema: z.ZodMiniType<ApiKey> = z.lazy(() =>
  z.object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(z.enum(keyScopes)),
    models: z.nullable(z.array(z.string())),
    tier: z.enum(['free', 'any']),
    privacy: z.enum(['no_training', 'any']),
    strategy: z.optional(z.nullable(z.enum(strategies))),
    limits: z.looseObject({
      requestsPerMinute: z.nullable(z.number()),
      requestsPerDay: z.optional(z.nullable(z.number())),
      tokensPerMinute: z.optional(z.nullable(z.number())),
      tokensPerDay: z.optional(z.nullable(z.number())),
      usd: z.nullable(
        z.object({ max: z.number(), per: z.enum(limitPeriods), mode: z.optional(z.enum(['hard', 'soft'])) }),
      ),
    }),
    expiresAtMs: z.nullable(z.number()),
    personId: z.string(),
    email: z.nullable(z.string()),
    last4: z.string(),
    createdAtMs: z.number(),
    hash: z.string(),
    previous: z.nullable(z.object({ hash: z.string(), untilMs: z.number() })),
  }),
);

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZabcdefghjkmnpqrstvwxyz';
const ID_LENGTH = 12;
const SECRET_LENGTH = 36;
const CHECK_LENGTH = 6;
const KEY = new RegExp(
  `^fwy_([0-9A-Za-z]{${ID_LENGTH}})([0-9A-Za-z]{${SECRET_LENGTH}})([0-9A-Za-z]{${CHECK_LENGTH}})$`,
);
/** Use is noted no more often than this. */
const TOUCH_MS = 60_000;
const USES = 'api-key-use';

/** Signs drawn evenly: bytes past the last whole round of the alphabet are passed over. */
function draw(length: number): string {
  const even = 256 - (256 % ALPHABET.length);
  let text = '';
  while (text.length < length)
    for (const byte of randomBytes(length))
      if (byte < even && text.length < length) text += ALPHABET[byte % ALPHABET.length];
  return text;
}

/** Lets a scanner tell a key from any other text, and us refuse a mistyped one without asking the store. */
function toCheck(text: string): string {
  let rest = crc32(text);
  let check = '';
  for (let place = 0; place < CHECK_LENGTH; place++) {
    check = (ALPHABET[rest % ALPHABET.length] ?? '') + check;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return check;
}

function makeText(id: string): string {
  const text = `fwy_${id}${draw(SECRET_LENGTH)}`;
  return text + toCheck(text);
}

const toHash = (text: string): string => createHash('sha256').update(text).digest('hex');
const isEqual = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

/** The id in a key that is written as ours are; null for any other text. */
function idIn(text: string): string | null {
  const parts = KEY.exec(text);
  if (parts === null || toCheck(text.slice(0, -CHECK_LENGTH)) !== parts[3]) return null;
  return parts[1] ?? null;
}

/** Notes when keys are used, and tells when they were. */
function createUses(store: Store, clock: Pick<Clock, 'now'>): Pick<ApiKeys, 'used' | 'lastUsed'> {
  const notedAtMs = new Map<string, number>();
  return {
    used: async (id) => {
      const nowMs = clock.now();
      if (nowMs - (notedAtMs.get(id) ?? -Infinity) < TOUCH_MS) return;
      notedAtMs.set(id, nowMs);
      await store.put({ pk: USES, sk: id }, { atMs: nowMs });
    },
    lastUsed: async () => {
      const all = new Map<string, number>();
      let after: string | null = null;
      do {
        const page: QueryPage = await store.query(USES, { limit: 1000, ...(after === null ? {} : { after }) });
        for (const { key, item } of page.items) {
          const { atMs } = item;
          if (typeof atMs === 'number') all.set(key.sk, atMs);
        }
        after = page.next;
      } while (after !== null);
      return all;
    },
  };
}

/** API keys over a store. `onChange` is called after every change. */
export function createApiKeys(store: Store, clock: Pick<Clock, 'now'>, onChange: () => void): ApiKeys {
  const records = createRecords({ store, pk: 'api-keys', schema: keySchema, careful });
  const matches = ({ hash, previous }: ApiKey, presented: string): boolean =>
    isEqual(hash, presented) ||
    (previous !== null && clock.now() < previous.untilMs && isEqual(previous.hash, presented));
  return {
    create: async (terms) => {
      const id = draw(ID_LENGTH);
      const key = makeText(id);
      const stored: ApiKey = {
        ...terms,
        id,
        last4: key.slice(-4),
        createdAtMs: clock.now(),
        hash: toHash(key),
        previous: null,
      };
      if (!(await records.create(id, stored))) throw new Error('an id of an API key was drawn twice');
      return { key, stored };
    },
    find: async (text) => {
      const id = idIn(text);
      // One that is not seen may have just been made.
      const stored = id === null ? null : ((await records.get(id)) ?? (await records.get(id, true)));
      return stored !== null && matches(stored, toHash(text)) ? stored : null;
    },
    get: records.get,
    list: records.list,
    change: async (id, change) => {
      const changed = await records.change(id, change);
      onChange();
      return changed;
    },
    roll: async (id, overlapMs) => {
      const key = makeText(id);
      const untilMs = clock.now() + overlapMs;
      const stored = await records.change(id, (before) => ({
        ...before,
        hash: toHash(key),
        last4: key.slice(-4),
        previous: overlapMs > 0 ? { hash: before.hash, untilMs } : null,
      }));
      onChange();
      return stored === null ? null : { key, stored };
    },
    remove: async (id) => {
      await records.remove(id);
      await store.delete({ pk: USES, sk: id });
      onChange();
    },
    ...createUses(store, clock),
  };
}
