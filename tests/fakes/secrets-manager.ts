// AWS Secrets Manager as its official client sees it: GetSecretValue over HTTP, with faults and a count of calls.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SecretsServer {
  readonly url: string;
  /** Texts by name of the secret; change them as the test goes. */
  readonly secrets: Map<string, string>;
  /** Calls answered so far, faults included. */
  calls: number;
  /** Type of the fault that every call is answered with; null for none. */
  fault: string | null;
  close(): Promise<void>;
}

/** Starts the service on a free port. */
export async function startSecretsServer(secrets: Record<string, string> = {}): Promise<SecretsServer> {
  const answer = (fake: SecretsServer, id: string): { status: number; body: unknown } => {
    if (fake.fault !== null) return { status: 400, body: { __type: fake.fault, Message: 'account 123456789012' } };
    const text = fake.secrets.get(id);
    if (text === undefined) return { status: 400, body: { __type: 'ResourceNotFoundException', Message: id } };
    return { status: 200, body: { ARN: `arn:aws:secretsmanager:::${id}`, Name: id, SecretString: text } };
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      fake.calls++;
      const { SecretId } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { SecretId: string };
      const { status, body } = answer(fake, SecretId);
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const fake: SecretsServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    secrets: new Map(Object.entries(secrets)),
    calls: 0,
    fault: null,
    close: () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(() => done()));
    },
  };
  return fake;
}
