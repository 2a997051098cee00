// One attempt: whatever ends it early is told under its own name, although the call is then given up.
import { expect, it } from 'vitest';
import type { Credential } from '#lambda/gateway/credentials.ts';
import type { Operation, ReaderContext, ReplyReader } from '#lambda/gateway/operation.ts';
import { send, toFailure } from '#lambda/gateway/send.ts';
import { UpstreamError, type Upstream, type UpstreamListener } from '#lambda/ports.ts';
import { createFakeClock } from '../fakes/clock.ts';

const credential = {
  baseUrl: 'http://provider.test/v1',
  authorize: () => ({}),
  sign: null,
  provider: { auth: { scheme: 'bearer' } },
} as unknown as Credential;

interface Silent extends Upstream {
  listener: UpstreamListener | null;
  url: string;
}

/** Never answers; like every way out, it tells its listener at once that a call was given up. */
function createSilentUpstream(): Silent {
  const upstream: Silent = {
    listener: null,
    url: '',
    start: ({ url }, listener) => {
      upstream.listener = listener;
      upstream.url = url;
      const abort = (): void => listener.onError(new UpstreamError('cancelled', 'the call was given up', true));
      return { abort, pause: () => undefined, resume: () => undefined };
    },
    close: async () => undefined,
  };
  return upstream;
}

function toReader({ finish, progress }: ReaderContext): ReplyReader {
  const end = (failure: ReturnType<typeof toFailure> | null): void =>
    finish({ failure, committed: false, usage: null, seenTokens: 0, limits: [] });
  return {
    onHead: () => undefined,
    onData: progress,
    onEnd: () => end(null),
    onError: (error) => end(toFailure(error)),
  };
}

const start = (deadlineMs = 60_000, path = '/chat') => {
  const clock = createFakeClock(0);
  const upstream = createSilentUpstream();
  const call = { path, headers: {}, body: '{}', firstContentTimeoutMs: 1_000, usualContentMs: 100 };
  const operation = {
    deadlineAtMs: deadlineMs,
    prepare: () => ({ ...call, idleTimeoutMs: 500 }),
    read: (_: number, context: ReaderContext) => toReader(context),
  } as unknown as Operation;
  const sent = send({
    operation,
    index: 0,
    credential,
    stripped: [],
    commit: () => ({ write: () => true, drained: async () => undefined, end: () => undefined }),
    closing: () => ({ usage: null, freeway: {} }),
    onContent: () => undefined,
    lateMs: () => Infinity,
    onLate: () => undefined,
    upstream,
    clock,
  });
  return { clock, upstream, sent };
};

it('no first content in time', async () => {
  const { clock, sent } = start();
  const outcome = await clock.runUntil(sent.done);
  expect(outcome).toMatchObject({ failure: { kind: 'timeout', message: 'no answer within 1000 ms' }, ms: 1_000 });
});

it('silence between two pieces', async () => {
  const { clock, upstream, sent } = start();
  await clock.advance(300);
  upstream.listener?.onData(Buffer.from('x'));
  const outcome = await clock.runUntil(sent.done);
  expect(outcome).toMatchObject({ failure: { kind: 'timeout' }, firstContentMs: 300 });
  expect(outcome.failure?.message).toMatch(/stood still for 500 ms/);
});

it('the end of the time for the whole request', async () => {
  const { clock, sent } = start(400);
  const outcome = await clock.runUntil(sent.done);
  expect(outcome).toMatchObject({ failure: { kind: 'timeout' }, ms: 400 });
  expect(outcome.failure?.message).toMatch(/whole request/);
});

it('given up, for the reason that was told', async () => {
  const { clock, sent } = start();
  sent.cancel('the caller hung up');
  sent.cancel('told twice');
  expect(await sent.done).toMatchObject({ failure: { kind: 'cancelled', message: 'the caller hung up' } });
  expect(clock.pending()).toBe(0);
});

it.each([
  ['/chat', 'http://provider.test/v1/chat'],
  ['/../models/a%3Ab', 'http://provider.test/models/a%3Ab'],
])('a path of %s leads to %s', (path, url) => {
  expect(start(60_000, path).upstream.url).toBe(url);
});
