// Names one request: in the reply, in the log, and in what the caller tells the operator.
import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** `req_` and 24 characters of random, without letters that are easily confused. */
export function newRequestId(): string {
  let id = 'req_';
  for (const byte of randomBytes(24)) id += ALPHABET[byte & 31];
  return id;
}
