// Names one request: in the reply, in the log, and in what the caller tells the operator.
import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const LENGTH = 24;
/** Random bytes are drawn for this many ids at once: asking for them costs more than using them. */
const IDS_AT_ONCE = 256;

/** A source of names: `req_` and 24 characters of random, without letters that are easily confused. */
export function createRequestIds(): () => string {
  let bytes = randomBytes(0);
  let at = 0;
  return () => {
    if (at + LENGTH > bytes.length) {
      bytes = randomBytes(LENGTH * IDS_AT_ONCE);
      at = 0;
    }
    let id = 'req_';
    for (const end = at + LENGTH; at < end; at++) id += ALPHABET[(bytes[at] ?? 0) & 31];
    return id;
  };
}
