// `npm run build`: builds the web app, bundles the Lambda function with it to dist/lambda and dist/lambda.zip, and fails when they have grown too large.
// `-- --web` also bundles it as a web function, to dist/web and dist/web.zip.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { bundleLambda } from './lambda-bundle.ts';
import { listInitFiles } from './lambda-init.ts';
import { measureUi } from './ui/budgets.ts';
import { buildUi } from './ui/build.ts';
import { uiDist } from './ui/folders.ts';
import { readManifest } from './ui/files.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Bytes at most: of the archive, and of all the code that a cold start loads before the first request. */
const budgets = { zip: 5_000_000, start: 400_000 } as const;

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1).padStart(8)} kB`;

await buildUi();
const { files, zip } = await bundleLambda({
  entry: join(root, 'lambda/main.lambda.ts'),
  outDir: join(root, 'dist/lambda'),
  siteDir: uiDist,
});
writeFileSync(join(root, 'dist/lambda.zip'), zip);
if (process.argv.includes('--web')) {
  const web = await bundleLambda({
    entry: join(root, 'lambda/main.web.ts'),
    outDir: join(root, 'dist/web'),
    siteDir: uiDist,
    kind: 'web',
  });
  writeFileSync(join(root, 'dist/web.zip'), web.zip);
  console.log(`${kilobytes(web.zip.length)}                   dist/web.zip`);
}
for (const { path, bytes } of files.filter(({ path }) => !path.startsWith('ui/')))
  console.log(`${kilobytes(bytes.length)} ${kilobytes(gzipSync(bytes).length)} gzip  dist/lambda/${path}`);
console.log(`${kilobytes(zip.length)}                   dist/lambda.zip`);
const started = listInitFiles(join(root, 'dist/lambda'));
const startBytes = started.reduce((sum, { bytes }) => sum + bytes, 0);
console.log(`${kilobytes(startBytes)}                   loaded by a cold start, ${started.length} files`);
for (const [name, bytes] of Object.entries({ zip: zip.length, start: startBytes })) {
  const budget = budgets[name as keyof typeof budgets];
  if (bytes <= budget) continue;
  console.error(`The ${name} is ${kilobytes(bytes).trim()}, more than its budget of ${kilobytes(budget).trim()}.`);
  process.exitCode = 1;
}
for (const { name, bytes, budget } of measureUi(uiDist, readManifest(uiDist))) {
  console.log(`${kilobytes(bytes)} gzip of ${kilobytes(budget).trim()}  web app: ${name}`);
  if (bytes <= budget) continue;
  console.error(`The web app's ${name} is larger than its budget.`);
  process.exitCode = 1;
}
