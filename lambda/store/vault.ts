// Keeps secrets encrypted: a data key for each person, wrapped by a master key that never touches the store.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { ItemKey } from '#shared/items.ts';
import { VaultError, type KeyWrapper, type Store, type Vault } from '../ports.ts';

export interface VaultOptions {
  readonly store: Store;
  readonly wrapper: KeyWrapper;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** How long an unwrapped data key stays in memory. */
const KEPT_MS = 10 * 60_000;
const MAX_KEPT = 1_000;
const PARTITION = 'vault';
const CHECK = { pk: PARTITION, sk: 'check' } as const;
const CHECK_TEXT = 'freeway';
const VERSION = 'v1';

const dataKeyOf = (personId: string): { pk: string; sk: string } => ({
  pk: PARTITION,
  sk: `key#${encodeURIComponent(personId)}`,
});

/** Text sealed under a key. `identity` is authenticated with it: moved to another item, it can't be opened. */
function seal(key: Uint8Array, identity: string, text: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(Buffer.from(identity));
  const sealed = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${VERSION}.${sealed.toString('base64url')}`;
}

function unseal(key: Uint8Array, identity: string, sealed: string): string {
  const [version, body] = sealed.split('.');
  if (version !== VERSION || body === undefined)
    throw new VaultError(
      'damaged',
      'A secret was written by a newer version of Freeway, or is damaged. Enter it again.',
    );
  const bytes = Buffer.from(body, 'base64url');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES));
    decipher.setAAD(Buffer.from(identity));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    return decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    throw new VaultError('damaged', 'A secret does not belong to where it is kept, or is damaged. Enter it again.');
  }
}

/** Proves that the master key is the one this store was encrypted with, before anything else is opened. */
async function checkMaster({ store, wrapper }: VaultOptions): Promise<void> {
  const item = await store.get(CHECK, true);
  if (item === null) {
    const wrapped = await wrapper.wrap(Buffer.from(CHECK_TEXT), 'check');
    await store.update({
      key: CHECK,
      guards: [{ attr: 'wrapped', is: 'absent' }],
      add: {},
      set: { wrapped },
      remove: [],
    });
    return checkMaster({ store, wrapper, now: Date.now });
  }
  const text = await wrapper.unwrap(String(item['wrapped']), 'check');
  if (Buffer.from(text).toString() !== CHECK_TEXT) throw wrongMaster();
}

const wrongMaster = (): VaultError =>
  new VaultError(
    'wrong_master_key',
    'The master key is not the one these secrets were encrypted with. Put the right key back (the file master-key in the data folder, or the KMS key), and nothing is lost.',
  );

/** Whether what was wrapped is past opening by this wrapper; not that it is away for now. */
const isLost = (error: unknown): boolean =>
  error instanceof VaultError && (error.kind === 'wrong_master_key' || error.kind === 'damaged');

/** Null for what this wrapper can't open; rejects where it is only away for now. */
async function unwrapOrNull(wrapper: KeyWrapper, wrapped: string, context: string): Promise<Uint8Array | null> {
  try {
    return await wrapper.unwrap(wrapped, context);
  } catch (error) {
    if (isLost(error)) return null;
    throw error;
  }
}

/** All that is wrapped by the master key: data keys, and what proves it to be the one. */
async function* listKeys(store: Store): AsyncGenerator<{ readonly key: ItemKey; readonly wrapped: string }> {
  let after: string | undefined;
  do {
    const page = await store.query(PARTITION, after === undefined ? {} : { after });
    for (const { key, item } of page.items) yield { key, wrapped: String(item['wrapped']) };
    after = page.next ?? undefined;
  } while (after !== undefined);
}

const toContext = ({ sk }: ItemKey): string =>
  sk === CHECK.sk ? 'check' : decodeURIComponent(sk.slice('key#'.length));

/**
 * Counts the keys that this wrapper can't open, and with `apply` deletes them and nothing else: where a master key is lost for good, nothing
 * could be kept otherwise. What they had sealed is to be entered again, and no master key that turns up later opens it.
 */
export async function forgetLost(store: Store, wrapper: KeyWrapper, apply: boolean): Promise<number> {
  let count = 0;
  for await (const { key, wrapped } of listKeys(store)) {
    if ((await unwrapOrNull(wrapper, wrapped, toContext(key))) !== null) continue;
    if (apply) await store.delete(key);
    count++;
  }
  return count;
}

interface Kept {
  readonly key: Uint8Array;
  readonly untilMs: number;
}

/** The master key is proven by then: a data key that it does not unwrap is one person's fault, and nobody else's. */
async function unwrapDataKey(wrapper: KeyWrapper, wrapped: unknown, personId: string): Promise<Uint8Array> {
  try {
    return await wrapper.unwrap(String(wrapped), personId);
  } catch (error) {
    if (!isLost(error)) throw error;
    throw new VaultError(
      'damaged_key',
      'The key that opens the secrets of their owner is damaged, or wrapped by another master key. Restore a backup, or run "npm run migrate -- forget-lost-secrets" and enter them again.',
    );
  }
}

/** The data key of a person, made on first use. Two who make it at once end up with the one that was written first. */
async function readDataKey({ store, wrapper }: VaultOptions, personId: string): Promise<Uint8Array> {
  const key = dataKeyOf(personId);
  const known = await store.get(key);
  if (known !== null) return unwrapDataKey(wrapper, known['wrapped'], personId);
  const fresh = randomBytes(KEY_BYTES);
  const wrapped = await wrapper.wrap(fresh, personId);
  const result = await store.update({
    key,
    guards: [{ attr: 'wrapped', is: 'absent' }],
    add: {},
    set: { wrapped },
    remove: [],
  });
  return result.applied ? fresh : unwrapDataKey(wrapper, result.item?.['wrapped'], personId);
}

/** A vault over a store. */
export function createVault(options: VaultOptions): Vault {
  const { store, wrapper, now } = options;
  const kept = new Map<string, Kept>();
  const opening = new Map<string, Promise<Uint8Array>>();
  let checked: Promise<void> | null = null;
  const check = (): Promise<void> => {
    checked ??= checkMaster(options).catch((error: unknown) => {
      checked = null;
      throw error;
    });
    return checked;
  };
  const prepare = async (personId: string): Promise<Uint8Array> => {
    const known = kept.get(personId);
    if (known !== undefined && now() < known.untilMs) return known.key;
    const running = opening.get(personId);
    if (running !== undefined) return running;
    const opened = check()
      .then(() => readDataKey(options, personId))
      .then((key) => {
        const oldest = kept.keys().next();
        if (kept.size >= MAX_KEPT && oldest.done !== true) kept.delete(oldest.value);
        kept.set(personId, { key, untilMs: now() + KEPT_MS });
        return key;
      })
      .finally(() => opening.delete(personId));
    opening.set(personId, opened);
    return opened;
  };
  return {
    check,
    prepare: async (personId) => void (await prepare(personId)),
    seal: async (personId, identity, text) => seal(await prepare(personId), identity, text),
    open: async (personId, identity, sealed) => unseal(await prepare(personId), identity, sealed),
    openNow: (personId, identity, sealed) => {
      const known = kept.get(personId);
      if (known === undefined) throw new VaultError('not_prepared', 'The data key of this person is not at hand.');
      return unseal(known.key, identity, sealed);
    },
    rewrap: async (next) => {
      let count = 0;
      const left: string[] = [];
      await check();
      for await (const { key, wrapped } of listKeys(store)) {
        const context = toContext(key);
        const plain = await unwrapOrNull(wrapper, wrapped, context);
        if (plain === null) left.push(context);
        else {
          await store.put(key, { wrapped: await next.wrap(plain, context) });
          count++;
        }
      }
      return { count, left };
    },
  };
}
