// A local stand-in for Google's issuer: publishes certificates over HTTP and signs ID tokens with their keys.
import { createSign, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export const CLIENT_ID = 'freeway-tests.apps.googleusercontent.com';
export const ISSUER = 'https://accounts.google.com';

export interface Token {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly kid?: string;
  readonly alg?: string;
  /** Signs with a key that is published nowhere. */
  readonly forged?: boolean;
}

export interface Issuer {
  readonly certsUrl: string;
  /** How often certificates were asked for. */
  readonly fetched: () => number;
  /** Makes another key the one that is published and signed with. */
  readonly rotate: (kid: string) => void;
  /** From now on certificates can't be read. */
  readonly fail: (failing: boolean) => void;
  /** From now on keys are published as a set of JSON Web Keys, or again as PEM by their ids. */
  readonly publish: (form: 'jwks' | 'pem') => void;
  readonly sign: (token?: Token) => string;
  readonly close: () => Promise<void>;
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const makeKey = (): { publicKey: KeyObject; privateKey: KeyObject } =>
  generateKeyPairSync('rsa', { modulusLength: 2048 });

/** Starts the issuer on a free port. */
export async function startIssuer(): Promise<Issuer> {
  const stranger = makeKey();
  let current = { kid: 'key-1', ...makeKey() };
  let failing = false;
  let fetched = 0;
  let form: 'jwks' | 'pem' = 'pem';
  const server = createServer((_, response) => {
    fetched++;
    if (failing) return void response.writeHead(500).end();
    const { kid, publicKey } = current;
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' };
    const other = { kty: 'EC', kid: 'another', crv: 'P-256', x: '', y: '' };
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'public, max-age=3600' });
    const pems = { [kid]: publicKey.export({ type: 'spki', format: 'pem' }) };
    response.end(JSON.stringify(form === 'jwks' ? { keys: [other, jwk] } : pems));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    certsUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/certs`,
    fetched: () => fetched,
    rotate: (kid) => void (current = { kid, ...makeKey() }),
    fail: (value) => void (failing = value),
    publish: (value) => void (form = value),
    sign: ({ claims = {}, kid = current.kid, alg = 'RS256', forged = false } = {}) => {
      const seconds = Math.floor(Date.now() / 1000);
      const usual = {
        iss: ISSUER,
        aud: CLIENT_ID,
        sub: 'google-1',
        email: 'ada@example.com',
        email_verified: true,
        iat: seconds - 10,
        exp: seconds + 3600,
      };
      const text = `${encode({ alg, kid, typ: 'JWT' })}.${encode({ ...usual, ...claims })}`;
      if (alg === 'none') return `${text}.`;
      const { privateKey } = forged ? stranger : current;
      return `${text}.${createSign('RSA-SHA256').update(text).sign(privateKey, 'base64url')}`;
    },
    close: () => new Promise((done) => server.close(() => done())),
  };
}
