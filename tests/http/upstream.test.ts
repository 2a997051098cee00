// Both ways out keep the same contract; what only one of them does is tested beside it.
import { describe, expect, it } from 'vitest';
import { createHttpsUpstream } from '#lambda/http/upstream-https.ts';
import { createUndiciUpstream } from '#lambda/http/upstream-undici.ts';
import type { Upstream } from '#lambda/ports.ts';
import { describeUpstream } from '../contracts/upstream.ts';
import { startTestServer } from '../contracts/upstream-server.ts';

describeUpstream('undici', createUndiciUpstream);
describeUpstream('node:https', createHttpsUpstream);

const call = (upstream: Upstream, url: string): Promise<void> =>
  new Promise((resolve, reject) => {
    upstream.start(
      { method: 'GET', url, headers: {}, body: null, headTimeoutMs: 0, idleTimeoutMs: 0 },
      { onHead: () => undefined, onData: () => undefined, onEnd: resolve, onError: reject },
    );
  });

describe('upstream: node:https after a freeze', () => {
  it('does not use connections that were idle for longer than they are kept', async () => {
    const server = await startTestServer();
    let nowMs = 1_000_000;
    const upstream = createHttpsUpstream({ keepAliveMs: 30_000, now: () => nowMs });
    await call(upstream, server.url);
    nowMs += 29_000;
    await call(upstream, server.url);
    expect(server.accepted()).toBe(1);
    nowMs += 31_000;
    await call(upstream, server.url);
    expect(server.accepted()).toBe(2);
    await upstream.close();
    await server.close();
  });
});
