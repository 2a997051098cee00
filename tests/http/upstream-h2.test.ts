// HTTP/2 on the way out, by what a provider that offers it counts: who shares a session, and what a call over it promises.
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { burst, call, failed, meet, nextAsked, occupy, provider, start, timesAsked } from './h2-calls.ts';

const CANCEL = 8;

describe('who shares a session', () => {
  it('nobody who calls alone', async () => {
    await start();
    for (let at = 0; at < 3; at++) expect(await call('/').done).toBe('ok');
    expect(provider.counts).toMatchObject({ connections: 1, sessions: 0 });
  });

  it('all of a first burst but the first, on one further connection', async () => {
    await start();
    expect(await burst(40)).toEqual(Array(40).fill('ok'));
    expect(provider.counts).toMatchObject({ connections: 2, sessions: 1 });
    expect(timesAsked()).toEqual(Array(40).fill(1));
    expect(await burst(40)).toEqual(Array(40).fill('ok'));
    expect(provider.counts).toMatchObject({ connections: 2, sessions: 1 });
  });

  it('nobody where the provider offers none: each has a connection, as ever', async () => {
    await start({ protocols: ['http/1.1'] });
    expect(await meet(10)).toEqual(Array(10).fill('ok'));
    expect(provider.counts).toMatchObject({ connections: 10, sessions: 0 });
  });

  it('nobody where it is switched off', async () => {
    await start({}, { http2: false });
    expect(await meet(10)).toEqual(Array(10).fill('ok'));
    expect(provider.counts).toMatchObject({ connections: 10, sessions: 0 });
  });

  it('everybody where the provider speaks nothing else', async () => {
    await start({ protocols: ['h2'] });
    expect(await call('/').done).toBe('ok');
    expect(await burst(10)).toEqual(Array(10).fill('ok'));
    expect(provider.counts).toMatchObject({ connections: 1, sessions: 1 });
  });

  it('everybody there who comes before that is known', async () => {
    await start({ protocols: ['h2'] });
    await Promise.all([call('/a').done, call('/b', { body: 'x'.repeat(300_000) }).done]).then((answers) =>
      expect(answers).toEqual(['ok', 'ok']),
    );
  });

  it('no more than the provider carries at a time, each call once', async () => {
    await start({ maxStreams: 2 });
    // So there must be room for all at a time.
    expect(await meet(10)).toEqual(Array(10).fill('ok'));
    expect(timesAsked()).toEqual(Array(10).fill(1));
    expect(provider.counts.most).toBeLessThanOrEqual(2);
    expect(provider.counts.sessions).toBeGreaterThanOrEqual(5);
  });

  it('no more than may call a provider at a time', async () => {
    await start({ protocols: ['h2'] }, { connections: 3 });
    await call('/').done;
    expect(await burst(12)).toEqual(Array(12).fill('ok'));
    expect(provider.counts).toMatchObject({ sessions: 1, most: 3 });
  });

  it('nobody whose body is long, where the provider has the choice', async () => {
    await start();
    await occupy();
    expect(await call('/short').done).toBe('ok');
    expect(await call('/long', { body: 'x'.repeat(300_000) }).done).toBe('ok');
    expect(provider.asked).toEqual(['1.1 /busy', '2 /short', '1.1 /long']);
  });

  it('also whose body is long, where there is room for no further connection', async () => {
    await start({}, { connections: 3 });
    const calls = [await occupy()];
    expect(await call('/short').done).toBe('ok');
    const asked = nextAsked('/busy');
    calls.push(call('/busy', { body: 'x'.repeat(300_000) }));
    await asked;
    expect(await call('/long', { body: 'x'.repeat(300_000) }).done).toBe('ok');
    expect(provider.asked).toEqual(['1.1 /busy', '2 /short', '1.1 /busy', '2 /long']);
    for (const one of calls) one.abort();
  });

  it('nobody who may reach public addresses only, with those who may reach any', async () => {
    await start();
    await occupy();
    expect(await call('/').done).toBe('ok');
    expect(await call('/', { publicOnly: true }).done).toBe(failed('PRIVATE_ADDRESS'));
  });

  it('nobody where the certificate is not trusted, and nothing is sent', async () => {
    await start();
    const answers = await Promise.all(
      [1, 2, 3].map((at) => call(`/${at}`, {}, `https://127.0.0.1:${provider.port}`).done),
    );
    expect(answers).toEqual(Array(3).fill(failed('ERR_TLS_CERT_ALTNAME_INVALID')));
    expect(provider.asked).toEqual([]);
  });
});

describe('a call over HTTP/2', () => {
  it('arrives with its own headers and none of a connection, and its reply in the shape of any other', async () => {
    await start();
    await occupy();
    provider.on('/heads', ({ request, response, stream }) => {
      const { ':authority': authority, ':scheme': scheme, ...headers } = request.headers;
      stream!.additionalHeaders({ ':status': 103, link: '</a>; rel=preload' });
      response.setHeader('set-cookie', ['a=1', 'b=2']);
      response.setHeader('x-name', 'Grüße');
      request.resume();
      request.on('end', () => {
        response.addTrailers({ 'x-checksum': '1' });
        response.end(JSON.stringify({ authority, scheme, headers }));
      });
    });
    const sent = { authorization: 'Bearer k', 'X-Own': 'ä', connection: 'close', te: 'trailers', 'keep-alive': '1' };
    const one = call('/heads', { headers: sent, body: 'äöü' });
    expect(JSON.parse(await one.done)).toEqual({
      authority: `localhost:${provider.port}`,
      scheme: 'https',
      headers: expect.not.objectContaining({ connection: expect.anything(), te: expect.anything() }) as unknown,
    });
    expect(JSON.parse(one.text())).toMatchObject({
      headers: { authorization: 'Bearer k', 'content-length': '6' },
    });
    expect(JSON.parse(Buffer.from(one.text(), 'latin1').toString())).toMatchObject({ headers: { 'x-own': 'ä' } });
    expect(one.headers()).toMatchObject({ status: '200', 'set-cookie': 'a=1, b=2', 'x-name': 'Grüße' });
    expect(Object.keys(one.headers()).filter((name) => name.startsWith(':'))).toEqual([]);
  });

  it('that is given up is reset for the provider, and the others go on', async () => {
    await start();
    await occupy();
    const [first, second] = [nextAsked('/first'), nextAsked('/second')];
    const [given, kept] = [call('/first'), call('/second')];
    const stream = (await first).stream!;
    const { response } = await second;
    const closed = once(stream, 'close');
    given.abort();
    await closed;
    expect(stream.rstCode).toBe(CANCEL);
    response.end('kept');
    expect(await kept.done).toBe('kept');
    expect(await given.done).toBe('cancelled: the call was given up');
    expect(provider.counts.sessions).toBe(1);
  });

  it('whose reader is slow holds the provider back, and nobody else', async () => {
    await start();
    await occupy();
    const asked = nextAsked('/giant');
    const slow = call('/giant');
    const { response } = await asked;
    let taken = 0;
    const piece = Buffer.alloc(64 * 1024, 'x');
    const write = (): void => {
      while (taken < 20_000_000) {
        taken += piece.length;
        if (!response.write(piece)) {
          response.once('drain', write);
          return;
        }
      }
      response.end();
    };
    response.write('begun');
    await slow.begun;
    slow.pause();
    write();
    for (let at = 0; at < 20; at++) expect(await call(`/${at}`).done).toBe('ok');
    expect(taken).toBeLessThan(2_000_000);
    slow.resume();
    expect((await slow.done).length).toBe(5 + taken);
    expect(taken).toBeGreaterThanOrEqual(20_000_000);
    expect(provider.counts.sessions).toBe(1);
  });

  it('whose reader pauses between two pieces, gets the second when it goes on', async () => {
    await start();
    await occupy();
    const asked = nextAsked('/pieces');
    const slow = call('/pieces', { onPiece: (handle) => handle.pause() });
    const { response } = await asked;
    for (const piece of ['a', 'b', 'c']) {
      const before = slow.text();
      response.write(piece);
      while (slow.text() === before) await call('/between').done;
      slow.resume();
    }
    response.end();
    expect(await slow.done).toBe('abc');
  });

  it('whose body is long is sent no faster than it is taken', async () => {
    await start({ protocols: ['h2'] });
    const piece = new Uint8Array(64 * 1024).fill(120);
    let pulled = 0;
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (; pulled < 200; pulled++) yield piece;
    }
    const asked = nextAsked('/upload');
    const upload = call('/upload', { body: { length: 200 * piece.length, open: pieces } });
    const { request, response } = await asked;
    for (let at = 0; at < 20; at++) expect(await call(`/${at}`).done).toBe('ok');
    expect(pulled).toBeLessThan(20);
    let length = 0;
    request.on('data', (bytes: Buffer) => (length += bytes.length));
    request.on('end', () => response.end(String(length)));
    expect(await upload.done).toBe(String(200 * piece.length));
  });

  it.each([
    ['pieces', { pieces: ['ä', new Uint8Array(40_000).fill(120), 'z'], length: 40_003 }, 40_003],
    ['a long text', 'x'.repeat(200_000), 200_000],
    ['nothing', null, 0],
  ])('brings its body of %s whole', async (_, body, length) => {
    await start();
    await occupy();
    provider.on('/count', ({ request, response }) => {
      let came = 0;
      request.on('data', (bytes: Buffer) => (came += bytes.length));
      request.on('end', () => response.end(`${came} of ${request.headers['content-length']}`));
    });
    expect(await call('/count', { body }).done).toBe(`${length} of ${length}`);
    expect(provider.asked.at(-1)).toBe('2 /count');
  });

  it('fails, and is given up, where its body breaks off on our side', async () => {
    await start();
    await occupy();
    const asked = nextAsked('/short');
    // oxlint-disable-next-line require-yield
    async function* none(): AsyncGenerator<Uint8Array> {
      await asked;
    }
    const short = call('/short', { body: { length: 10, open: none } });
    const stream = (await asked).stream!;
    expect(await short.done).toBe(failed('BODY_LENGTH'));
    if (!stream.closed) await once(stream, 'close');
    expect(stream.rstCode).toBe(CANCEL);
  });
});
