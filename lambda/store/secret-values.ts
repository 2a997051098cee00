// Reads secrets of AWS Secrets Manager whose text is a JSON object of names and values, and keeps them for five minutes.
import type { Log } from '../ports-telemetry.ts';
import { SecretUnavailable, type SecretValues } from '../ports.ts';
import { toAwsOptions } from './aws-environment.ts';
import { createAwsClient, type AwsClient, type AwsClientOptions, type AwsService } from './aws-json.ts';

export interface SecretValuesOptions {
  /** Default: region, credentials and endpoint of the environment (AWS_ENDPOINT_URL_SECRETS_MANAGER included). */
  readonly service?: AwsClientOptions;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Told once, and again with another reason, that an older value stands in for one that could not be read; and when that is over. */
  readonly log: Log;
}

/** How old a value may be before it is read again. */
const FRESH_MS = 5 * 60_000;
/** After a failure the older value is good for so long before the next try. */
const RETRY_MS = 30_000;

interface Kept {
  readonly values: Readonly<Record<string, string>>;
  /** When they were asked for last, and for how long that need not be done again. */
  readonly askedAtMs: number;
  readonly restMs: number;
  /** Why they are older than they should be; null: they are not. */
  readonly fault: string | null;
}

/** All tries together. */
const PATIENCE_MS = 5_000;

const secretsManager: AwsService = {
  name: 'secretsmanager',
  api: 'secretsmanager',
  contentType: 'application/x-amz-json-1.1',
  requestMs: 2_000,
  connectMs: 1_000,
};

/** What the network says, or AWS. */
const toName = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : error.name);

/** Advice by the kind of fault. Messages of AWS are not repeated: they carry account numbers and roles. */
function toUnavailable(error: unknown, id: string): SecretUnavailable {
  if (error instanceof SecretUnavailable) return error;
  const name = error instanceof Error ? toName(error) : 'unknown fault';
  const hint =
    name === 'ResourceNotFoundException'
      ? 'There is no such secret in this region.'
      : /AccessDenied|UnrecognizedClient|CredentialsProvider|ExpiredToken/.test(name)
        ? 'Allow the role secretsmanager:GetSecretValue on it, and kms:Decrypt on its key.'
        : 'Check that AWS can be reached from here: AWS_REGION, credentials, network.';
  return new SecretUnavailable(`The secret "${id}" could not be read (${name}). ${hint}`);
}

/** Names and values of a secret's text. Lists and objects stay JSON, as the variables that hold such are written; what is null is left out. */
function parseValues(text: unknown, id: string): Record<string, string> {
  let json: unknown;
  try {
    json = JSON.parse(typeof text === 'string' ? text : '');
  } catch {
    json = null;
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new SecretUnavailable(`The secret "${id}" must be a JSON object, such as {"NAME_OF_A_KEY": "value"}.`);
  return Object.fromEntries(
    Object.entries(json)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : String(value)]),
  );
}

/** A reader with a memory of its own. When a secret can't be read again, the value known last goes on being used. */
export function createSecretValues({ service, now, log }: SecretValuesOptions): SecretValues {
  let client: AwsClient | undefined;
  const kept = new Map<string, Kept>();
  const underWay = new Map<string, Promise<Kept['values']>>();
  const fetchValues = async (id: string): Promise<Kept['values']> => {
    try {
      const options = service ?? toAwsOptions(secretsManager.name, 'AWS_ENDPOINT_URL_SECRETS_MANAGER', process.env);
      client ??= createAwsClient(secretsManager, options);
      const reply = await client.ask('GetSecretValue', { SecretId: id }, AbortSignal.timeout(PATIENCE_MS));
      const values = parseValues(reply['SecretString'], id);
      if ((kept.get(id)?.fault ?? null) !== null) log.info('secret.fresh', { what: id });
      kept.set(id, { values, askedAtMs: now(), restMs: FRESH_MS, fault: null });
      return values;
    } catch (error) {
      const fault = toUnavailable(error, id);
      const older = kept.get(id);
      if (older === undefined) throw fault;
      if (older.fault !== fault.message) log.warn('secret.stale', { error: fault.message });
      kept.set(id, { values: older.values, askedAtMs: now(), restMs: RETRY_MS, fault: fault.message });
      return older.values;
    }
  };
  return {
    read: (id) => {
      const known = kept.get(id);
      // Where the clock was set back, they seem to have been asked for ahead of time.
      if (known !== undefined && Math.abs(now() - known.askedAtMs) < known.restMs) return Promise.resolve(known.values);
      const running = underWay.get(id);
      if (running !== undefined) return running;
      const started = fetchValues(id).finally(() => underWay.delete(id));
      underWay.set(id, started);
      return started;
    },
  };
}
