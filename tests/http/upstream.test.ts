// The way out keeps the contract; what it alone promises is tested beside it.
import { describe, expect, it } from 'vitest';
import { createUpstream } from '#lambda/http/upstream.ts';
import type { Upstream } from '#lambda/ports.ts';
import { describeUpstream } from '../contracts/upstream.ts';
import { startTestServer } from '../contracts/upstream-server.ts';

describeUpstream('keep-alive connections', createUpstream);

const call = (upstream: Upstream, url: string): Promise<void> =>
  new Promise((resolve, reject) => {
    upstream.start(
      { method: 'GET', url, headers: {}, body: null, headTimeoutMs: 0, idleTimeoutMs: 0 },
      { onHead: () => undefined, onData: () => undefined, onEnd: resolve, onError: reject },
    );
  });

describe('upstream after a freeze', () => {
  it.each([
    ['they are kept', 3_000],
    ['the provider keeps them (5 s, of which one is left to the network)', 60_000],
  ])('does not use connections that were idle for longer than %s', async (_, keepAliveMs) => {
    const server = await startTestServer();
    let nowMs = 1_000_000;
    const upstream = createUpstream({ keepAliveMs, now: () => nowMs });
    await call(upstream, server.url);
    nowMs += 2_900;
    await call(upstream, server.url);
    expect(server.accepted()).toBe(1);
    nowMs += 4_100;
    await call(upstream, server.url);
    expect(server.accepted()).toBe(2);
    await upstream.close();
    await server.close();
  });
});
