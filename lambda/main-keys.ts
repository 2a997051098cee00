// Picks what wraps the keys of people's secrets: a KMS key where one is named, else a file in the data folder.
import { VaultError, type KeyWrapper } from './ports.ts';

/** A wrapper that is opened by its first use. */
export function createLazyWrapper(open: () => Promise<KeyWrapper>): KeyWrapper {
  let opened: Promise<KeyWrapper> | null = null;
  const get = (): Promise<KeyWrapper> => {
    opened ??= open().catch((error: unknown) => {
      opened = null;
      throw error;
    });
    return opened;
  };
  return {
    wrap: async (plain, context) => (await get()).wrap(plain, context),
    unwrap: async (wrapped, context) => (await get()).unwrap(wrapped, context),
  };
}

/** KMS under this key. `keyId` null: nothing can be kept, and whoever tries is told what to set. */
export async function openKmsWrapper(keyId: string | null): Promise<KeyWrapper> {
  if (keyId === null) {
    throw new VaultError(
      'unavailable',
      'Credentials can be saved once FREEWAY_KMS_KEY_ID names a KMS key that this function may use.',
    );
  }
  const { createKmsWrapper } = await import('./store/kms-wrapper.ts');
  return createKmsWrapper({ keyId });
}
