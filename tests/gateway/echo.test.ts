// Keys in error messages: left out however they are quoted, and what is no key stays.
import { expect, it } from 'vitest';
import { withoutKeys } from '#lambda/gateway/echo.ts';

const bearer = { authorization: 'Bearer key-1234567890', accept: 'application/json' };
const signed = {
  authorization: 'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122, SignedHeaders=host, Signature=abcdef',
  'x-amz-security-token': 'session-token-1',
};

it.each([
  ['Incorrect key key-1234567890.', bearer, 'Incorrect key ***.'],
  ['Not accepted: Bearer key-1234567890', bearer, 'Not accepted: ***'],
  ['Not accepted: Bearer key-123456…', bearer, 'Not accepted: Bearer ***…'],
  ['Not accepted: key-1234', bearer, 'Not accepted: ***'],
  ['No route for /v1?key=ab%2Fcd%2B12%3D%3D.', { 'api-key': 'ab/cd+12==' }, 'No route for /v1?key=***.'],
  ['The header must begin with Bearer', bearer, 'The header must begin with Bearer'],
  ['The token session-token-1 has expired.', signed, 'The token *** has expired.'],
  ['The algorithm must be AWS4-HMAC-SHA256', signed, 'The algorithm must be AWS4-HMAC-SHA256'],
])('%s', (message, headers, shown) => {
  expect(withoutKeys(message, headers, null)).toBe(shown);
});
