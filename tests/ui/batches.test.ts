// Batches as the page shows them: what each is called, and how often many of them are asked for.
import { expect, it } from 'vitest';
import { lookThrough, MOST_LINES } from '#lambda/endpoints/batch-lines.ts';
import { joinPages, toBatch, toPage, toPauseMs } from '../../ui/src/features/batches/data.ts';
import { batchMessages } from '../../ui/src/features/batches/messages.ts';

const view = {
  id: 'batch_1',
  endpoint: '/v1/chat/completions',
  status: 'in_progress',
  errors: null,
  created_at: 1,
  expires_at: 2,
  request_counts: { total: 1, completed: 0, failed: 0 },
  freeway: { cost_usd: 0, free: 0, paid: 0, waiting: null },
};

it.each([
  [{ description: 'Nightly', name: 'n' }, 'm1', 'Nightly'],
  [{ description: '', name: 'n' }, 'm1', 'n'],
  [{ description: ' ' }, 'm1', 'm1'],
  [null, undefined, '/v1/chat/completions'],
])('a batch described as %j of the model %s is called %s', (metadata, model, title) => {
  expect(toBatch({ ...view, metadata, ...(model === undefined ? {} : { model }) }).title).toBe(title);
});

it('a hundred open batches are asked for no more often than once a second together', () => {
  const perMinute = (open: number): number => (open * 60_000) / toPauseMs(open);
  expect(perMinute(1)).toBe(20);
  for (const open of [3, 40, 200]) expect(perMinute(open)).toBeLessThanOrEqual(60);
});

it('what is shown of two lists has no gaps, however many of each there are', () => {
  const at = (...moments: number[]) =>
    moments.map((moment) => toBatch({ ...view, id: `batch_${moment}`, created_at: moment, metadata: null }));
  const shown = (...pages: readonly ReturnType<typeof toPage>[]): readonly number[] =>
    joinPages(pages).map(({ createdAtMs }) => createdAtMs / 1_000);
  const first = toPage({ batches: at(100, 90, 80), hasMore: true }, { batches: at(95, 40, 10), hasMore: true });
  expect(first.next).toEqual({ plain: 'batch_80', messages: 'batch_10' });
  // Below 80 others of the first list may come between.
  expect(shown(first)).toEqual([100, 95, 90, 80]);
  const second = toPage({ batches: at(70, 60), hasMore: false }, { batches: at(5), hasMore: false });
  expect(second.next).toBeNull();
  expect(shown(first, second)).toEqual([100, 95, 90, 80, 70, 60, 40, 10, 5]);
  const none = { batches: [], hasMore: false };
  expect(shown(toPage(none, none))).toEqual([]);
  expect(toPage({ batches: at(9), hasMore: true }, none).next).toEqual({ plain: 'batch_9', messages: null });
});

it('what is wrong with a file is said in German, whatever the server finds', async () => {
  const line = (more: object): string => JSON.stringify({ custom_id: 'a', body: {}, ...more });
  async function* toLines(texts: readonly string[]) {
    for (const [index, text] of texts.entries())
      yield { line: index, text, after: { line: index + 1, part: 0, offset: 0 } };
  }
  const wrong = [
    [],
    Array.from({ length: MOST_LINES + 1 }, (_, index) => line({ custom_id: `${index}` })),
    ['x'.repeat(20_000_000)],
    [line({}), line({})],
    ['no JSON'],
    [line({ url: '/v1/embeddings' })],
    [line({ custom_id: 7 })],
    [line({ body: { stream: true } })],
  ];
  const { en, de } = batchMessages;
  for (const texts of wrong) {
    const [problem] = (await lookThrough(toLines(texts), '/v1/chat/completions')).problems;
    if (problem === undefined) throw new Error(`nothing is wrong with ${String(texts[0]).slice(0, 80)}`);
    expect(en.problem(problem)).toBe(problem.message);
    expect(de.problem(problem)).not.toBe(problem.message);
  }
});
