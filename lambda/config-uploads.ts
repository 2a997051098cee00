// Where recordings wait that are too large for one request: a bucket, when one is named.
import { ConfigError, type Environment } from './config-input.ts';

export interface UploadsConfig {
  readonly bucket: string;
  readonly region: string;
  /** What the names of objects follow, without a slash at its end. */
  readonly baseUrl: string;
}

/** Reads FREEWAY_UPLOADS_BUCKET, with the region and the endpoint by the standard variables of AWS. null: there is no bucket. */
export function readUploads(env: Environment): UploadsConfig | null {
  const bucket = env['FREEWAY_UPLOADS_BUCKET']?.trim();
  if (!bucket) return null;
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    throw new ConfigError(`FREEWAY_UPLOADS_BUCKET is "${bucket}", which is no name of a bucket.`);
  const region = env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || 'us-east-1';
  const endpoint = env['AWS_ENDPOINT_URL_S3']?.trim().replace(/\/$/, '');
  if (endpoint && !/^https?:$/.test(URL.parse(endpoint)?.protocol ?? ''))
    throw new ConfigError('AWS_ENDPOINT_URL_S3 must be an http or https URL, such as http://127.0.0.1:9000.');
  return {
    bucket,
    region,
    baseUrl: endpoint ? `${endpoint}/${bucket}` : `https://${bucket}.s3.${region}.amazonaws.com`,
  };
}

/** Where the web app may send recordings to besides us. What is wrong there is told by whoever starts the app, to every caller. */
export function toUploadsUrl(env: Environment): string | undefined {
  try {
    return readUploads(env)?.baseUrl;
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}
