// A recording on its way from the page: a device without a line for a while goes on by itself, and captions stay captions whatever is typed into them.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { JobView } from '#shared/api/transcriptions.ts';
import { lookPatiently, upload } from '../../ui/src/features/transcribe/job.ts';
import { toCorrected, toExport, type Kept } from '../../ui/src/features/transcribe/transcript.ts';
import { ApiError, type Api } from '../../ui/src/lib/api.ts';

let line: { onLine: boolean };
let browser: EventTarget;

function comeBack(): void {
  line.onLine = true;
  browser.dispatchEvent(new Event('online'));
}

beforeEach(() => {
  vi.useFakeTimers();
  line = { onLine: true };
  browser = new EventTarget();
  vi.stubGlobal('navigator', line);
  vi.stubGlobal('window', browser);
  vi.stubGlobal('document', { documentElement: { lang: 'de' } });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const MINUTE_MS = 60_000;
const file = new File(['0123456789'], 'talk.wav');
const job = { upload: { parts: [{ url: '/up', start: 4, bytes: 6 }] } } as unknown as JobView;

/** What a page does, with how it stands: null while it is under way. */
function follow(work: Promise<unknown>): { end: unknown } {
  const seen: { end: unknown } = { end: null };
  work.then(
    () => (seen.end = 'done'),
    (error: unknown) => (seen.end = error),
  );
  return seen;
}

describe('a device that has no line for ten minutes', () => {
  it('goes on with its upload when the line is back, and sends each part whole', async () => {
    const arrived: unknown[] = [];
    let asked = 0;
    vi.stubGlobal('fetch', async (_url: string, { body }: { body: Blob }) => {
      asked++;
      if (!line.onLine) throw new TypeError('Failed to fetch');
      arrived.push(await body.text());
      return new Response(null, { status: 204 });
    });
    line.onLine = false;
    const seen = follow(upload(job, file, { signal: new AbortController().signal, onSent: () => undefined }));
    await vi.advanceTimersByTimeAsync(10 * MINUTE_MS);
    expect([asked < 12, seen.end]).toEqual([true, null]);
    comeBack();
    await vi.advanceTimersByTimeAsync(5_000);
    expect([arrived, seen.end]).toEqual([['456789'], 'done']);
  });

  it('looks at its job again when the line is back', async () => {
    const call = vi.fn(async () => {
      if (!line.onLine) throw new ApiError('offline', 'gone');
      return job;
    });
    line.onLine = false;
    const seen = follow(lookPatiently({ call } as unknown as Api, 'tr_1', new AbortController().signal));
    await vi.advanceTimersByTimeAsync(10 * MINUTE_MS);
    const before = call.mock.calls.length;
    expect([before < 12, seen.end]).toEqual([true, null]);
    comeBack();
    await vi.advanceTimersByTimeAsync(5_000);
    expect([call.mock.calls.length, seen.end]).toEqual([before + 1, 'done']);
  });

  it('lets go of it when its person does', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
    line.onLine = false;
    const aborter = new AbortController();
    const seen = follow(upload(job, file, { signal: aborter.signal, onSent: () => undefined }));
    await vi.advanceTimersByTimeAsync(MINUTE_MS);
    aborter.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect(seen.end).toBeInstanceOf(DOMException);
  });
});

it('a server that is not there is tried four times, and told of in the language of the page', async () => {
  const fetched = vi.fn(() => Promise.reject(new TypeError('Failed to fetch')));
  vi.stubGlobal('fetch', fetched);
  const seen = follow(upload(job, file, { signal: new AbortController().signal, onSent: () => undefined }));
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  expect(fetched).toHaveBeenCalledTimes(4);
  expect((seen.end as ApiError).message).toMatch(/^Das Hochladen brach ab\./);
});

it('a line that somebody leaves empty in a correction ends no caption', () => {
  const kept: Kept = {
    id: 'a',
    name: 'talk',
    createdAtMs: 0,
    transcript: {
      text: 'one two',
      segments: [
        { start: 0, end: 1, text: 'one' },
        { start: 1, end: 2, text: 'two' },
      ],
    },
    routes: [],
    attempts: 1,
    isPart: false,
    texts: {},
  };
  const corrected = toCorrected(kept, 0, 'one\n \n\r\nand a half\n');
  expect(toExport('srt', corrected).split('\n\n')).toEqual([
    '1\n00:00:00,000 --> 00:00:01,000\none\nand a half',
    '2\n00:00:01,000 --> 00:00:02,000\ntwo\n',
  ]);
  expect(toExport('vtt', corrected).split('\n\n')).toHaveLength(3);
});
