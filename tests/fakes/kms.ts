// AWS KMS as its official client sees it: Encrypt and Decrypt over HTTP, until it refuses.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface KmsServer {
  readonly url: string;
  /** From now on every call is denied. */
  refuse(): void;
  close(): Promise<void>;
}

/** Starts the service on a free port. It wraps by handing back what it is given. */
export async function startKms(): Promise<KmsServer> {
  let refuses = false;
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += String(chunk)));
    request.on('end', () => {
      const { Plaintext, CiphertextBlob } = JSON.parse(text) as Record<string, string>;
      const head = { 'content-type': 'application/x-amz-json-1.1' };
      if (refuses) {
        const message = 'arn:aws:iam::123456789012:role/canary-role is not authorized';
        response.writeHead(400, head).end(JSON.stringify({ __type: 'AccessDeniedException', message }));
        return;
      }
      response
        .writeHead(200, head)
        .end(JSON.stringify(Plaintext === undefined ? { Plaintext: CiphertextBlob } : { CiphertextBlob: Plaintext }));
    });
  });
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refuse: () => {
      refuses = true;
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(() => done()));
    },
  };
}
