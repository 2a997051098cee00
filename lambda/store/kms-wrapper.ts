// Master key in AWS KMS: it wraps and unwraps data keys there, and never leaves it.
import { DecryptCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { VaultError, type KeyWrapper } from '../ports.ts';

export interface KmsOptions {
  readonly keyId: string;
  /** Default: region, credentials and endpoint as the SDK finds them (AWS_ENDPOINT_URL_KMS included). */
  readonly client?: KMSClient;
}

/** Advice by the kind of fault, without the names that messages of AWS carry. */
function toFault(error: unknown): VaultError {
  const name = error instanceof Error ? error.name : 'unknown fault';
  if (/InvalidCiphertext|IncorrectKey|NotFound/.test(name))
    return new VaultError(
      'wrong_master_key',
      `The KMS key can't open what is stored (${name}): it is another key than the one these secrets were encrypted with. Name the right one in FREEWAY_KMS_KEY_ID, and nothing is lost.`,
    );
  return new VaultError(
    'unavailable',
    `The KMS key can't be used (${name}). Allow the role kms:Encrypt and kms:Decrypt on it; it will be tried again.`,
  );
}

/** Wraps under one KMS key; the context is authenticated with it, and shown in the trail of KMS. */
export function createKmsWrapper({ keyId, client = new KMSClient({}) }: KmsOptions): KeyWrapper {
  const contextOf = (context: string): Record<string, string> => ({ app: 'freeway', person: context });
  return {
    wrap: async (plain, context) => {
      const command = new EncryptCommand({ KeyId: keyId, Plaintext: plain, EncryptionContext: contextOf(context) });
      const { CiphertextBlob } = await client.send(command).catch((error: unknown) => {
        throw toFault(error);
      });
      return Buffer.from(CiphertextBlob ?? []).toString('base64url');
    },
    unwrap: async (wrapped, context) => {
      const CiphertextBlob = Buffer.from(wrapped, 'base64url');
      const command = new DecryptCommand({ KeyId: keyId, CiphertextBlob, EncryptionContext: contextOf(context) });
      const { Plaintext } = await client.send(command).catch((error: unknown) => {
        throw toFault(error);
      });
      return Plaintext ?? new Uint8Array();
    },
  };
}
