// How long the Lambda function takes to initialise under the official runtime client, over a function that does nothing: what a cold start costs.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleLambda } from '../lambda-bundle.ts';
import { startInstance } from '../lambda-emulator/instance.ts';
import { readCpuUs, readRssMb } from './cpu.ts';
import { toEntries } from './fleet.ts';
import { median } from './stats.ts';
import { makeFolder } from '../temporary.ts';

/** One function's figures, medians. */
export interface Init {
  readonly ms: number;
  /** Processor time of the process; null where the system does not tell. */
  readonly cpuMs: number | null;
  readonly rssMb: number | null;
}

export interface Inits {
  readonly runs: number;
  readonly nothing: Init;
  readonly freeway: Init;
  /** Freeway over the function that does nothing, median of the pairs. */
  readonly addedMs: number;
}

/** As an author would write the least. */
const NOTHING = `export const handler = awslambda.streamifyResponse(async (_, stream) => { stream.write(''); stream.end(); });\n`;

/** As many credentials as most installations have. */
const USUAL_KEYS = 5;

/** A table with nothing in it and a secret with nothing in it, which answer at once: only Freeway's own part is measured. */
async function serveAws(): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
      response.end('{"Items":[],"Count":0,"Responses":{},"UnprocessedKeys":{},"SecretString":"{}"}');
    });
  });
  await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening));
  return server;
}

function toEnvironment(aws: Server): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(aws.address() as AddressInfo).port}`,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    FREEWAY_STORE: 'dynamodb:bench',
    FREEWAY_SECRET_ID: 'bench',
    FREEWAY_OWNER_KEY: 'bench-owner-key-0123456789-0123456789',
    FREEWAY_PROVIDERS: JSON.stringify(toEntries('http://127.0.0.1:9/v1').slice(0, USUAL_KEYS)),
  };
}

async function initOnce(bundleDir: string, env: Readonly<Record<string, string>>): Promise<Init> {
  const logs: string[] = [];
  const log = (line: string): void => void logs.push(line);
  const instance = await startInstance({
    bundleDir,
    handler: 'index.handler',
    env,
    timeoutMs: 5_000,
    memoryMb: 1024,
    log,
  });
  await instance.free();
  const ms = instance.initMs();
  const cpuUs = readCpuUs(instance.pid);
  const rssMb = readRssMb(instance.pid);
  await instance.kill();
  if (ms === null || logs.length > 0)
    throw new Error(`the function did not start cleanly: ${logs.join('').slice(0, 300)}`);
  return { ms, cpuMs: cpuUs === null ? null : cpuUs / 1_000, rssMb };
}

const middle = (values: readonly (number | null)[]): number | null => {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : median(known);
};

const toMedians = (inits: readonly Init[]): Init => ({
  ms: median(inits.map(({ ms }) => ms)),
  cpuMs: middle(inits.map(({ cpuMs }) => cpuMs)),
  rssMb: middle(inits.map(({ rssMb }) => rssMb)),
});

/** Starts both in turn, so many times each after once for the file system. Throws when one of them does not start. */
export async function timeInits(runs: number): Promise<Inits> {
  const folder = makeFolder();
  const [bundleDir, nothingDir] = [join(folder, 'freeway'), join(folder, 'nothing')];
  await bundleLambda({
    entry: fileURLToPath(new URL('../../lambda/main.lambda.ts', import.meta.url)),
    outDir: bundleDir,
  });
  mkdirSync(nothingDir);
  writeFileSync(join(nothingDir, 'index.mjs'), NOTHING);
  const aws = await serveAws();
  const env = toEnvironment(aws);
  try {
    const pairs: (readonly [Init, Init])[] = [];
    for (let done = -1; done < runs; done++) {
      const pair = [await initOnce(nothingDir, env), await initOnce(bundleDir, env)] as const;
      if (done >= 0) pairs.push(pair);
    }
    return {
      runs,
      nothing: toMedians(pairs.map(([nothing]) => nothing)),
      freeway: toMedians(pairs.map(([, freeway]) => freeway)),
      addedMs: median(pairs.map(([nothing, freeway]) => freeway.ms - nothing.ms)),
    };
  } finally {
    aws.closeAllConnections();
    aws.close();
  }
}
