// What a built function loads before its first request: every byte of it is read and compiled by every cold start.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Notes what is loaded while the entry starts, which ends when the table that is not there has been asked. */
const toProbe = (entry: string): string => `
import { registerHooks } from 'node:module';
const urls = [];
registerHooks({ load: (url, context, next) => { urls.push(url); return next(url, context); } });
globalThis.awslambda = { streamifyResponse: (handler) => handler, HttpResponseStream: {} };
process.stdout.write = () => true;
await import(${JSON.stringify(pathToFileURL(entry).href)});
process.stderr.write('\\n' + JSON.stringify(urls.filter((url) => url.startsWith('file:'))));
process.exit(0);`;

const env = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'none',
  AWS_SECRET_ACCESS_KEY: 'none',
  AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:9',
  FREEWAY_STORE: 'dynamodb:none',
  FREEWAY_OWNER_KEY: 'none-'.repeat(8),
  OPENAI_API_KEY: 'none',
};

export interface LoadedFile {
  readonly path: string;
  readonly bytes: number;
}

/** The files of a bundle that its start loads, in their order. Throws when it does not start. */
export function listInitFiles(bundleDir: string): LoadedFile[] {
  const args = ['--input-type=module', '--eval', toProbe(join(bundleDir, 'index.mjs'))];
  const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8', timeout: 30_000 });
  const last = stderr.trimEnd().split('\n').at(-1) ?? '';
  if (status !== 0 || !last.startsWith('[')) throw new Error(`The function does not start. ${stderr.slice(-500)}`);
  return (JSON.parse(last) as string[]).map((url) => {
    const path = fileURLToPath(url);
    return { path, bytes: statSync(path).size };
  });
}
