// Whom a request comes from, when proxies of ours stand before us.
import { expect, it } from 'vitest';
import { withProxies } from '#lambda/http/forwarded.ts';
import type { Exchange } from '#lambda/ports.ts';

async function callerOf(remoteAddress: string, forwarded?: string, proxies = ['127.0.0.1', '::1', '10.0.0.7']) {
  let seen: string | null | undefined;
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  const exchange = { method: 'GET', path: '/', query: '', headers, remoteAddress, deadlineAtMs: null } as Exchange;
  await withProxies(proxies, async (given) => void (seen = given.remoteAddress))(exchange);
  return seen;
}

it.each([
  ['the last that is no proxy', '127.0.0.1', '6.6.6.6, 203.0.113.9, 10.0.0.7', '203.0.113.9'],
  ['it in IPv6, too', '::1', '2001:DB8::9', '2001:db8::9'],
  ['it whichever way a socket tells of the proxy', '::ffff:127.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['it without its port, which is another for each connection', '127.0.0.1', '203.0.113.9:51234', '203.0.113.9'],
  ['it without port and brackets', '127.0.0.1', '[2001:db8::9]:51234', '2001:db8::9'],
  ['the proxy, where all are proxies', '127.0.0.1', '10.0.0.7, ::1', '127.0.0.1'],
  ['the proxy, where nothing is told', '127.0.0.1', undefined, '127.0.0.1'],
  ['whoever comes past the proxies, whatever he tells', '198.51.100.4', '203.0.113.9', '198.51.100.4'],
])('is %s', async (_, from, forwarded, caller) => expect(await callerOf(from, forwarded)).toBe(caller));

it('believes nobody where no proxies are named', async () => {
  expect(await callerOf('127.0.0.1', '203.0.113.9', [])).toBe('127.0.0.1');
});
