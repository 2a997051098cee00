// The way out over TLS, against a server with a certificate of its own that is trusted in some tests and not in others.
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createUpstream } from '#lambda/http/upstream.ts';
import type { Upstream } from '#lambda/ports.ts';

const pem = (name: string): string =>
  readFileSync(new URL(`../fixtures/tls/localhost-test-${name}.pem`, import.meta.url), 'utf8');

let server: Server;
let upstream: Upstream;
let port = 0;
let connections = 0;
let resumed = 0;
const trusted = getCACertificates('default');

beforeEach(async () => {
  connections = resumed = 0;
  server = createServer({ key: pem('key'), cert: pem('cert') }, (request, response) => {
    if (request.url === '/closing') response.setHeader('connection', 'close');
    response.end(`${request.method} by ${(request.socket as TLSSocket).getProtocol()}`);
  });
  server.on('secureConnection', (socket) => {
    connections++;
    if (socket.isSessionReused()) resumed++;
  });
  await new Promise<void>((done) => server.listen(0, 'localhost', done));
  port = (server.address() as AddressInfo).port;
  upstream = createUpstream();
});
afterEach(async () => {
  setDefaultCACertificates(trusted);
  await upstream.close();
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

/** The reply's text, or why there is none and whether anything was sent. */
const call = (path: string, host = 'localhost'): Promise<string> =>
  new Promise((done) => {
    let text = '';
    upstream.start(
      {
        method: 'POST',
        url: `https://${host}:${port}${path}`,
        headers: { authorization: 'Bearer k' },
        body: '{}',
        headTimeoutMs: 60_000,
        idleTimeoutMs: 60_000,
      },
      {
        onHead: () => undefined,
        onData: (chunk) => (text += Buffer.from(chunk).toString()),
        onEnd: () => done(text),
        onError: (error) => done(`${error.message}, ${error.sent ? 'sent' : 'nothing sent'}`),
      },
    );
  });

describe('the way out over TLS', () => {
  it('keeps its connection for the next call', async () => {
    setDefaultCACertificates([pem('cert')]);
    expect(await call('/')).toBe('POST by TLSv1.3');
    expect(await call('/')).toBe('POST by TLSv1.3');
    expect(connections).toBe(1);
  });

  it('resumes its session on the next connection', async () => {
    setDefaultCACertificates([pem('cert')]);
    await call('/closing');
    // Also when no connection is left that would know of it.
    await new Promise((done) => setTimeout(done, 50));
    await call('/closing');
    expect([connections, resumed]).toEqual([2, 1]);
  });

  it('sends nothing to a server whose certificate is not trusted', async () => {
    expect(await call('/')).toContain('(DEPTH_ZERO_SELF_SIGNED_CERT), nothing sent');
  });

  it('sends nothing to a server whose certificate is of another name', async () => {
    setDefaultCACertificates([pem('cert')]);
    expect(await call('/', '127.0.0.1')).toContain('(ERR_TLS_CERT_ALTNAME_INVALID), nothing sent');
  });
});
