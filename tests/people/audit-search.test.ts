// A search in a long audit over the API: how far back it came, how it goes on, and a table that is too long for one reply.
import { beforeAll, expect, it } from 'vitest';
import { auditPageSchema } from '#shared/api/audit.ts';
import type { Store } from '#lambda/ports.ts';
import { MOST_LOOKED_AT } from '#lambda/store/audit-search.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { owner, type House } from './house.ts';
import { openHouse } from './quota-house.ts';

beforeAll(() => import('#lambda/endpoints/api/app.ts'));

/** A house with so many acts, a second apart and numbered from the newest; the last of them is a sign-out, all others are sign-ins. */
async function openOld(count: number): Promise<House> {
  const clock = createFakeClock(Date.parse('2026-11-22T12:00:00Z'));
  const memory = createMemoryStore(clock);
  const startMs = clock.now();
  const toKey = (number: number): string =>
    `${new Date(startMs - number * 1_000).toISOString()}_${String(number).padStart(12, '0')}`;
  const toItem = (number: number) => {
    const nobody = { email: null, key_id: null, target: null, detail: null, address: null, request_id: null };
    const event = { id: toKey(number), at: toKey(number).slice(0, 24), person_id: 'p', ...nobody };
    return { event: JSON.stringify({ ...event, action: number === count - 1 ? 'sign_out' : 'sign_in' }) };
  };
  const query: Store['query'] = async (pk, options = {}) => {
    if (pk !== 'audit') return memory.query(pk, options);
    const { limit = 1_000, after } = options;
    const from = after === undefined ? 0 : Number(after.split('_')[1]) + 1;
    const to = Math.min(count, from + limit);
    const items = Array.from({ length: to - from }, (_, index) => {
      const number = from + index;
      return { key: { pk, sk: toKey(number) }, item: toItem(number) };
    });
    return { items, next: to < count ? toKey(to - 1) : null };
  };
  return openHouse({ clock, store: { ...memory, query } });
}

it('is told how far back it came, and finds what is further back from there', async () => {
  const house = await openOld(MOST_LOOKED_AT + 10);
  const ask = async (query: string) =>
    auditPageSchema.parse((await house.ask('GET /api/audit', { headers: owner, query })).json);
  const first = await ask('action=sign_out');
  expect(first).toMatchObject({ data: [], searched_to: '2026-11-22T09:13:21.000Z' });
  const second = await ask(`action=sign_out&after=${encodeURIComponent(first.next ?? '')}`);
  expect(second).toMatchObject({ data: [{ action: 'sign_out' }], next: null, searched_to: null });
});

it('as a table, what is too long for one reply is led to', async () => {
  const count = 50_007;
  const house = await openOld(count);
  const rows: string[] = [];
  const sizes: number[] = [];
  let query: string | undefined = 'format=csv&person_id=p';
  while (query !== undefined) {
    const { text, headers } = await house.ask('GET /api/audit', { headers: owner, query });
    const [, ...lines] = text.split('\r\n');
    rows.push(...lines.map((line) => line.split(',')[0] ?? ''));
    sizes.push(lines.length);
    query = /^<\/api\/audit\?(.+)>; rel="next"$/.exec(headers['link'] ?? '')?.[1];
  }
  expect(sizes).toEqual([50_000, 7]);
  expect(new Set(rows).size).toBe(count);
}, 20_000);
