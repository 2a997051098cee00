// What tells refused calls from served ones: limits show, chance does not, and the book keeps it for all instances.
import { describe, expect, it } from 'vitest';
import { applyUpdate, type Item } from '#shared/items.ts';
import {
  isClear,
  isEnough,
  shareOf,
  tallyIn,
  tallyNames,
  tallyOf,
  toSplits,
  toTallied,
  type Sample,
} from '#lambda/routing/pools-evidence.ts';
import { createRandom } from '../fakes/random.ts';

const mark = 'm1';
const at = (level: number, refused: boolean): Sample => ({
  beganAtMs: 0,
  refused,
  levels: { places: level, second: 0, minute: 0 },
});
const times = (count: number, sample: Sample): Sample[] => Array.from({ length: count }, () => sample);
const clear = (samples: readonly Sample[]) => toSplits(tallyOf(samples)).find(isClear) ?? null;

describe('a limit', () => {
  it('is the least level at which calls are refused', () => {
    const samples = [0, 1, 2, 3, 4].flatMap((level) => times(4, at(level, false)));
    expect(clear([...samples, ...times(6, at(5, true)), ...times(2, at(6, true))])).toMatchObject({
      measure: 'places',
      at: 5,
      clarity: 1,
      certainty: 1,
    });
  });

  it('is not believed before some calls were refused and some served', () => {
    expect(clear([...times(7, at(5, true)), ...times(20, at(1, false))])).toBeNull();
    expect(clear([...times(20, at(5, true)), ...times(3, at(1, false))])).toBeNull();
    expect(clear([...times(8, at(5, true)), ...times(8, at(1, false))])).not.toBeNull();
  });

  it('is not believed where as many are served at that level as are refused', () => {
    const samples = [...times(40, at(5, true)), ...times(40, at(5, false)), ...times(200, at(0, false))];
    expect(clear(samples)).toBeNull();
  });
});

describe('refusals by chance', () => {
  it.each([0.05, 0.2, 0.5])('are hardly ever taken for a limit, %s of all calls, looked at after each', (share) => {
    const runs = 200;
    const random = createRandom(5);
    let taken = 0;
    for (let run = 0; run < runs; run++) {
      const samples: Sample[] = [];
      let isTaken = false;
      for (let call = 0; call < 150 && !isTaken; call++) {
        const levels = {
          places: Math.floor(random() * 6),
          second: Math.floor(random() * 8),
          minute: Math.floor(random() * 60),
        };
        const refused = random() < share;
        samples.push({ beganAtMs: call, refused, levels });
        isTaken = refused && clear(samples) !== null;
      }
      if (isTaken) taken++;
    }
    expect(taken).toBeLessThanOrEqual(runs * 0.02);
  });
});

describe('in a book', () => {
  const write = (book: Item, samples: readonly { refused: boolean; levels: Partial<Sample['levels']> }[]): Item =>
    samples.reduce<Item>(
      (known, sample) =>
        applyUpdate(known, { key: { pk: 'b', sk: 's' }, guards: [], ...toTallied(mark, sample) }).item ?? {},
      book,
    );

  it('the calls of all instances are added up, beside whatever else it holds', () => {
    const samples = [...times(3, at(2, false)), ...times(2, at(5, true))];
    const book = write({ 'm1!r': 7, 'm12!3py2': 9 }, samples);
    expect(tallyIn(book, mark)).toEqual(tallyOf(samples));
    expect(shareOf(tallyIn(book, mark), 'places')).toBe(0.4);
    expect(tallyNames(book, mark)).toHaveLength(7);
    expect(tallyNames(book, mark)).not.toContain('m1!r');
  });

  it('levels are kept to the call up to 128, and to a sixty-fourth beyond', () => {
    for (const level of [0, 1, 8, 99, 100, 127, 128, 129, 500, 1_000, 60_000]) {
      const [kept = -1] = tallyIn(write({}, [at(level, true)]), mark).places.keys();
      expect(kept).toBeLessThanOrEqual(level);
      expect(kept).toBeGreaterThan(level <= 128 ? level - 1 : level * (63 / 64) - 1);
    }
  });

  it('measures of which nothing is known yet are left out', () => {
    const book = write(
      {},
      times(80, at(3, true)).map(({ refused, levels: { places, second } }) => ({
        refused,
        levels: { places, second },
      })),
    );
    expect([...tallyIn(book, mark).minute]).toEqual([]);
    expect(tallyIn(book, mark).places.get(3)).toEqual({ refused: 80, served: 0 });
  });

  it('as many are counted as show whether there is a limit', () => {
    const book = write({}, times(399, at(3, true)));
    expect(isEnough(book, mark)).toBe(false);
    expect(isEnough(write(book, [at(3, false)]), mark)).toBe(true);
  });
});
