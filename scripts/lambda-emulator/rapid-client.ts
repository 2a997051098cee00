// The three calls that the official runtime client expects of its native addon, over node:http.
import { Agent, request, type IncomingHttpHeaders } from 'node:http';

interface Received {
  readonly bodyJson: string;
  readonly headers: IncomingHttpHeaders;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

interface Message {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function send({ method, path, body = '', headers = {} }: Message): Promise<Received> {
  return new Promise((resolve, reject) => {
    const [host, port] = (process.env['AWS_LAMBDA_RUNTIME_API'] ?? '').split(':');
    const target = { method, host, port, path: `/2018-06-01/runtime/invocation/${path}`, headers, agent };
    const outgoing = request(target, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ bodyJson: text, headers: response.headers }));
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

// The addon reports synchronously; the next invocation waits here for the report instead.
const reports: Promise<unknown>[] = [];

export async function next(): Promise<Received> {
  await Promise.all(reports.splice(0));
  return send({ method: 'GET', path: 'next' });
}

export function done(id: string, body: string): void {
  reports.push(send({ method: 'POST', path: `${id}/response`, body, headers: JSON_TYPE }));
}

export function error(id: string, body: string, xray: string): void {
  const type = (JSON.parse(body) as { errorType?: string }).errorType ?? 'Error';
  const headers = {
    ...JSON_TYPE,
    'lambda-runtime-function-error-type': type,
    'lambda-runtime-function-xray-error-cause': xray,
  };
  reports.push(send({ method: 'POST', path: `${id}/error`, body, headers }));
}
