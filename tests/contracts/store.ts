// What every store must do, whatever it is made of: one suite, run against each.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Guard, Item, Update } from '#shared/items.ts';
import type { QueryPage, Store } from '#lambda/ports.ts';

export interface OpenedStore {
  readonly store: Store;
  /** Moves the store's own idea of time, ms. */
  readonly setNow: (nowMs: number) => void;
  readonly close: () => Promise<void>;
}

const START = Date.UTC(2026, 10, 21);

/** Runs the suite on the store that `open` makes. */
export function storeContract(name: string, open: () => Promise<OpenedStore>): void {
  describe(name, () => {
    let opened: OpenedStore;
    let store: Store;
    let count = 0;
    const newKey = () => ({ pk: `case-${++count}`, sk: 'state' });
    const toUpdate = (key: Update['key'], parts: Partial<Update>): Update => ({
      key,
      guards: [],
      add: {},
      set: {},
      remove: [],
      ...parts,
    });

    beforeAll(async () => {
      opened = await open();
      store = opened.store;
      opened.setNow(START);
    });
    afterAll(() => opened.close());

    it('answers null for what is not there', async () => {
      expect(await store.get(newKey())).toBeNull();
      await expect(store.delete(newKey())).resolves.toBeUndefined();
    });

    it('keeps strings, numbers and booleans exactly', async () => {
      const key = newKey();
      const item: Item = {
        text: 'Grüße, 世界 🚦',
        empty: '',
        yes: true,
        no: false,
        zero: 0,
        negative: -1.5,
        tiny: 1e-9,
        big: 2 ** 53,
        bigger: -1e21,
        time: 1795219200123.456,
        'odd:name!#é': 1,
      };
      await store.put(key, item);
      expect(await store.get(key)).toEqual(item);
    });

    it('gives back every number and text as it was', async () => {
      const number = fc.oneof(
        fc.maxSafeInteger(),
        fc.double({ min: -1e100, max: 1e100, noNaN: true }).filter((value) => value === 0 || Math.abs(value) > 1e-100),
      );
      await fc.assert(
        fc.asyncProperty(number, fc.string({ unit: 'binary' }), async (n, text) => {
          const key = newKey();
          // JSON and DynamoDB have one zero.
          const item = { n: n === 0 ? 0 : n, text };
          await store.put(key, item);
          expect(await store.get(key)).toEqual(item);
          const guard: Guard = { attr: 'n', is: 'equals', value: item.n };
          expect(await store.update(toUpdate(key, { guards: [guard], set: { text: '' } }))).toEqual({
            applied: true,
            item: { n: item.n, text: '' },
          });
        }),
        { numRuns: 40, seed: 1 },
      );
    });

    it('counts on past 2^53', async () => {
      const key = newKey();
      await store.put(key, { n: 2 ** 53 });
      expect((await store.update(toUpdate(key, { add: { n: 8 } }))).item).toEqual({ n: 2 ** 53 + 8 });
      expect(await store.get(key)).toEqual({ n: 2 ** 53 + 8 });
    });

    it('keeps an item of several kilobytes and a hundred attributes', async () => {
      const key = newKey();
      const item = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`a${index}`, `${index}`.repeat(20)]));
      await store.put(key, item);
      expect(await store.get(key)).toEqual(item);
      expect((await store.update(toUpdate(key, { add: { n: 1 } }))).item).toEqual({ ...item, n: 1 });
    });

    it.each<[string, Item]>([
      ['a number that is none', { n: Number.NaN }],
      ['a number without end', { n: Infinity }],
      ['a number beyond all counting', { n: 1e200 }],
      ['a number next to nothing', { n: 1e-200 }],
      ['the name of a key', { pk: 'other' }],
      ['a name of its own', { _ttl: 1 }],
      ['another name of its own', { _expires: 1 }],
    ])('refuses %s, and writes nothing', async (_, bad) => {
      const key = newKey();
      const equals = Object.entries(bad).map(([attr, value]): Guard => ({ attr, is: 'equals', value }));
      await expect(store.put(key, bad)).rejects.toThrow(TypeError);
      await expect(store.update(toUpdate(key, { set: bad }))).rejects.toThrow(TypeError);
      await expect(store.update(toUpdate(key, { guards: equals }))).rejects.toThrow(TypeError);
      expect(await store.get(key)).toBeNull();
    });

    it('replaces whole items by put, and deletes them', async () => {
      const key = newKey();
      await store.put(key, { a: 1, b: 2 });
      await store.put(key, { a: 3 });
      expect(await store.get(key)).toEqual({ a: 3 });
      await store.delete(key);
      expect(await store.get(key)).toBeNull();
    });

    it('reads batches in order, with gaps and repeats', async () => {
      const [one, two, three] = [newKey(), newKey(), newKey()];
      await store.put(one, { n: 1 });
      await store.put(three, { n: 3 });
      expect(await store.batchGet([three, two, one, three])).toEqual([{ n: 3 }, null, { n: 1 }, { n: 3 }]);
      expect(await store.batchGet([])).toEqual([]);
    });

    it('reads a batch of a hundred', async () => {
      const keys = Array.from({ length: 100 }, newKey);
      await Promise.all(keys.map((key, index) => store.put(key, { index })));
      expect((await store.batchGet(keys)).map((item) => item?.['index'])).toEqual(keys.map((_, index) => index));
    });

    it('adds from zero, sets and removes in one update', async () => {
      const key = newKey();
      expect(await store.update(toUpdate(key, { add: { n: 2, f: 0.25 }, set: { who: 'me' } }))).toEqual({
        applied: true,
        item: { n: 2, f: 0.25, who: 'me' },
      });
      expect(await store.update(toUpdate(key, { add: { n: -5, f: 0.5 }, remove: ['who'] }))).toEqual({
        applied: true,
        item: { n: -3, f: 0.75 },
      });
      expect(await store.get(key)).toEqual({ n: -3, f: 0.75 });
    });

    it.each<[Guard, Item | null, boolean]>([
      [{ attr: 'n', is: 'atMost', value: 3, orAbsent: false }, { n: 3 }, true],
      [{ attr: 'n', is: 'atMost', value: 3, orAbsent: false }, { n: 3.001 }, false],
      [{ attr: 'n', is: 'atMost', value: 3, orAbsent: true }, null, true],
      [{ attr: 'n', is: 'atMost', value: 3, orAbsent: false }, null, false],
      [{ attr: 'n', is: 'atLeast', value: 3, orAbsent: false }, { n: 3 }, true],
      [{ attr: 'n', is: 'atLeast', value: 3, orAbsent: true }, { other: 1 }, true],
      [{ attr: 'n', is: 'below', value: 3, orAbsent: false }, { n: 3 }, false],
      [{ attr: 'n', is: 'below', value: 3, orAbsent: false }, { n: 2.999 }, true],
      [{ attr: 'n', is: 'atMost', value: 3, orAbsent: true }, { n: 'text' }, false],
      [{ attr: 'n', is: 'equals', value: 'v1' }, { n: 'v1' }, true],
      [{ attr: 'n', is: 'equals', value: true }, { n: true }, true],
      [{ attr: 'n', is: 'equals', value: 1 }, null, false],
      [{ attr: 'n', is: 'absent' }, { other: 1 }, true],
      [{ attr: 'n', is: 'absent' }, { n: 0 }, false],
    ])('guard %j on %j: %s', async (guard, before, applied) => {
      const key = newKey();
      if (before) await store.put(key, before);
      const result = await store.update(toUpdate(key, { guards: [guard], set: { touched: true } }));
      expect(result.applied).toBe(applied);
      expect(result.item).toEqual(applied ? { ...before, touched: true } : before);
      expect(await store.get(key)).toEqual(applied ? { ...before, touched: true } : before);
    });

    it('applies nothing when one of several guards fails', async () => {
      const key = newKey();
      await store.put(key, { a: 1, b: 5 });
      const guards: Guard[] = [
        { attr: 'a', is: 'atMost', value: 1, orAbsent: false },
        { attr: 'b', is: 'atMost', value: 4, orAbsent: false },
      ];
      expect(await store.update(toUpdate(key, { guards, add: { a: 1, b: 1 } }))).toEqual({
        applied: false,
        item: { a: 1, b: 5 },
      });
    });

    it('forgets items when their time has come, in every way of asking', async () => {
      const [put, updated, unguarded] = [newKey(), newKey(), newKey()];
      await store.put(unguarded, { n: 7 }, START + 1_000);
      await store.put(put, { n: 1 }, START + 1_000);
      await store.update(toUpdate(updated, { add: { n: 7 }, expiresAtMs: START + 1_000 }));
      expect(await store.get(put)).toEqual({ n: 1 });
      opened.setNow(START + 999);
      expect(await store.get(put)).toEqual({ n: 1 });
      opened.setNow(START + 1_000);
      expect(await store.get(put)).toBeNull();
      expect(await store.batchGet([updated])).toEqual([null]);
      expect((await store.update(toUpdate(unguarded, { add: { n: 1 } }))).item).toEqual({ n: 1 });
      expect((await store.query(put.pk)).items).toEqual([]);
      expect(await store.update(toUpdate(updated, { guards: [{ attr: 'n', is: 'absent' }], add: { n: 1 } }))).toEqual({
        applied: true,
        item: { n: 1 },
      });
      expect(await store.get(updated)).toEqual({ n: 1 });
      opened.setNow(START);
    });

    it('keeps the expiry when an update does not name one', async () => {
      const key = newKey();
      await store.put(key, { n: 1 }, START + 1_000);
      await store.update(toUpdate(key, { add: { n: 1 } }));
      opened.setNow(START + 1_001);
      expect(await store.get(key)).toBeNull();
      opened.setNow(START);
    });

    it('takes the expiry that the last update names, later or earlier', async () => {
      const [longer, shorter] = [newKey(), newKey()];
      for (const [key, atMs] of [
        [longer, START + 1_000],
        [longer, START + 2_000],
        [shorter, START + 2_000],
        [shorter, START + 1_000],
      ] as const)
        await store.update(toUpdate(key, { add: { n: 1 }, expiresAtMs: atMs }));
      opened.setNow(START + 1_000);
      expect(await store.batchGet([longer, shorter])).toEqual([{ n: 2 }, null]);
      opened.setNow(START + 2_000);
      expect(await store.get(longer)).toBeNull();
      opened.setNow(START);
    });

    it('begins anew with an update at the moment of expiry, and without the expiry of before', async () => {
      const key = newKey();
      await store.update(toUpdate(key, { add: { n: 7 }, set: { old: true }, expiresAtMs: START + 1_000 }));
      opened.setNow(START + 1_000);
      expect(await store.update(toUpdate(key, { add: { n: 1 } }))).toEqual({ applied: true, item: { n: 1 } });
      opened.setNow(START + 9_000);
      expect(await store.get(key)).toEqual({ n: 1 });
      opened.setNow(START);
    });

    it('fills pages with what is left between items that have expired', async () => {
      const { pk } = newKey();
      for (const sk of ['1', '2', '5', '7']) await store.put({ pk, sk }, { n: 1 }, START + 1);
      for (const sk of ['3', '4', '6', '8', '9']) await store.put({ pk, sk }, { n: 1 });
      opened.setNow(START + 1);
      const pages: string[][] = [];
      let after: string | null = null;
      do {
        const page: QueryPage = await store.query(pk, { limit: 2, ...(after === null ? {} : { after }) });
        pages.push(page.items.map(({ key }) => key.sk));
        after = page.next;
      } while (after !== null);
      expect(pages).toEqual([['3', '4'], ['6', '8'], ['9']]);
      expect((await store.query(pk, { limit: 4, descending: true })).items.map(({ key }) => key.sk)).toEqual([
        '9',
        '8',
        '6',
        '4',
      ]);
      expect((await store.query(pk, { limit: 5 })).next).toBeNull();
      opened.setNow(START);
    });

    it('counts a key that is the prefix itself as one of it, and none that only stands near', async () => {
      const { pk } = newKey();
      for (const sk of ['a', 'a#', 'a#1', 'a#~', 'a#ü', 'a#\u{1f6a6}', 'a$', 'b'])
        await store.put({ pk, sk }, { n: 1 });
      const found = async (descending: boolean): Promise<string[]> =>
        (await store.query(pk, { prefix: 'a#', descending })).items.map(({ key }) => key.sk);
      const wanted = ['a#', 'a#1', 'a#~', 'a#ü', 'a#\u{1f6a6}'];
      expect(await found(false)).toEqual(wanted);
      expect(await found(true)).toEqual(wanted.toReversed());
    });

    it('lists all of a partition of several megabytes', async () => {
      const { pk } = newKey();
      const text = 'x'.repeat(300_000);
      for (let index = 0; index < 8; index++) await store.put({ pk, sk: `${index}` }, { text });
      const { items, next } = await store.query(pk, { limit: 8 });
      expect([items.length, next]).toEqual([8, null]);
    });

    it('queries a partition by prefix, in order, in pages, both ways', async () => {
      const { pk } = newKey();
      for (const sk of ['b#2', 'a#1', 'b#1', 'b#3', 'c#1']) await store.put({ pk, sk }, { is: sk });
      const keys = (page: { items: readonly { key: { sk: string } }[] }) => page.items.map(({ key }) => key.sk);
      expect(keys(await store.query(pk))).toEqual(['a#1', 'b#1', 'b#2', 'b#3', 'c#1']);
      expect(keys(await store.query(pk, { prefix: 'b#' }))).toEqual(['b#1', 'b#2', 'b#3']);
      expect(keys(await store.query(pk, { prefix: 'b#', descending: true }))).toEqual(['b#3', 'b#2', 'b#1']);
      const first = await store.query(pk, { limit: 2 });
      expect([keys(first), first.next]).toEqual([['a#1', 'b#1'], 'b#1']);
      const second = await store.query(pk, { limit: 3, after: first.next ?? '' });
      expect([keys(second), second.next]).toEqual([['b#2', 'b#3', 'c#1'], null]);
      const last = await store.query(pk, { prefix: 'b#', limit: 2, descending: true });
      expect([keys(last), last.next]).toEqual([['b#3', 'b#2'], 'b#2']);
      const rest = await store.query(pk, { prefix: 'b#', limit: 2, descending: true, after: last.next ?? '' });
      expect([keys(rest), rest.next]).toEqual([['b#1'], null]);
      expect(await store.query(pk, { prefix: 'd' })).toEqual({ items: [], next: null });
    });

    it('never lets parallel updates pass a cap', async () => {
      const key = newKey();
      const one = toUpdate(key, { guards: [{ attr: 'n', is: 'atMost', value: 29, orAbsent: true }], add: { n: 1 } });
      const results = await Promise.all(Array.from({ length: 500 }, () => store.update(one)));
      expect(results.filter(({ applied }) => applied)).toHaveLength(30);
      expect(await store.get(key)).toEqual({ n: 30 });
      expect(results.filter(({ applied }) => !applied).every(({ item }) => item?.['n'] === 30)).toBe(true);
    });

    it('can be asked whether it is there', async () => {
      await expect(store.ping()).resolves.toBeUndefined();
    });

    it('may be closed twice', async () => {
      const { store: other, close } = await open();
      await other.close();
      await expect(other.close()).resolves.toBeUndefined();
      await close();
    });
  });
}
