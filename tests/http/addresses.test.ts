import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isPublicAddress } from '#lambda/http/addresses.ts';
import { createUpstream } from '#lambda/http/upstream.ts';
import type { Upstream, UpstreamError } from '#lambda/ports.ts';

describe('public addresses', () => {
  it.each(['8.8.8.8', '1.1.1.1', '172.15.0.1', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8'])(
    '%s is one',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );
  it.each([
    '127.0.0.1', '10.1.2.3', '172.16.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1', '0.0.0.0', '224.0.0.1', '255.255.255.255',
    '::1', '::', 'fe80::1', 'fc00::1', 'fd00:ec2::254', '::ffff:127.0.0.1', '::ffff:a9fe:a9fe', '64:ff9b::a9fe:a9fe', '2002:7f00:1::', 'localhost', '',
    '::127.0.0.1', '::a9fe:a9fe', '3fff::1', '5f00::1', '168.63.129.16', 'fe80::1%eth0',
  ])('%s is none', (address) => expect(isPublicAddress(address)).toBe(false)); // prettier-ignore
});

describe('upstream, public addresses only', () => {
  let server: Server;
  let port = 0;
  let asked = 0;
  let upstream: Upstream;

  beforeEach(async () => {
    asked = 0;
    server = createServer((_request, response) => {
      asked++;
      response.end('private');
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    port = (server.address() as AddressInfo).port;
    upstream = createUpstream();
  });
  afterEach(async () => {
    await upstream.close();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });

  const call = (url: string, publicOnly: boolean): Promise<string> =>
    new Promise((done) => {
      let text = '';
      upstream.start(
        { method: 'GET', url, headers: {}, body: null, headTimeoutMs: 60_000, idleTimeoutMs: 60_000, publicOnly },
        {
          onHead: () => undefined,
          onData: (chunk) => (text += Buffer.from(chunk).toString()),
          onEnd: () => done(text),
          onError: (error: UpstreamError) => done(error.message),
        },
      );
    });

  it.each(['http://127.0.0.1', 'https://localhost', 'http://[::ffff:127.0.0.1]', 'http://0x7f.1', 'http://2130706433'])(
    'never reaches %s',
    async (origin) => {
      expect(await call(`${origin}:${port}/`, true)).toBe('the connection to the provider failed (PRIVATE_ADDRESS)');
      expect(asked).toBe(0);
    },
  );

  it.each(['http://8.8.8.8', 'http://provider.example', 'HTTP://provider.example', 'http://localhost'])(
    'sends nothing in the clear to %s',
    async (origin) => {
      expect(await call(`${origin}:${port}/`, true)).toBe('the connection to the provider failed (PLAIN_ADDRESS)');
      expect(asked).toBe(0);
    },
  );

  it('reaches it when that is allowed, also afterwards, on connections of its own', async () => {
    expect(await call(`http://127.0.0.1:${port}/`, false)).toBe('private');
    expect(await call(`http://127.0.0.1:${port}/`, true)).toContain('PRIVATE_ADDRESS');
    expect(asked).toBe(1);
  });
});
