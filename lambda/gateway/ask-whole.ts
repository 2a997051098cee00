// Asks a provider for something small and reads the whole reply: model lists and tests of credentials, not the hot path.
import { UpstreamError, type Headers, type Upstream, type UpstreamCall } from '../ports.ts';
import type { HttpReply } from '../wire/types.ts';

/** Replies larger than this are cut: no list of models is. */
const MAX_BYTES = 8 * 1024 * 1024;

/** The reply, whatever its status. Rejects with UpstreamError. */
export function askWhole(upstream: Upstream, call: UpstreamCall): Promise<HttpReply> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    let head: { readonly status: number; readonly headers: Headers } | null = null;
    const done = (): void => {
      if (head === null)
        return reject(new UpstreamError('network', 'the provider closed the connection without a reply', true));
      resolve({ ...head, body: Buffer.concat(chunks).toString('utf8') });
    };
    const handle = upstream.start(call, {
      onHead: (status, headers) => {
        head = { status, headers };
      },
      onData: (chunk) => {
        size += chunk.length;
        if (size > MAX_BYTES) return handle.abort();
        chunks.push(Uint8Array.from(chunk));
      },
      onEnd: done,
      onError: (error) => reject(error),
    });
  });
}
