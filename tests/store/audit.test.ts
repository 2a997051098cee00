// A search in the audit: one request looks at so many acts and no more, says how far back it came, and is gone on with from there.
import { beforeEach, describe, expect, it } from 'vitest';
import type { AuditEvent } from '#shared/api/audit.ts';
import { MOST_LOOKED_AT } from '#lambda/store/audit-search.ts';
import { createAudit } from '#lambda/store/audit.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createMemoryStore, type MemoryStore } from '../fakes/memory-store.ts';

const quiet = (): undefined => undefined;
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const clock = createFakeClock(Date.parse('2026-11-22T12:00:00Z'));
const SPARE = 300;

let store: MemoryStore;
let looked = 0;
const open = () =>
  createAudit({
    store: {
      ...store,
      query: async (...asked) => {
        const page = await store.query(...asked);
        looked += page.items.length;
        return page;
      },
    },
    clock,
    log,
    days: () => 365,
  });

/** Acts a second apart, the newest a second ago; those at `special` by somebody else. */
async function fill(count: number, special: readonly number[]): Promise<void> {
  for (let index = 0; index < count; index++) {
    const at = new Date(clock.now() - (index + 1) * 1_000).toISOString();
    const id = `${at}_${String(index).padStart(12, '0')}`;
    const person = special.includes(index) ? 'ann' : 'bob';
    const event: AuditEvent = {
      id, at, action: 'sign_in', person_id: person, email: null, key_id: null, target: null, detail: null, address: null, request_id: null,
    }; // prettier-ignore
    await store.put({ pk: 'audit', sk: id }, { event: JSON.stringify(event) });
  }
}
beforeEach(() => {
  store = createMemoryStore(clock);
  looked = 0;
});

describe('a search', () => {
  it('that finds nothing ends after so many, says how far it came, and finds the rest from there', async () => {
    await fill(MOST_LOOKED_AT + SPARE, [MOST_LOOKED_AT + 100]);
    const first = await open().page({ limit: 25, personId: 'ann' });
    expect(first.events).toEqual([]);
    expect(looked).toBe(MOST_LOOKED_AT);
    expect(first.searchedTo).toBe(new Date(clock.now() - MOST_LOOKED_AT * 1_000).toISOString());
    const second = await open().page({ limit: 25, personId: 'ann', after: first.next ?? '' });
    expect(second.events.map((event) => event.person_id)).toEqual(['ann']);
    expect([second.next, second.searchedTo]).toEqual([null, null]);
    expect(looked).toBe(MOST_LOOKED_AT + SPARE);
  });

  it('that finds enough is over there, and what it has not shown is found next', async () => {
    const special = [3, 5, 7, 1_100];
    await fill(1_200, special);
    const first = await open().page({ limit: 2, personId: 'ann' });
    expect(first.searchedTo).toBeNull();
    const second = await open().page({ limit: 2, personId: 'ann', after: first.next ?? '' });
    const third = await open().page({ limit: 2, personId: 'ann', after: second.next ?? '' });
    const found = [...first.events, ...second.events, ...third.events];
    expect(found.map(({ id }) => Number(id.split('_')[1]))).toEqual(special);
    expect(third.next).toBeNull();
  });

  it('that comes to the end with the last it may look at has no further page', async () => {
    await fill(MOST_LOOKED_AT, []);
    expect(await open().page({ limit: 25, action: 'sign_out' })).toEqual({ events: [], next: null, searchedTo: null });
  });
});
