// What every way out must do, whatever carries it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { UpstreamOptions } from '#lambda/http/relay.ts';
import type { Headers, Upstream, UpstreamCall, UpstreamError, UpstreamHandle } from '#lambda/ports.ts';
import { freePort, GIANT_BYTES, startTestServer, TEXT, type TestServer } from './upstream-server.ts';

interface Seen {
  status: number;
  headers: Headers;
  bytes: number;
  text: string;
  chunks: number;
  /** Calls of the listener, in order: h, d, e (end) or x (error). */
  calls: string;
  error: UpstreamError | null;
}

interface Call extends UpstreamHandle {
  readonly seen: Seen;
  readonly done: Promise<Seen>;
  readonly headed: Promise<void>;
  /** Resolves when `count` chunks have arrived. */
  readonly arrived: (count: number) => Promise<void>;
}

function startCall(upstream: Upstream, url: string, more: Partial<UpstreamCall> = {}): Call {
  const seen: Seen = { status: 0, headers: {}, bytes: 0, text: '', chunks: 0, calls: '', error: null };
  const done = Promise.withResolvers<Seen>();
  const headed = Promise.withResolvers<void>();
  const waiting: { count: number; resolve: () => void }[] = [];
  const call = { method: 'POST', url, headers: {}, body: '{}', headTimeoutMs: 0, idleTimeoutMs: 0, ...more };
  const handle = upstream.start(call, {
    onHead: (status, headers) => {
      Object.assign(seen, { status, headers, calls: `${seen.calls}h` });
      headed.resolve();
    },
    onData: (chunk) => {
      seen.bytes += chunk.length;
      if (seen.bytes < 1e6) seen.text += Buffer.from(chunk).toString();
      if (!seen.calls.endsWith('d')) seen.calls += 'd';
      seen.chunks++;
      for (const { count, resolve } of waiting) if (seen.chunks >= count) resolve();
    },
    onEnd: () => {
      seen.calls += 'e';
      done.resolve(seen);
    },
    onError: (error) => {
      Object.assign(seen, { error, calls: `${seen.calls}x` });
      done.resolve(seen);
    },
  });
  return {
    seen,
    done: done.promise,
    headed: headed.promise,
    arrived: (count) => new Promise((resolve) => (seen.chunks >= count ? resolve() : waiting.push({ count, resolve }))),
    abort: () => handle.abort(),
    pause: () => handle.pause(),
    resume: () => handle.resume(),
  };
}

/** How soon a call gives up where that is tested, ms: longer than this process ever stands still while something is on its way. */
const SOON_MS = 400;

/** Lets everything that is already under way happen. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** Runs the contract against one implementation. */
export function describeUpstream(
  name: string,
  create: (options: UpstreamOptions) => Upstream,
  startServer: () => Promise<TestServer> = startTestServer,
): void {
  describe(`upstream: ${name}`, () => {
    let server: TestServer;
    let upstream: Upstream;
    const start = (path: string, more?: Partial<UpstreamCall>): Call =>
      startCall(upstream, `${server.url}${path}`, more);

    beforeEach(async () => {
      server = await startServer();
      upstream = create({});
    });
    afterEach(async () => {
      await upstream.close();
      await server.close();
    });

    it('sends method, path, headers and body as given', async () => {
      const body = JSON.stringify({ text: 'Grüße, 世界' });
      const seen = await start('/echo/a%20b?x=1', { body, headers: { authorization: 'Bearer k', 'x-own': '1' } }).done;
      const told = JSON.parse(seen.text) as { headers: Headers } & Record<string, unknown>;
      expect(seen).toMatchObject({ status: 201, calls: 'hde' });
      expect(seen.headers['x-twice']).toBe('a, b');
      expect(told).toMatchObject({ method: 'POST', url: '/echo/a%20b?x=1', body });
      expect(told.headers).toMatchObject({
        authorization: 'Bearer k',
        'x-own': '1',
        'content-length': String(Buffer.byteLength(body)),
      });
    });

    it.each([
      ['bytes', Buffer.from('abc')],
      ['none', null],
    ])('sends a body of %s', async (_, body) => {
      const seen = await start('/echo', { body }).done;
      expect((JSON.parse(seen.text) as { body: string }).body).toBe(body === null ? '' : 'abc');
    });

    it('sends and receives bodies of several MB', async () => {
      const body = 'ä'.repeat(2 << 20);
      const seen = await start('/echo', { body }).done;
      expect(seen.calls).toBe('hde');
      expect(seen.bytes).toBeGreaterThan(4 << 20);
    });

    it('hands over each chunk as it comes', async () => {
      const opened = server.nextStream();
      const call = start('/stream');
      const response = await opened;
      for (const text of ['data: a\n\n', 'data: b\n\n', 'data: c\n\n']) {
        const before = call.seen.chunks;
        response.write(text);
        await call.arrived(before + 1);
        expect(call.seen.text.endsWith(text)).toBe(true);
      }
      response.end();
      expect((await call.done).calls).toBe('hde');
    });

    it('reports failing statuses and redirects as they are', async () => {
      expect(await start('/redirect').done).toMatchObject({ status: 302, calls: 'he' });
      expect(await start('/empty').done).toMatchObject({ status: 204, calls: 'he' });
    });

    it('ignores interim replies', async () => {
      expect(await start('/early').done).toMatchObject({ status: 200, text: 'after the hints', calls: 'hde' });
    });

    it.each(['/gzip', '/br', '/deflate', '/deflate-raw', '/zstd'])('undoes %s', async (path) => {
      const seen = await start(path).done;
      expect(seen.text).toBe(TEXT);
      expect(seen.headers['content-encoding']).toBeUndefined();
      expect(seen.headers['content-length']).toBeUndefined();
    });

    it('takes an empty encoded body for empty', async () => {
      expect(await start('/empty-gzip').done).toMatchObject({ status: 200, calls: 'he' });
    });

    it.each(['/cut-gzip', '/not-gzip'])('fails once on %s', async (path) => {
      const seen = await start(path).done;
      await settle();
      expect(seen.error).toMatchObject({ kind: 'network', sent: true });
      expect(seen.calls).toMatch(/^hd?x$/);
    });

    it.each(['/garbage', '/bad-chunk', '/two-lengths'])('fails once on a malformed reply: %s', async (path) => {
      const seen = await start(path).done;
      await settle();
      expect(seen.error).toMatchObject({ kind: 'network', sent: true });
      expect(seen.calls).toMatch(/^(hd?)?x$/);
      expect((await start('/echo').done).status).toBe(201);
    });

    it('stops reading while it is paused, and loses nothing', async () => {
      const call = start('/giant');
      await call.arrived(1);
      call.pause();
      await settle();
      const paused = call.seen.bytes;
      await settle();
      expect(call.seen.bytes).toBe(paused);
      expect(server.taken()).toBeLessThan(GIANT_BYTES * 0.75);
      call.resume();
      expect(await call.done).toMatchObject({ bytes: GIANT_BYTES, calls: 'hde' });
    });

    it('stops decoded bodies too while it is paused', async () => {
      const call = start('/gzip');
      await call.headed;
      call.pause();
      await settle();
      const paused = call.seen.bytes;
      await settle();
      expect(call.seen.bytes).toBe(paused);
      call.resume();
      expect((await call.done).text).toBe(TEXT);
    });

    it('gives up when no head comes', async () => {
      const seen = await start('/silent', { headTimeoutMs: SOON_MS }).done;
      expect(seen).toMatchObject({ calls: 'x', error: { kind: 'timeout', sent: true } });
      await server.quiet();
    });

    it('gives up when the body stands still', async () => {
      const opened = server.nextStream();
      const call = start('/stream', { idleTimeoutMs: SOON_MS });
      (await opened).write('a');
      expect(await call.done).toMatchObject({ text: 'a', calls: 'hdx', error: { kind: 'timeout', sent: true } });
      await server.quiet();
    });

    it('does not take a slow reader for a slow provider', async () => {
      const opened = server.nextStream();
      const call = start('/stream', { idleTimeoutMs: SOON_MS });
      (await opened).write('a');
      await call.arrived(1);
      call.pause();
      await new Promise((resolve) => setTimeout(resolve, 2 * SOON_MS));
      expect(call.seen.calls).toBe('hd');
      call.abort();
    });

    it('ends at once when aborted before the head', async () => {
      const call = start('/silent');
      call.abort();
      call.abort();
      expect(call.seen).toMatchObject({ calls: 'x', error: { kind: 'cancelled' } });
      await server.quiet();
    });

    it('ends at once when aborted within the body, and closes the connection', async () => {
      const opened = server.nextStream();
      const call = start('/stream');
      const response = await opened;
      response.write('a');
      await call.arrived(1);
      call.abort();
      expect(call.seen).toMatchObject({ calls: 'hdx', error: { kind: 'cancelled', sent: true } });
      await server.quiet();
      response.write('b');
      await settle();
      expect(call.seen.text).toBe('a');
    });

    it('does nothing when aborted after the end', async () => {
      const call = start('/echo');
      await call.done;
      call.abort();
      await settle();
      expect(call.seen.calls).toBe('hde');
      expect(server.open()).toBe(1);
    });

    it('tells a refused connection from a broken one', async () => {
      const refused = await startCall(upstream, `http://127.0.0.1:${await freePort()}/x`).done;
      expect(refused).toMatchObject({ calls: 'x', error: { kind: 'network', sent: false } });
      expect(refused.error?.message).toContain('ECONNREFUSED');
      expect(await start('/reset').done).toMatchObject({ calls: 'x', error: { kind: 'network', sent: true } });
      expect(await start('/cut').done).toMatchObject({ calls: 'hdx', error: { kind: 'network', sent: true } });
    });

    it('fails, and does not throw, on headers and addresses that can not be sent', async () => {
      const header = await start('/echo', { headers: { authorization: 'Bearer a\nb' } }).done;
      const address = await startCall(upstream, 'nonsense').done;
      for (const seen of [header, address])
        expect(seen).toMatchObject({ calls: 'x', error: { kind: 'network', sent: false } });
      expect(`${header.error?.message}${address.error?.message}`).not.toMatch(/Bearer|nonsense/);
    });

    it('uses one connection for calls that follow each other', async () => {
      for (let i = 0; i < 5; i++) {
        expect((await start('/echo').done).status).toBe(201);
        await settle();
      }
      expect(server.accepted()).toBe(1);
    });

    it('opens no more connections than allowed', async () => {
      await upstream.close();
      upstream = create({ connections: 2 });
      const calls = Array.from({ length: 6 }, () => start('/echo').done);
      expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array(6).fill(201));
      expect(server.accepted()).toBeLessThanOrEqual(2);
    });

    it('never sends a call that was aborted while it waited for a connection', async () => {
      await upstream.close();
      upstream = create({ connections: 1 });
      const opened = server.nextStream();
      const first = start('/stream');
      const response = await opened;
      const waiting = start('/echo');
      waiting.abort();
      expect(waiting.seen).toMatchObject({ calls: 'x', error: { kind: 'cancelled', sent: false } });
      response.end('done');
      expect((await first.done).text).toBe('done');
      expect((await start('/echo').done).status).toBe(201);
    });

    it('gives up on a connection that does not come to stand', async () => {
      await upstream.close();
      upstream = create({ connections: 1, connectTimeoutMs: SOON_MS });
      const first = server.nextStream();
      const holding = start('/stream');
      await first;
      expect(await start('/echo').done).toMatchObject({ calls: 'x', error: { kind: 'timeout', sent: false } });
      holding.abort();
    });

    it.each(['onHead', 'onData', 'onEnd', 'onError'] as const)('survives a listener whose %s throws', async (name) => {
      const faults: unknown[] = [];
      const told = Promise.withResolvers<UpstreamError | null>();
      await upstream.close();
      upstream = create({
        onFault: (error) => {
          faults.push(error);
          if (name === 'onError') told.resolve(null);
        },
      });
      const boom = new TypeError('secret prompt');
      const listener = {
        onHead: () => undefined,
        onData: () => undefined,
        onEnd: () => undefined,
        onError: told.resolve,
      };
      const broken = (): void => {
        throw boom;
      };
      const path = name === 'onError' ? '/reset' : '/echo';
      const call = { method: 'GET', url: `${server.url}${path}`, headers: {}, body: null };
      upstream.start({ ...call, headTimeoutMs: 0, idleTimeoutMs: 0 }, { ...listener, [name]: broken });
      const error = await told.promise;
      expect(faults).toEqual([boom]);
      if (name === 'onError') return;
      expect(error).toMatchObject({ kind: 'network', sent: true });
      expect(error?.message).not.toContain('secret');
    });

    it('ends calls in flight when it is closed', async () => {
      const call = start('/silent', { headTimeoutMs: 60_000 });
      await settle();
      await upstream.close();
      expect((await call.done).error?.kind).toBe('network');
      await server.quiet();
    });
  });
}
