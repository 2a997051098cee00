// The unit of measure, a process of its own: the least that a proxy on node:http does which decides on the model. It parses the body, writes the
// model into it, passes it on and pipes the reply; no keys, no choice, no quotas, no failover.
import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';

const agent = new Agent({ keepAlive: true });
/** As long as the names of the candidates that Freeway has. */
const MODEL = 'bench-model-000';
const upstreamPort = Number(process.env['UPSTREAM_PORT']);

function forward(body: Buffer, asked: IncomingMessage, reply: ServerResponse): void {
  const upstream = request(
    {
      agent,
      host: '127.0.0.1',
      port: upstreamPort,
      method: 'POST',
      path: asked.url,
      headers: { 'content-type': 'application/json', 'content-length': body.length },
    },
    (answer) => {
      reply.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(reply);
    },
  );
  upstream.on('error', () => reply.destroy());
  upstream.end(body);
}

function handle(asked: IncomingMessage, reply: ServerResponse): void {
  const pieces: Buffer[] = [];
  asked.on('data', (piece: Buffer) => pieces.push(piece));
  asked.on('end', () => {
    let body: Buffer;
    try {
      const question = JSON.parse(Buffer.concat(pieces).toString('utf8')) as object;
      body = Buffer.from(JSON.stringify({ ...question, model: MODEL }));
    } catch {
      reply.writeHead(400).end();
      return;
    }
    forward(body, asked, reply);
  });
}

const server = createServer(handle);
server.keepAliveTimeout = 60_000;
server.listen(Number(process.env['PORT']), '127.0.0.1', 1024);
