// Whatever stands in the headers by which people are known, nobody comes in by it, and nothing breaks.
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { readSessionCookie, toSessionCookie } from '#lambda/http/auth-cookies.ts';
import { createHouse } from './house.ts';

beforeAll(() => Promise.all([import('#lambda/endpoints/api/app.ts'), import('#lambda/deps-sign-in.ts')]));

const GOOGLE = { GOOGLE_CLIENT_ID: 'client', GOOGLE_CERTS_URL: 'http://127.0.0.1:1/certs' };
const base64 = fc.string({ unit: fc.constantFrom(...'abcXYZ019_-') });
const part = fc.oneof(
  base64,
  fc.json().map((text) => Buffer.from(text).toString('base64url')),
);
const secret = fc.oneof(
  fc.string(),
  fc.tuple(fc.constantFrom('fwy_', 'fws_', 'fws_owner.', 'eyJ', ''), base64).map((parts) => parts.join('')),
  fc.tuple(part, part, part).map((parts) => parts.join('.')),
);
const clean = (text: string): string => text.replace(/[^\x20-\x7e]/g, '');

describe('hostile headers', () => {
  it('let nobody in', async () => {
    const allowed = new Set([401, 403, 429, 503]);
    await fc.assert(
      fc.asyncProperty(
        secret.map(clean),
        fc.constantFrom('authorization', 'bare', 'x-api-key', 'x-goog-api-key', 'fw', '__Host-fw'),
        fc.constantFrom(undefined, 'null', 'https://evil.example', 'not a url'),
        async (text, where, origin) => {
          const house = await createHouse({ env: GOOGLE });
          const cookie = where === 'fw' || where === '__Host-fw';
          const header = cookie ? 'cookie' : where === 'bare' ? 'authorization' : where;
          const value = cookie ? `a=b; ${where}=${text}; =; ;c` : where === 'authorization' ? `Bearer ${text}` : text;
          const headers = { [header]: value, ...(origin === undefined ? {} : { origin }) };
          for (const line of ['GET /v1/models', 'DELETE /api/sessions', 'GET /api/key'])
            expect(allowed).toContain((await house.ask(line, { headers })).status);
          const state = await house.ask('GET /api/session', { headers });
          expect([state.status, state.json['person']]).toEqual([200, null]);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('paths and queries are no way in either', async () => {
    const house = await createHouse();
    for (const path of [
      '/api/../metrics',
      '/api//keys',
      '/api/keys%2f..',
      '/API/keys',
      '/api/keys/',
      '/v1/models/',
      '/api/',
    ])
      expect([401, 404]).toContain((await house.ask(`GET ${path}`)).status);
  });
});

describe('the cookie', () => {
  it('is read back under either name, and bound to HTTPS where that is all there is', () => {
    for (const always of [true, false]) {
      const cookie = toSessionCookie('fws_a.b', 60, { headers: {}, always });
      expect(cookie.startsWith('__Host-')).toBe(always);
      expect(cookie.includes('; Secure')).toBe(always);
      expect(readSessionCookie({ cookie: `x=1; ${cookie.split(';')[0]}` }, always)).toBe('fws_a.b');
    }
    expect(readSessionCookie({ cookie: 'xfw=1; fwx=2' }, false)).toBeNull();
  });
});
