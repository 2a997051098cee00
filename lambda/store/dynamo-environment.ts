// Where DynamoDB is and as whom we ask it, by the standard variables of AWS; what these leave open, the SDK finds.
import { StoreUnavailable } from '../ports.ts';
import { createTableClient, type TableClient } from './dynamo-client.ts';
import type { AwsCredentials } from './dynamo-signature.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Credentials that stand in the environment, as they do on Lambda; null where others must be looked for. */
function readCredentials(env: Environment): AwsCredentials | null {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  // A profile that is named is meant before them.
  if (!accessKeyId || !secretAccessKey || env['AWS_PROFILE']) return null;
  return { accessKeyId, secretAccessKey, sessionToken: env['AWS_SESSION_TOKEN'] || undefined };
}

/** Loaded only where it is needed: roles of machines and containers, single sign-on, profiles. Renews what expires. */
function findCredentials(): () => Promise<AwsCredentials> {
  let provider: Promise<() => Promise<AwsCredentials>> | null = null;
  return async () => {
    provider ??= import('@aws-sdk/credential-provider-node').then(({ defaultProvider }) => defaultProvider());
    return (await provider)();
  };
}

const toEndpoint = (region: string): string =>
  `https://dynamodb.${region}.${region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'}`;

/** A client for the table service of the environment. Throws StoreUnavailable when nothing says where that is. */
export function openTableClient(env: Environment = process.env): TableClient {
  const named = env['AWS_REGION'] || env['AWS_DEFAULT_REGION'];
  const given = env['AWS_ENDPOINT_URL_DYNAMODB'] || env['AWS_ENDPOINT_URL'];
  if (!named && !given) throw new StoreUnavailable('Nothing says where the DynamoDB table is. Set AWS_REGION.');
  // An engine of one's own has no regions, but signatures name one.
  const region = named || 'us-east-1';
  const endpoint = given || toEndpoint(region);
  const fixed = readCredentials(env);
  return createTableClient({
    endpoint,
    region,
    credentials: fixed === null ? findCredentials() : () => Promise.resolve(fixed),
  });
}
