// Sign-in by the one-time link that the start prints: for the person at this very machine, and nobody else.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Exchange } from '../ports.ts';
import { SignInRefused } from './auth-refused.ts';
import { isElsewhere, isForeign } from './auth-cookies.ts';
import { isLoopback } from './loopback.ts';

export interface LocalSignIn {
  /** For the fragment of the printed link; dies with its first use. */
  readonly token: string;
  /** Uses the token up, and answers what it was. Rejects nobody for being wrong before the surroundings are right: throws SignInRefused. */
  redeem(presented: string): 'link' | 'key';
  /** Throws SignInRefused unless the request comes straight from this machine. */
  guard(exchange: Exchange): void;
}

/** Signs of a proxy: then whoever connects from this machine need not be at it. */
const proxyHeaders = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via'];

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** A sign-in by link. `accepts`: what else is taken for the link's token, again and again (the owner's key). */
export function createLocalSignIn(accepts: (presented: string) => boolean): LocalSignIn {
  const token = randomBytes(32).toString('base64url');
  const wanted = digest(token);
  let used = false;
  return {
    token,
    redeem: (presented) => {
      if (accepts(presented)) return 'key';
      const right = timingSafeEqual(digest(presented), wanted);
      if (!right || used) throw new SignInRefused('wrong_token');
      used = true;
      return 'link';
    },
    guard: (exchange) => {
      const { headers, remoteAddress } = exchange;
      const host = (headers['host'] ?? '').replace(/:\d+$/, '');
      const direct = remoteAddress !== null && isLoopback(remoteAddress) && isLoopback(host);
      // A proxy may hide all its signs but that the page has another address than we were asked by.
      const foreign = isForeign(exchange) || isElsewhere(exchange);
      if (!direct || foreign || proxyHeaders.some((name) => headers[name] !== undefined))
        throw new SignInRefused('local_proxied');
    },
  };
}
