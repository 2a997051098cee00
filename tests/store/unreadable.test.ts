// One item that can't be read (damaged, or of a shape that another version wrote) hides none of the others, is asked for by nobody else, and
// does not stand in the way of what clears it away.
import { beforeEach, describe, expect, it } from 'vitest';
import type { KeptBatch } from '#shared/batch.ts';
import type { TranscriptionJob } from '#shared/transcription-job.ts';
import type { UsageRow } from '#shared/usage-sums.ts';
import type { Item, ItemKey } from '#shared/items.ts';
import type { ApiDeps } from '#lambda/endpoints/api/route.ts';
import { resumeJobs } from '#lambda/endpoints/job-resume.ts';
import type { JobRunner } from '#lambda/endpoints/job-runner.ts';
import { createStripped } from '#lambda/gateway/stripped.ts';
import type { Fleet } from '#lambda/gateway/fleet.ts';
import { createApiKeys } from '#lambda/store/api-keys.ts';
import { createAudit } from '#lambda/store/audit.ts';
import { createBatchBook, createFileBook, PART_LENGTH } from '#lambda/store/batches.ts';
import { createCredentialBook } from '#lambda/store/credentials.ts';
import { createDecisions } from '#lambda/store/decisions.ts';
import { createInvokeSettings } from '#lambda/store/invoke-settings.ts';
import { createPeople } from '#lambda/store/people.ts';
import { createRollout } from '#lambda/store/rollout.ts';
import { createSessions } from '#lambda/store/sessions.ts';
import { createSettings } from '#lambda/store/settings.ts';
import { createJobBook } from '#lambda/store/transcription-jobs.ts';
import { createUsageBook } from '#lambda/store/usage.ts';
import { createAlerts } from '#lambda/telemetry/alerts.ts';
import { createMetrics } from '#lambda/telemetry/metrics.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { createMemoryStore, type MemoryStore } from '../fakes/memory-store.ts';
import { toUsageRecord } from '../fakes/usage-record.ts';

const quiet = (): undefined => undefined;
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
let clock: FakeClock;
let store: MemoryStore;
beforeEach(() => {
  clock = createFakeClock(Date.parse('2026-11-22T12:00:00Z'));
  store = createMemoryStore(clock);
});

/** What stands where a document of ours should: cut off, and of other shapes. */
const damages = ['{"id":"x', '[7]', 'null', '"text"'] as const;

/** Puts each of them in one partition, before and behind what is there. */
async function damage(pk: string, attr: string): Promise<ItemKey[]> {
  const keys = damages.flatMap((_, index) => [`!${index}`, `~${index}`]).map((sk) => ({ pk, sk }));
  for (const [index, key] of keys.entries())
    await store.put(key, { [attr]: damages[index >> 1] ?? '', v: 1, version: 1 });
  // What stores make of an item that is damaged as a whole, and what nobody writes.
  const others: Item[] = [{}, { [attr]: 7 }, { [attr]: true, v: 'x', version: 'x' }];
  for (const [index, item] of others.entries()) {
    keys.push({ pk, sk: `!other${index}` });
    await store.put({ pk, sk: `!other${index}` }, item);
  }
  return keys;
}

describe('lists', () => {
  it('the audit', async () => {
    const audit = createAudit({ store, clock, log, days: () => 30 });
    const origin = { principal: null, address: null, requestId: null };
    for (const target of ['a', 'b', 'c']) {
      await audit.write({ action: 'sign_in', target, detail: null }, origin);
      await clock.advance(1);
    }
    await damage('audit', 'event');
    const seen: (string | null)[] = [];
    let after: string | undefined;
    for (let pages = 0; pages < 20; pages++) {
      const { events, next } = await audit.page({ limit: 2, ...(after === undefined ? {} : { after }) });
      seen.push(...events.map(({ target }) => target));
      if (next === null) break;
      after = next;
    }
    expect(seen).toEqual(['c', 'b', 'a']);
    expect((await audit.page({ limit: 10, action: 'sign_in' })).events).toHaveLength(3);
  });

  it('what bounds people', async () => {
    const settings = createSettings(store, clock.now);
    const budget = { usd_per_day: 1, usd_per_month: null, mode: 'hard' } as const;
    await settings.changePerson('p', { budget });
    for (const [index, json] of damages.entries())
      await store.put({ pk: 'settings', sk: `person#${index}` }, { json, v: 1 });
    expect([...(await settings.bounds())]).toEqual([['p', { budget, quota: null }]]);
    // They themselves may not pass for somebody whom nothing bounds.
    for (const id of damages.keys())
      await expect(async () => createSettings(store, clock.now).of(String(id))).rejects.toThrow(
        'The settings in the store are not what this version writes',
      );
    expect(await createSettings(store, clock.now).of('p')).toMatchObject({ person: { budget } });
  });

  it('people, credentials, flags, endpoints', async () => {
    const people = createPeople(store, quiet);
    const person = { id: 'p', email: 'a@example.com', role: 'admin', models: null, expiresAtMs: null } as const;
    const since = { source: 'invited', createdAtMs: 1, lastSeenAtMs: null, googleId: null } as const;
    await people.create({ ...person, ...since, blocked: false });
    await damage('people', 'doc');
    expect((await people.list()).map(({ id }) => id)).toEqual(['p']);

    await damage('credentials', 'json');
    expect((await createCredentialBook(store, clock.now).snapshot()).all).toEqual([]);

    await createRollout(store, clock.now).writeFlag({ name: 'new', enabled: true, percent: 5, always: [] });
    await damage('rollout', 'json');
    const { flags, experiments } = await createRollout(store, clock.now).read();
    expect([flags.map(({ name }) => name), experiments]).toEqual([['new'], []]);

    const agent = { agent: 'a', environment: 'prod', endpoint: 'e', enabled: true } as const;
    await createInvokeSettings(store, clock.now).writeAssignment(agent);
    await damage('invoke', 'json');
    const { assignments, endpoints } = await createInvokeSettings(store, clock.now).read();
    expect([assignments.map((one) => one.agent), endpoints]).toEqual([['a'], []]);
  });

  it('alerts, and those that instances which are gone have not delivered', async () => {
    const sent: string[] = [];
    const alerts = createAlerts({
      store,
      clock,
      log,
      metrics: createMetrics(),
      freezes: true,
      shares: () => null,
      channels: async () => new Map([['webhook', async ({ text }) => (sent.push(text), null)]] as const),
    });
    await damage('alerts', 'json');
    alerts.raise({ kind: 'budget', subject: 'all', text: 'half' });
    await alerts.flush();
    expect(sent).toEqual(['half']);
    expect((await alerts.list(100)).map(({ text }) => text)).toEqual(['half']);
  });

  it('fields that providers refuse, at the start', async () => {
    const fleet = { candidates: [{ route: 'a/m' }] } as unknown as Fleet;
    await createStripped({ fleet, store, clock, log }).remember(0, ['seed']);
    await damage('stripped-fields', 'fields');
    const later = createStripped({ fleet, store, clock, log });
    await later.load();
    expect(later.fields(0)).toEqual(['seed']);
  });
});

describe('usage', () => {
  const at = '2026-11-20T10:00:00.000Z';
  const day = at.slice(0, 10);
  const open = () => createUsageBook({ store, clock, log, instance: 'i', gatherMs: null, retentionDays: () => 30 });
  const countRows = async (): Promise<number> => {
    const rows: UsageRow[] = [];
    for await (const some of open().rowsOfDays(day, day)) rows.push(...some);
    return rows.reduce((sum, { requests }) => sum + requests, 0);
  };

  it('of a day is all that can be read, and is added up without the rest for a day only', async () => {
    const book = open();
    for (const id of ['1', '2']) {
      book.note(toUsageRecord(at, { request_id: id }));
      await book.flush();
    }
    const keys = await damage(`usage#${day}`, 'json');
    const columns = { pk: `usage#${day}`, sk: `${at}#z` };
    await store.put(columns, { json: '[]', columns: '{"count":2,"columns":{"at":[' });
    expect((await open().readDay(day)).map((record) => record.request_id).sort()).toEqual(['1', '2']);
    // What came late is settled by then.
    await clock.advance(2 * HOUR_MS);
    expect(await countRows()).toBe(2);
    const { reads } = store.counts;
    expect(await countRows()).toBe(2);
    expect(store.counts.reads - reads).toBe(1);
    await clock.advance(DAY_MS);
    // A version that can read it may be back.
    const third = JSON.stringify([toUsageRecord(at, { request_id: '3' })]);
    for (const key of [...keys, columns]) await store.put(key, { json: key === columns ? third : '[]' });
    expect(await countRows()).toBe(3);
  });

  it('of one item are those of its records that can be read', async () => {
    const records = [toUsageRecord(at, { request_id: '1' }), { ...toUsageRecord(at), cost_usd: { eur: 1 } }];
    await store.put({ pk: `usage#${day}`, sk: `${at}#i#0` }, { json: JSON.stringify(records) });
    expect((await open().readDay(day)).map((record) => record.request_id)).toEqual(['1']);
  });
});

describe('alone', () => {
  it.each(damages)('a decision that is %s is none', async (json) => {
    await store.put({ pk: 'decision#r', sk: 'views' }, { personId: 'p', json });
    const read = await createDecisions(store, clock, log).read('r');
    expect(read === null || read.views.length === 1).toBe(true);
  });

  it('a job stays as it is, and those after it are gone on with', async () => {
    const jobs = createJobBook(store);
    const told: unknown[] = [];
    const deps = { jobs, log: { ...log, error: (...line: unknown[]) => told.push(line) }, describe: () => ({}) };
    const expiresAtMs = clock.now() + DAY_MS;
    for (const id of ['a', 'b', 'c']) await jobs.enlist({ id, personId: 'p', expiresAtMs } as TranscriptionJob);
    await store.put({ pk: 'transcriptions#p', sk: 'b' }, { doc: '{"id":"b"', v: 1 });
    await resumeJobs(deps as unknown as ApiDeps, {} as JobRunner);
    // The others are no more, which ends them.
    expect(await jobs.open()).toEqual([{ id: 'b', personId: 'p' }]);
    expect(told).toEqual([['transcription.job_failed', { what: 'b' }]]);
  });

  it('when a key was used is unknown', async () => {
    await store.put({ pk: 'api-key-use', sk: 'a' }, {});
    await store.put({ pk: 'api-key-use', sk: 'b' }, { atMs: 7 });
    expect([...(await createApiKeys(store, clock, quiet).lastUsed())]).toEqual([['b', 7]]);
  });

  it.each([{}, { text: 7 }])('a part of a file that is %j is gone, and so are results', async (item) => {
    const files = createFileBook(store);
    await store.put({ pk: 'file-parts#f', sk: '000000' }, item);
    expect(await files.readPart({ id: 'f' }, 0)).toBeNull();
    const book = createBatchBook(store);
    const batch = { id: 'b', personId: 'p', keptUntilMs: clock.now() + DAY_MS } as KeptBatch;
    const result = { kind: 'output', text: 'x'.repeat(PART_LENGTH + 1), use: null } as const;
    for (const line of [0, 1, 2, 3]) await book.writeResult(batch, line, result);
    for (const sk of ['000000-000000', '000002-000001']) await store.put({ pk: 'batch-results#b', sk }, item);
    const lines: number[] = [];
    for await (const { line } of book.readResults(batch)) lines.push(line);
    expect(lines).toEqual([1, 3]);
    expect((await book.findResults(batch, [0, 1])).map((facts) => facts?.kind)).toEqual([undefined, 'output']);
  });

  it('the transcript of a piece is none, so that the piece is asked for again', async () => {
    const book = createJobBook(store);
    const job = { id: 'j', personId: 'p', expiresAtMs: clock.now() + DAY_MS } as TranscriptionJob;
    await store.put({ pk: 'transcription-pieces#j', sk: '0-1' }, { json: '{"text":"cut' });
    expect(await book.readPieces(job, [{ start: 0, end: 1 }])).toEqual([null]);
  });

  it('what a result of a batch has used is unknown, and the batch goes on', async () => {
    const book = createBatchBook(store);
    const batch = { id: 'b', personId: 'p', keptUntilMs: clock.now() + DAY_MS } as KeptBatch;
    await book.writeResult(batch, 0, { kind: 'output', text: 'x', use: null });
    const key = { pk: 'batch-results#b', sk: '000000-000000' };
    for (const use of [...damages, '{"tokens":"many"}']) {
      await store.put(key, { ...(await store.get(key)), use });
      expect(await book.findResults(batch, [0])).toMatchObject([{ kind: 'output', bytes: 1, use: null }]);
    }
  });
});

it('all sessions of somebody are closed, also those that only a later version can read', async () => {
  const sessions = createSessions(store, clock, quiet);
  const { token } = await sessions.open({ personId: 'p', email: null, via: 'google', device: 'x' });
  const keys = await damage('sessions#p', 'doc');
  await store.put({ pk: 'sessions#p', sk: 'later' }, { doc: '{"id":"later","via":"passkey"}', v: 1 });
  await sessions.closeAll('p');
  expect(await sessions.find(token)).toBeNull();
  expect(keys).toHaveLength(11);
  expect((await store.query('sessions#p')).items).toEqual([]);
});
