// `npm run build`: bundles the Lambda function to dist/lambda and dist/lambda.zip, and fails when it has grown too large.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { bundleLambda } from './lambda-bundle.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Bytes at most: of the archive, and of the entry, which every cold start reads and compiles. */
const budgets = { zip: 5_000_000, entry: 400_000 } as const;

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1).padStart(8)} kB`;

const { files, zip } = await bundleLambda({
  entry: join(root, 'lambda/main.lambda.ts'),
  outDir: join(root, 'dist/lambda'),
});
writeFileSync(join(root, 'dist/lambda.zip'), zip);
const entryBytes = files.find(({ path }) => path === 'index.mjs')?.bytes.length ?? 0;
for (const { path, bytes } of files)
  console.log(`${kilobytes(bytes.length)} ${kilobytes(gzipSync(bytes).length)} gzip  dist/lambda/${path}`);
console.log(`${kilobytes(zip.length)}                   dist/lambda.zip`);
for (const [name, bytes] of Object.entries({ zip: zip.length, entry: entryBytes })) {
  const budget = budgets[name as keyof typeof budgets];
  if (bytes <= budget) continue;
  console.error(`The ${name} is ${kilobytes(bytes).trim()}, more than its budget of ${kilobytes(budget).trim()}.`);
  process.exitCode = 1;
}
