// Where a service of AWS is and as whom we ask it, by the standard variables of AWS; what these leave open, the SDK finds.
import { loadOnce } from '#shared/load-once.ts';
import { StoreUnavailable } from '../ports.ts';
import type { AwsClientOptions } from './aws-json.ts';
import type { AwsCredentials } from './aws-signature.ts';

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
  const load = loadOnce(async () => (await import('@aws-sdk/credential-provider-node')).defaultProvider());
  return async () => (await load())();
}

const toEndpoint = (service: string, region: string): string =>
  `https://${service}.${region}.${region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'}`;

/** How to ask a service, whose own endpoint the `variable` may name. Throws StoreUnavailable when nothing says where it is. */
export function toAwsOptions(service: string, variable: string, env: Environment): AwsClientOptions {
  const named = env['AWS_REGION'] || env['AWS_DEFAULT_REGION'];
  const given = env[variable] || env['AWS_ENDPOINT_URL'];
  if (!named && !given) throw new StoreUnavailable(`Nothing says where ${service} of AWS is. Set AWS_REGION.`);
  // A service of one's own has no regions, but signatures name one.
  const region = named || 'us-east-1';
  const fixed = readCredentials(env);
  return {
    endpoint: given || toEndpoint(service, region),
    region,
    credentials: fixed === null ? findCredentials() : () => Promise.resolve(fixed),
  };
}
