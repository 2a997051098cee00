// Master keys on one machine: a file of one key a line, the first for writing, all of them for reading.
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { VaultError, type KeyWrapper } from '../ports.ts';
import { makeOnce } from './new-file.ts';

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Names a key without telling anything of it. */
const nameOf = (key: Uint8Array): string =>
  createHash('sha256').update('freeway master key').update(key).digest('hex').slice(0, 8);

function parseKeys(text: string): Buffer[] {
  const keys = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => Buffer.from(line, 'base64'));
  if (keys.length > 0 && keys.every((key) => key.length === KEY_BYTES)) return keys;
  throw new VaultError('wrong_master_key', 'The file master-key must hold keys of 32 bytes in base64, one in a line.');
}

/** Wraps by AES-256-GCM under the first of these keys. `reread` is asked when something is wrapped by a key that is not among them: it may have been changed meanwhile. */
export function createKeyFileWrapper(keys: readonly Uint8Array[], reread?: () => readonly Uint8Array[]): KeyWrapper {
  const byName = new Map(keys.map((key) => [nameOf(key), key]));
  const first = keys[0];
  if (first === undefined) throw new VaultError('wrong_master_key', 'There is no master key.');
  return {
    wrap: (plain, context) => {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', first, iv).setAAD(Buffer.from(context));
      const body = Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
      return Promise.resolve(`${nameOf(first)}.${body.toString('base64url')}`);
    },
    unwrap: async (wrapped, context) => {
      const [name = '', body = ''] = wrapped.split('.');
      if (!byName.has(name)) for (const fresh of reread?.() ?? []) byName.set(nameOf(fresh), fresh);
      const key = byName.get(name);
      const bytes = Buffer.from(body, 'base64url');
      if (key === undefined || bytes.length < IV_BYTES + TAG_BYTES)
        throw new VaultError(
          'wrong_master_key',
          `The master key is not the one these secrets were encrypted with (they need the key ${name}). Put the right file master-key back into the data folder, and nothing is lost. If it is gone for good, run "npm run migrate -- forget-lost-secrets" and enter the secrets again.`,
        );
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES)).setAAD(Buffer.from(context));
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      try {
        return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
      } catch {
        throw new VaultError('damaged', 'What the master key has wrapped is damaged, or belongs elsewhere.');
      }
    },
  };
}

const write = (path: string, keys: readonly Uint8Array[]): void => {
  const text = keys.map((key) => `${Buffer.from(key).toString('base64')}\n`).join('');
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
};

function readFile(path: string): string {
  try {
    makeOnce(path, `${randomBytes(KEY_BYTES).toString('base64')}\n`);
    chmodSync(path, 0o600);
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown reason';
    throw new VaultError('unavailable', `The file master-key can't be used: ${reason}. It will be tried again.`);
  }
}

/** The keys of the file, which is made with a fresh key when it is not there; nobody else may read it. Throws VaultError. */
export const readMasterKeys = (path: string): Buffer[] => parseKeys(readFile(path));

/** Puts a fresh key before the others. Everything stays readable; what is wrapped from now on is wrapped by it. */
export function addMasterKey(path: string): Buffer[] {
  const keys = [randomBytes(KEY_BYTES), ...readMasterKeys(path)];
  write(path, keys);
  return keys;
}

/** Forgets all keys but the first, once nothing is wrapped by them any more. */
export function forgetOlderKeys(path: string): void {
  write(path, readMasterKeys(path).slice(0, 1));
}
