// What becomes of calls over HTTP/2 when a stream or its session fails: whom the provider has not looked at is asked again, nobody else.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createSecureServer } from 'node:tls';
import { describe, expect, it, vi } from 'vitest';
import { burst, call, failed, nextAsked, occupy, open, provider, start, timesAsked } from './h2-calls.ts';
import { certificate, type Asked } from './h2-provider.ts';

const [REFUSED_STREAM, CANCEL, INTERNAL_ERROR, ENHANCE_YOUR_CALM, HTTP_1_1_REQUIRED] = [7, 8, 2, 11, 13] as const;

describe('what the provider has not looked at', () => {
  it('is asked again elsewhere when it goes away under load: everybody is answered, each once', async () => {
    await start();
    await occupy();
    await call('/warm').done;
    const held: Asked[] = [];
    const some = Promise.withResolvers<void>();
    for (let at = 0; at < 20; at++) {
      provider.on(`/${at}`, (asked) => {
        if (asked.stream!.session !== provider.sessions[0]) return void asked.response.end('ok');
        held.push(asked);
        if (held.length === 20) some.resolve();
      });
    }
    const answers = burst(20);
    await some.promise;
    // It has looked at the first five, and says so.
    const seen = held.slice(0, 5);
    provider.sessions[0]!.goaway(0, seen.at(-1)!.stream!.id!);
    for (const { response } of seen) response.end('ok');
    expect(await answers).toEqual(Array(20).fill('ok'));
    expect(timesAsked().filter((times) => times === 2)).toHaveLength(15);
    expect(provider.counts.sessions).toBe(2);
  });

  it('is asked again when it goes away in anger, and what it has looked at fails', async () => {
    await start();
    await occupy();
    const first = nextAsked('/seen');
    const seen = call('/seen');
    const { stream } = await first;
    const second = nextAsked('/unseen');
    const unseen = call('/unseen');
    await second;
    provider.on('/unseen', ({ response }) => response.end('answered'));
    provider.sessions[0]!.goaway(ENHANCE_YOUR_CALM, stream!.id!);
    expect(await seen.done).toBe(failed('HTTP2_ENHANCE_YOUR_CALM'));
    expect(await unseen.done).toBe('answered');
  });

  it('is asked again when it is refused', async () => {
    await start();
    await occupy();
    let refusals = 0;
    provider.on('/', ({ response, stream }) => {
      if (refusals++ < 2) stream!.close(REFUSED_STREAM);
      else response.end('at last');
    });
    expect(await call('/').done).toBe('at last');
    expect(provider.asked.filter((one) => one === '2 /')).toHaveLength(3);
  });

  it('fails when it is refused again and again', async () => {
    await start();
    await occupy();
    provider.on('/', ({ stream }) => stream!.close(REFUSED_STREAM));
    expect(await call('/').done).toBe(failed('HTTP2_REFUSED_STREAM'));
    expect(provider.asked.filter((one) => one === '2 /')).toHaveLength(4);
  });

  it('is asked by HTTP/1.1 where that is demanded, as all that follows', async () => {
    await start();
    await occupy();
    provider.on('/', ({ response, stream }) => {
      if (stream === null) response.end('as demanded');
      else stream.close(HTTP_1_1_REQUIRED);
    });
    expect(await call('/').done).toBe('as demanded');
    expect(await Promise.all([call('/').done, call('/').done])).toEqual(['as demanded', 'as demanded']);
    expect(provider.asked.filter((one) => one === '2 /')).toHaveLength(1);
  });
});

describe('what breaks off', () => {
  it.each([
    ['before its head', false],
    ['within its body', true],
  ])('%s by a reset fails, and is not asked again; the session goes on', async (_, hasBegun) => {
    await start();
    await occupy();
    provider.on('/', ({ response, stream }) => {
      if (hasBegun) response.write('begun', () => setImmediate(() => stream!.close(INTERNAL_ERROR)));
      else stream!.close(INTERNAL_ERROR);
    });
    expect(await call('/').done).toBe(`${hasBegun ? 'begun...' : ''}${failed('HTTP2_INTERNAL_ERROR')}`);
    expect(await call('/next').done).toBe('ok');
    expect(provider.asked.slice(1)).toEqual(['2 /', '2 /next']);
    expect(provider.counts.sessions).toBe(1);
  });

  it.each([
    ['no error', 0],
    ['a cancellation', CANCEL],
    ['a late refusal', REFUSED_STREAM],
  ])('within its body by %s is never taken for whole', async (_, code) => {
    await start();
    await occupy();
    provider.on('/', ({ response, stream }) => {
      // Node would end the reply properly first.
      stream!._final = (done) => done();
      response.write('begun', () => setImmediate(() => stream!.close(code)));
    });
    expect(await call('/').done).toMatch(
      /^begun\.\.\.network: the connection to the provider failed \((ECONNRESET|HTTP2_REFUSED_STREAM)\)$/,
    );
    expect(provider.asked.slice(1)).toEqual(['2 /']);
  });

  it('with the connection fails for all that were on it, and the next call has a new one', async () => {
    await start();
    await occupy();
    provider.on('/begun', ({ response }) => void response.write('begun'));
    const asked = nextAsked('/waiting');
    const [begun, waiting] = [call('/begun'), call('/waiting')];
    await begun.begun;
    await asked;
    provider.cut();
    expect(await begun.done).toBe(`begun...${failed('ECONNRESET')}`);
    expect(await waiting.done).toBe(failed('ECONNRESET'));
    expect(await call('/next').done).toBe('ok');
  });
});

/**
 * A way to the provider that can fall silent: nothing passes, and nobody is told. Resolves when who used it until then has left. The connection
 * of this number (from 1) is silent from the beginning.
 */
async function startSilentWay(
  to: number,
  silentOne = 0,
): Promise<{ url: string; silence: () => { left: Promise<unknown> }; swallowed: Promise<void> }> {
  const callers = new Map<Socket, Socket>();
  const swallowed = Promise.withResolvers<void>();
  let opened = 0;
  const server = createServer((socket) => {
    if (++opened === silentOne) {
      swallowed.resolve();
      return void socket.on('error', () => undefined).resume();
    }
    const other = connect(to, 'localhost');
    callers.set(socket, other);
    const leave = (): void => {
      callers.delete(socket);
      socket.destroy();
      other.destroy();
    };
    socket.on('error', leave).on('close', leave);
    other.on('error', leave).on('close', leave);
    socket.pipe(other).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  open.push({
    close: () => {
      for (const socket of callers.keys()) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  });
  const silence = (): { left: Promise<unknown> } => {
    const all = [...callers];
    for (const [socket, other] of all) {
      socket.unpipe().resume();
      other.unpipe().resume();
    }
    return { left: Promise.all(all.map(([socket]) => once(socket, 'close'))) };
  };
  return { url: `https://localhost:${(server.address() as AddressInfo).port}`, silence, swallowed: swallowed.promise };
}

it('a new session that is never greeted is given up, however long its calls would wait', async () => {
  const own = {
    key: readFileSync(new URL('../fixtures/tls/localhost-test-key.pem', import.meta.url)),
    cert: certificate,
  };
  const mute = createSecureServer(
    { ...own, ALPNProtocols: ['h2'] },
    (socket) => void socket.on('error', () => undefined),
  );
  mute.listen(0, 'localhost');
  await once(mute, 'listening');
  await start();
  open.push({ close: () => mute.close() });
  const { port } = mute.address() as AddressInfo;
  const calls = [1, 2, 3].map((at) => call(`/${at}`, {}, `https://localhost:${port}`).done);
  const told = 'timeout: the connection to the provider failed (ETIMEDOUT)';
  expect(await Promise.all(calls)).toEqual([told, told, told]);
});

describe('a session that slept', () => {
  it('is asked whether it lives before it gets a call', async () => {
    let nowMs = 1_000_000;
    await start({ protocols: ['h2'] }, { now: () => nowMs });
    await call('/').done;
    nowMs += 4_000;
    await call('/').done;
    expect(provider.counts).toMatchObject({ sessions: 1, pings: 0 });
    nowMs += 6_000;
    expect(await burst(5)).toEqual(Array(5).fill('ok'));
    expect(provider.counts).toMatchObject({ sessions: 1, pings: 1 });
  });

  it('gets none when it does not answer: another one is opened', async () => {
    let nowMs = 1_000_000;
    await start({ protocols: ['h2'] }, { now: () => nowMs });
    const way = await startSilentWay(provider.port);
    expect(await call('/', {}, way.url).done).toBe('ok');
    way.silence();
    nowMs += 6_000;
    const answers = await Promise.all(['/a', '/b', '/c'].map((path) => call(path, {}, way.url).done));
    expect(answers).toEqual(['ok', 'ok', 'ok']);
    expect(provider.counts.sessions).toBe(2);
    expect(provider.asked).toEqual(['2 /', '2 /a', '2 /b', '2 /c']);
  });

  it('and does not answer keeps the calls it has, and is closed when they are over', async () => {
    let nowMs = 1_000_000;
    await start({ protocols: ['h2'] }, { now: () => nowMs });
    const way = await startSilentWay(provider.port);
    const asked = nextAsked('/held');
    const held = call('/held', {}, way.url);
    await asked;
    const { left } = way.silence();
    nowMs += 6_000;
    expect(await call('/', {}, way.url).done).toBe('ok');
    expect(await call('/', {}, way.url).done).toBe('ok');
    expect(provider.counts.sessions).toBe(2);
    held.abort();
    await left;
  });

  it('and never answers again is given up with the calls it has; one that does answer is not', async () => {
    let nowMs = 1_000_000;
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    await start({ protocols: ['h2'] }, { now: () => nowMs });
    const way = await startSilentWay(provider.port);
    const asked = nextAsked('/held');
    const held = call('/held', {}, way.url);
    await asked;
    const look = async (): Promise<void> => {
      nowMs += 5_000;
      const pinged = once(provider.sessions[0]!, 'ping');
      vi.advanceTimersByTime(5_000);
      await pinged;
    };
    await look();
    // Its answer has come when that to a call that was sent later has.
    await call('/', {}, way.url).done;
    await look();
    way.silence();
    nowMs += 5_000;
    vi.advanceTimersByTime(5_000);
    nowMs += 5_000;
    vi.advanceTimersByTime(5_000);
    expect(await held.done).toBe('timeout: the connection to the provider failed (ETIMEDOUT)');
    vi.useRealTimers();
  });

  it('is not used once it was idle for longer than connections are kept', async () => {
    let nowMs = 1_000_000;
    await start({ protocols: ['h2'] }, { now: () => nowMs });
    await call('/').done;
    nowMs += 30_000;
    await call('/').done;
    expect(provider.counts).toMatchObject({ sessions: 2, pings: 0 });
  });

  it('is closed when it has been idle for long', async () => {
    await start({ protocols: ['h2'] }, { keepAliveMs: 50 });
    await call('/').done;
    const [session] = provider.sessions;
    if (!session!.destroyed) await once(session!, 'close');
    expect(await call('/').done).toBe('ok');
    expect(provider.counts.sessions).toBe(2);
  });
});

describe('those who wait for the connection of somebody else', () => {
  it.each([
    ['open their own when it takes long', false],
    ['open their own when it is given up', true],
  ])('%s', async (_, isGivenUp) => {
    await start({}, isGivenUp ? {} : { hopeMs: 50 });
    const way = await startSilentWay(provider.port, 2);
    const asked = nextAsked('/busy');
    const busy = call('/busy', {}, way.url);
    await asked;
    const [first, ...others] = ['/a', '/b', '/c'].map((path) => call(path, {}, way.url));
    await way.swallowed;
    if (isGivenUp) first!.abort();
    expect(await Promise.all(others.map(({ done }) => done))).toEqual(['ok', 'ok']);
    first!.abort();
    busy.abort();
    expect(timesAsked()).toEqual([1, 1, 1]);
  });
});
