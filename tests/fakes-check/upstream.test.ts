// The in-process upstream: same replies as the sockets, in virtual time, with limits, pauses and aborts kept.
import { describe, expect, it } from 'vitest';
import type { UpstreamCall, UpstreamError } from '#lambda/ports.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { canonicalAnswer } from '../fakes/provider/answer.ts';
import { createFakeProvider } from '../fakes/provider/core.ts';
import { createFakeUpstream } from '../fakes/provider/upstream.ts';
import { textOf } from './client.ts';

function setUp() {
  const clock = createFakeClock(0);
  const provider = createFakeProvider({ name: 'a', models: [{ id: 'm', ttftMs: 200, tokensPerSecond: 50 }] }, clock);
  const upstream = createFakeUpstream({ 'http://a.test/v1': provider }, clock);
  const log: { atMs: number; what: string; text?: string; error?: UpstreamError }[] = [];
  const start = (model: string, more: Partial<UpstreamCall> = {}) => {
    const body = JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: 'Hi' }] });
    const url = 'http://a.test/v1/chat/completions';
    const call = { method: 'POST', url, headers: {}, body, headTimeoutMs: 0, idleTimeoutMs: 0, ...more };
    return upstream.start(call, {
      onHead: (status) => void log.push({ atMs: clock.now(), what: `head ${status}` }),
      onData: (chunk) => void log.push({ atMs: clock.now(), what: 'data', text: new TextDecoder().decode(chunk) }),
      onEnd: () => void log.push({ atMs: clock.now(), what: 'end' }),
      onError: (error) => void log.push({ atMs: clock.now(), what: error.kind, error }),
    });
  };
  const text = (): string => textOf(log.map((entry) => entry.text ?? '').join(''));
  return { clock, provider, upstream, log, start, text };
}

describe('the in-process upstream', () => {
  it('plays a stream by the fake clock', async () => {
    const { clock, log, start, text, provider, upstream } = setUp();
    start('m');
    await clock.advance(199);
    expect(log).toEqual([]);
    await clock.advance(1);
    expect(log[0]).toEqual({ atMs: 200, what: 'head 200' });
    await clock.advance(10_000);
    expect(text()).toBe(canonicalAnswer);
    expect(log.at(-1)?.what).toBe('end');
    expect(log.at(-1)?.atMs).toBeCloseTo(200 + (canonicalAnswer.length / 4) * 20 - 20, -2);
    expect(provider.books().total()).toMatchObject({ served: 1, outputTokens: Math.ceil(canonicalAnswer.length / 4) });
    expect(upstream.open()).toBe(0);
  });

  it.each([
    ['m--silent', { headTimeoutMs: 500 }, 'timeout', 500],
    ['m--stall-3', { idleTimeoutMs: 1000 }, 'timeout', null],
    ['m--late-5000', { idleTimeoutMs: 1000 }, 'timeout', 1200],
    ['m--reset', {}, 'network', 25],
    ['m--cut-5', {}, 'network', null],
  ])('%s ends as %j demands', async (model, limits, kind, atMs) => {
    const { clock, log, start } = setUp();
    start(model, limits);
    await clock.advance(30_000);
    expect(log.at(-1)).toMatchObject({ what: kind, error: { sent: true } });
    if (atMs !== null) expect(log.at(-1)?.atMs).toBe(atMs);
    expect(clock.pending()).toBe(0);
  });

  it('says nothing after an abort but that it was cancelled, and stops counting tokens', async () => {
    const { clock, log, start, provider } = setUp();
    const handle = start('m');
    await clock.advance(700);
    const before = log.length;
    handle.abort();
    handle.abort();
    await clock.advance(10_000);
    expect(log.slice(before)).toMatchObject([{ what: 'cancelled' }]);
    expect(provider.books().total()).toMatchObject({ abandoned: 1, outputTokens: 25 });
  });

  it('holds everything while paused', async () => {
    const { clock, log, start, text } = setUp();
    const handle = start('m', { idleTimeoutMs: 1000 });
    await clock.advance(500);
    handle.pause();
    const before = log.length;
    await clock.advance(60_000);
    expect(log.length).toBe(before);
    handle.resume();
    await clock.advance(10_000);
    expect(text()).toBe(canonicalAnswer);
  });

  it('hands over gzip decoded, and fails unknown hosts before anything was sent', async () => {
    const { clock, log, start, text } = setUp();
    start('m--gzip');
    await clock.advance(10_000);
    expect(text()).toBe(canonicalAnswer);
    start('m', { url: 'http://nowhere.test/v1/chat/completions' });
    await clock.advance(1);
    expect(log.at(-1)).toMatchObject({ what: 'network', error: { sent: false } });
  });
});
