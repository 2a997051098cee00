// Signatures of AWS over whole requests, by access keys or by the role we run under.
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import type { UpstreamCall } from '../ports.ts';
import { SigningError, type Signer } from './authorize.ts';
import { toWhole } from './own-body.ts';

const REGION = /[.-]([a-z]{2}(?:-[a-z]+)+-\d)\./;

export interface AwsInput {
  /** `accessKeyId:secretAccessKey`, with `:sessionToken` behind it where it is temporary, or `role`. */
  readonly key: string;
  readonly service: string;
  /** Holds the region. */
  readonly baseUrl: string;
}

/** A signer for calls below the base URL. */
export function createAwsSigner({ key, service, baseUrl }: AwsInput): Signer {
  const region = REGION.exec(baseUrl)?.[1] ?? 'us-east-1';
  const [accessKeyId = '', secretAccessKey = '', sessionToken] = key.split(':');
  const fixed = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  const credentials = key === 'role' ? defaultProvider() : fixed;
  const signer = new SignatureV4({ credentials, region, service, sha256: Sha256 });
  return async (call, { clock }) => {
    const url = new URL(call.url);
    const request = {
      method: call.method,
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port === '' ? {} : { port: Number(url.port) }),
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { ...call.headers, host: url.host },
      body: toWhole(call.body) ?? undefined,
    };
    const signed = await signer.sign(request, { signingDate: new Date(clock.now()) }).catch(() => {
      throw new SigningError('The call could not be signed. Check the access keys, or the role this runs under.');
    });
    const { host: _, ...headers } = signed.headers;
    return { ...call, headers } satisfies UpstreamCall;
  };
}
