// Recordings in an S3 bucket: parts go there directly by presigned URLs, and are read back by ranges. Its lifecycle deletes them.
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import { MAX_RECORDING_BYTES } from '#shared/recording-limits.ts';
import { StoreUnavailable, type Headers } from '../ports.ts';
import { RecordingGone, type Recordings } from '../ports-transcription.ts';
import { toParts, toSlices, type Part, type Slice } from './recording-parts.ts';

export interface BucketOptions {
  readonly region: string;
  /** What the names of objects follow, without a slash at its end. */
  readonly baseUrl: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

type Method = 'GET' | 'HEAD' | 'PUT' | 'DELETE';
interface Signed {
  readonly method: Method;
  readonly url: string;
  /** Sent and signed. */
  readonly headers?: Headers;
  readonly seconds: number;
}

/** Our own calls are made at once. */
const OWN_SECONDS = 60;
const TIMEOUT_MS = 30_000;
/** Times a read is tried: buckets ask for patience now and then. */
const TRIES = 3;
const MAX_SIGNED_SECONDS = 7 * 86_400;

function createPresign({ region, now }: BucketOptions): (call: Signed) => Promise<string> {
  const signer = new SignatureV4({
    credentials: defaultProvider(),
    region,
    service: 's3',
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
  return async ({ method, url, headers = {}, seconds }) => {
    const { protocol, hostname, port, pathname, host } = new URL(url);
    const signed = await signer.presign(
      {
        method,
        protocol,
        hostname,
        ...(port === '' ? {} : { port: Number(port) }),
        path: pathname,
        query: {},
        // The content is not signed: it is not known before it is sent.
        headers: { ...headers, host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
      },
      { expiresIn: Math.min(seconds, MAX_SIGNED_SECONDS), signingDate: new Date(now()) },
    );
    const query = new URLSearchParams(signed.query as Record<string, string>);
    return `${url}?${query.toString().replaceAll('+', '%20')}`;
  };
}

/** Recordings in a bucket. */
export function createBucketRecordings(options: BucketOptions): Recordings {
  const { baseUrl, now } = options;
  const presign = createPresign(options);
  const urlOf = (id: string, number: number): string => `${baseUrl}/uploads/${id}/${number}`;
  const call = async (method: Method, url: string, headers: Headers = {}): Promise<Response> => {
    const signed = await presign({ method, url, seconds: OWN_SECONDS });
    return fetch(signed, { method, headers, signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(() => {
      throw new StoreUnavailable('The bucket of recordings can not be reached. It will be tried again.');
    });
  };
  const readOnce = async (id: string, { number, start, end }: Slice): Promise<Uint8Array | null> => {
    const reply = await call('GET', urlOf(id, number), { range: `bytes=${start}-${end - 1}` });
    // Without the right to list, what is not there looks like what may not be read.
    if (reply.status === 404 || reply.status === 403)
      throw new RecordingGone('The recording is no longer there. Upload it again.');
    return reply.ok ? new Uint8Array(await reply.arrayBuffer()) : null;
  };
  const readSlice = async (id: string, slice: Slice): Promise<Uint8Array> => {
    for (let tries = 0; tries < TRIES; tries++) {
      const bytes = await readOnce(id, slice);
      if (bytes !== null) return bytes;
    }
    throw new StoreUnavailable('The bucket of recordings does not answer as it should. It will be tried again.');
  };
  const has = async (id: string, { number, bytes }: Part): Promise<boolean> => {
    const reply = await call('HEAD', urlOf(id, number));
    return reply.ok && Number(reply.headers.get('content-length')) === bytes;
  };
  return {
    maxBytes: MAX_RECORDING_BYTES,
    missing: async (recording, untilMs) => {
      const parts = toParts(recording);
      const here = await Promise.all(parts.map((part) => has(recording.id, part)));
      const seconds = Math.max(1, Math.floor((untilMs - now()) / 1_000));
      const toSlot = async (part: Part) => ({
        ...part,
        // The length is signed, so that nobody can put anything larger there.
        url: await presign({
          method: 'PUT',
          url: urlOf(recording.id, part.number),
          headers: { 'content-length': String(part.bytes) },
          seconds,
        }),
      });
      return Promise.all(parts.filter((_, index) => !here[index]).map(toSlot));
    },
    read: async (recording, start, end) => {
      const slices = toSlices(recording, start, end);
      const read = await Promise.all(slices.map((slice) => readSlice(recording.id, slice)));
      return read.length === 1 && read[0] ? read[0] : Buffer.concat(read);
    },
    remove: async (recording) => {
      await Promise.all(toParts(recording).map(({ number }) => call('DELETE', urlOf(recording.id, number))));
    },
    intake: null,
  };
}
