// Which addresses are public, so that a URL somebody gives can't be made to reach what is only ours, nor show a key to the network.
import { lookup as lookupAny, type LookupAddress, type LookupOptions } from 'node:dns';
import { BlockList, isIP } from 'node:net';

/** IPv4 and IPv6 ranges that are not on the public internet (IANA special-purpose registries, 2026), and where Azure serves its machines. */
const ranges = `0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24
  192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 168.63.129.16/32
  ::/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 3fff::/20 5f00::/16 fc00::/7 fe80::/10 fec0::/10
  ff00::/8`;

function createBlockList(): BlockList {
  const list = new BlockList();
  for (const range of ranges.split(/\s+/)) {
    const [address = '', bits] = range.split('/');
    list.addSubnet(address, Number(bits), isIP(address) === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

let blocked: BlockList | null = null;

/** Whether an IP address is on the public internet. IPv4 addresses inside IPv6 ones are judged as what they are. */
export function isPublicAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  const plain = mapped ?? address;
  const family = isIP(plain);
  if (family === 0) return false;
  if (/^::ffff:/i.test(plain)) return false;
  blocked ??= createBlockList();
  return !blocked.check(plain, family === 4 ? 'ipv4' : 'ipv6');
}

/** Why we do not connect: the address is not public, or what is sent there could be read on the way. */
const refusals = {
  PRIVATE_ADDRESS: 'The address is not on the public internet.',
  PLAIN_ADDRESS: 'The address is not encrypted: it must begin with https.',
} as const;

/** The connection was refused by us. The code is what callers see instead of the address. */
export class RefusedAddress extends Error {
  override readonly name = 'RefusedAddress';
  readonly code: keyof typeof refusals;
  constructor(code: keyof typeof refusals) {
    super(refusals[code]);
    this.code = code;
  }
}

type Callback = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

/** Name resolution for connections: answers public addresses only, so that the address checked is the one connected to. */
export function lookupPublic(hostname: string, options: LookupOptions, callback: Callback): void {
  lookupAny(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, []);
    const allowed = addresses.filter(({ address }) => isPublicAddress(address));
    const first = allowed[0];
    if (first === undefined) return callback(new RefusedAddress('PRIVATE_ADDRESS'), []);
    if (options.all) callback(null, allowed);
    else callback(null, first.address, first.family);
  });
}

/**
 * Refuses what can be judged before the name is looked up: hosts written as private addresses, and plain http, which
 * would carry keys in the clear. Throws RefusedAddress.
 */
export function refuseUnsafe(url: string): void {
  const { hostname, protocol } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw new RefusedAddress('PRIVATE_ADDRESS');
  if (protocol !== 'https:') throw new RefusedAddress('PLAIN_ADDRESS');
}
