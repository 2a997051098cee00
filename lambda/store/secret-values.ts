// Reads secrets of AWS Secrets Manager whose text is a JSON object of names and values, and keeps them for five minutes.
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SecretUnavailable, type SecretValues } from '../ports.ts';

export interface SecretValuesOptions {
  /** Default: region, credentials and endpoint as the SDK finds them (AWS_ENDPOINT_URL_SECRETS_MANAGER included). */
  readonly client?: SecretsManagerClient;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Told when an older value stands in for one that could not be read. */
  readonly onStale?: (error: SecretUnavailable) => void;
}

/** How old a value may be before it is read again. */
const FRESH_MS = 5 * 60_000;
/** After a failure the older value is good for so long before the next try. */
const RETRY_MS = 30_000;

interface Kept {
  readonly values: Readonly<Record<string, string>>;
  readonly freshUntilMs: number;
}

function createClient(): SecretsManagerClient {
  return new SecretsManagerClient({
    maxAttempts: 2,
    requestHandler: { requestTimeout: 2_000, connectionTimeout: 1_000, throwOnRequestTimeout: true },
  });
}

/** Advice by the kind of fault. Messages of AWS are not repeated: they carry account numbers and roles. */
function toUnavailable(error: unknown, id: string): SecretUnavailable {
  if (error instanceof SecretUnavailable) return error;
  const name = error instanceof Error ? error.name : 'unknown fault';
  const hint =
    name === 'ResourceNotFoundException'
      ? 'There is no such secret in this region.'
      : /AccessDenied|UnrecognizedClient|CredentialsProvider|ExpiredToken/.test(name)
        ? 'Allow the role secretsmanager:GetSecretValue on it, and kms:Decrypt on its key.'
        : 'It will be tried again.';
  return new SecretUnavailable(`The secret "${id}" could not be read (${name}). ${hint}`);
}

/** Names and values of a secret's text; what is neither text, number nor truth value is left out. */
function parseValues(text: string | undefined, id: string): Record<string, string> {
  let json: unknown;
  try {
    json = JSON.parse(text ?? '');
  } catch {
    json = null;
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new SecretUnavailable(`The secret "${id}" must be a JSON object, such as {"NAME_OF_A_KEY": "value"}.`);
  return Object.fromEntries(
    Object.entries(json)
      .filter(([, value]) => typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      .map(([name, value]) => [name, String(value)]),
  );
}

/** A reader with a memory of its own. When a secret can't be read again, the value known last goes on being used. */
export function createSecretValues({ client, now, onStale }: SecretValuesOptions): SecretValues {
  let opened: SecretsManagerClient | undefined = client;
  const kept = new Map<string, Kept>();
  const underWay = new Map<string, Promise<Kept['values']>>();
  const fetchValues = async (id: string): Promise<Kept['values']> => {
    opened ??= createClient();
    try {
      const { SecretString } = await opened.send(new GetSecretValueCommand({ SecretId: id }));
      const values = parseValues(SecretString, id);
      kept.set(id, { values, freshUntilMs: now() + FRESH_MS });
      return values;
    } catch (error) {
      const fault = toUnavailable(error, id);
      const older = kept.get(id);
      if (older === undefined) throw fault;
      onStale?.(fault);
      kept.set(id, { values: older.values, freshUntilMs: now() + RETRY_MS });
      return older.values;
    }
  };
  return {
    read: (id) => {
      const known = kept.get(id);
      if (known !== undefined && now() < known.freshUntilMs) return Promise.resolve(known.values);
      const running = underWay.get(id);
      if (running !== undefined) return running;
      const started = fetchValues(id).finally(() => underWay.delete(id));
      underWay.set(id, started);
      return started;
    },
  };
}
