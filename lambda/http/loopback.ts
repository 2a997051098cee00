// Names and addresses by which a machine reaches itself, and nobody else reaches it.
import { isIPv4 } from 'node:net';

/** Whether only this machine gets to that host: a name or an address, IPv6 with or without its brackets. All of 127.0.0.0/8 is (RFC 1122, 3.2.1.3). */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1').replace(/^::ffff:/, '');
  return bare === 'localhost' || bare === '::1' || (isIPv4(bare) && bare.startsWith('127.'));
}
