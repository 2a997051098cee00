// Nonces for sign-ins with Google: made without a write, good for ten minutes, and good once among all instances.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock, Store } from '../ports.ts';
import { SignInRefused } from './auth-refused.ts';

export interface Nonces {
  make(): Promise<string>;
  /** Uses one up. Rejects with SignInRefused when it is none of ours, too old, or used already. */
  use(nonce: string): Promise<void>;
}

const LIFE_MS = 10 * 60_000;
const SECRET_KEY = { pk: 'config', sk: 'nonce-secret' } as const;

/** The secret all instances share: whoever comes first makes it. */
async function readSecret(store: Store): Promise<string> {
  const { item } = await store.update({
    key: SECRET_KEY,
    guards: [{ attr: 'secret', is: 'absent' }],
    add: {},
    set: { secret: randomBytes(32).toString('base64url') },
    remove: [],
  });
  return String(item?.['secret']);
}

/** Nonces over a store. */
export function createNonces(store: Store, clock: Pick<Clock, 'now'>): Nonces {
  let secret: Promise<string> | null = null;
  const sign = async (text: string): Promise<string> => {
    secret ??= readSecret(store).catch((error: unknown) => {
      secret = null;
      throw error;
    });
    return createHmac('sha256', await secret)
      .update(text)
      .digest('base64url');
  };
  return {
    make: async () => {
      const text = `${clock.now().toString(36)}.${randomBytes(18).toString('base64url')}`;
      return `${text}.${await sign(text)}`;
    },
    use: async (nonce) => {
      const [time = '', random = '', given = ''] = nonce.split('.');
      const wanted = Buffer.from(await sign(`${time}.${random}`));
      const presented = Buffer.from(given);
      const genuine = presented.length === wanted.length && timingSafeEqual(presented, wanted);
      const madeAtMs = Number.parseInt(time, 36);
      if (!genuine || clock.now() - madeAtMs > LIFE_MS) throw new SignInRefused('nonce_unknown');
      const { applied } = await store.update({
        key: { pk: 'nonces', sk: random },
        guards: [{ attr: 'used', is: 'absent' }],
        add: {},
        set: { used: true },
        remove: [],
        expiresAtMs: madeAtMs + 2 * LIFE_MS,
      });
      if (!applied) throw new SignInRefused('nonce_used');
    },
  };
}
