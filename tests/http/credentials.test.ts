// How a caller's key is read and compared, and what request ids look like.
import { describe, expect, it } from 'vitest';
import { createKeyCheck, readBearer } from '#lambda/http/auth-headers.ts';
import { createRequestIds } from '#lambda/http/request-id.ts';

const newRequestId = createRequestIds();

describe('readBearer', () => {
  it.each([
    [{ authorization: 'Bearer abc' }, 'abc'],
    [{ authorization: 'bearer   abc  ' }, 'abc'],
    [{ 'x-api-key': 'abc' }, 'abc'],
    [{ 'x-goog-api-key': 'abc' }, 'abc'],
    [{ 'api-key': 'abc' }, 'abc'],
    [{ 'x-portkey-api-key': 'abc' }, 'abc'],
    [{ 'x-portkey-api-key': 'def', 'api-key': '', authorization: 'Bearer abc' }, 'abc'],
    [{ authorization: 'Bearer one', 'x-api-key': 'two' }, 'one'],
    [{ authorization: 'Basic dTpw', 'x-api-key': 'two' }, 'two'],
    [{ authorization: 'Bearer a b' }, null],
    [{ authorization: 'Bearer ' }, null],
    [{ authorization: 'abc' }, null],
    [{ 'x-api-key': '' }, null],
    [{}, null],
  ] as const)('%j is %s', (headers, expected) => expect(readBearer(headers)).toBe(expected));
});

describe('createKeyCheck', () => {
  const check = createKeyCheck('the-right-key');
  it.each([
    [{ authorization: 'Bearer the-right-key' }, true],
    [{ 'x-api-key': 'the-right-key' }, true],
    [{ authorization: 'Bearer the-right-keY' }, false],
    [{ authorization: 'Bearer the-right-key-and-more' }, false],
    [{ authorization: 'Bearer the' }, false],
    [{ 'x-api-key': '' }, false],
    [{}, false],
  ] as const)('%j is %s', (headers, expected) => expect(check(headers)).toBe(expected));
});

describe('newRequestId', () => {
  it('is long, unambiguous and never the same', () => {
    const ids = Array.from({ length: 2_000 }, newRequestId);
    expect(new Set(ids).size).toBe(2_000);
    for (const id of ids) expect(id).toMatch(/^req_[0-9a-hjkmnp-tv-z]{24}$/);
    expect(new Set(ids.join('')).size).toBeGreaterThanOrEqual(32);
  });
});
