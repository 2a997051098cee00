// `npm run build`: builds the web app, packs what `npm start` runs, bundles the Lambda function with it to dist/lambda and dist/lambda.zip, and fails when they have grown too large.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { readArguments, runCommand } from './arguments.ts';
import { bundleLambda } from './lambda-bundle.ts';
import { listInitFiles } from './lambda-init.ts';
import { measureUi } from './ui/budgets.ts';
import { pack } from './pack.ts';
import { buildUi } from './ui/build.ts';
import { uiDist } from './ui/folders.ts';
import { readManifest } from './ui/files.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Bytes at most: of the archive, and of all the code that a cold start loads before the first request. */
const budgets = { zip: 5_000_000, start: 400_000 } as const;

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1).padStart(8)} kB`;

const usage = `npm run build [-- --web]
  --web  bundles the app as a web function, too: dist/web.zip`;

async function buildWeb(): Promise<void> {
  const { zip } = await bundleLambda({
    entry: join(root, 'lambda/main.web.ts'),
    outDir: join(root, 'dist/web'),
    siteDir: uiDist,
    kind: 'web',
  });
  writeFileSync(join(root, 'dist/web.zip'), zip);
  console.log(`${kilobytes(zip.length)}                   dist/web.zip`);
}

/** Builds the function, tells of its files, and answers what is larger than its budget. */
async function buildFunction(): Promise<string[]> {
  const { files, zip } = await bundleLambda({
    entry: join(root, 'lambda/main.lambda.ts'),
    outDir: join(root, 'dist/lambda'),
    siteDir: uiDist,
  });
  writeFileSync(join(root, 'dist/lambda.zip'), zip);
  for (const { path, bytes } of files.filter(({ path }) => !path.startsWith('ui/')))
    console.log(`${kilobytes(bytes.length)} ${kilobytes(gzipSync(bytes).length)} gzip  dist/lambda/${path}`);
  console.log(`${kilobytes(zip.length)}                   dist/lambda.zip`);
  const started = listInitFiles(join(root, 'dist/lambda'));
  const start = started.reduce((sum, { bytes }) => sum + bytes, 0);
  console.log(`${kilobytes(start)}                   loaded by a cold start, ${started.length} files`);
  const sizes = { zip: zip.length, start };
  return (['zip', 'start'] as const)
    .filter((name) => sizes[name] > budgets[name])
    .map(
      (name) =>
        `The ${name} is ${kilobytes(sizes[name]).trim()}, more than its budget of ${kilobytes(budgets[name]).trim()}.`,
    );
}

/** Tells of the parts of the web app, and answers what is larger than its budget. */
function weighUi(): string[] {
  const parts = measureUi(uiDist, readManifest(uiDist));
  for (const { name, bytes, budget } of parts)
    console.log(`${kilobytes(bytes)} gzip of ${kilobytes(budget).trim()}  web app: ${name}`);
  return parts
    .filter(({ bytes, budget }) => bytes > budget)
    .map(({ name }) => `The web app's ${name} is larger than its budget.`);
}

await runCommand(async () => {
  const { web } = readArguments(usage, { options: { web: { type: 'boolean', default: false } } }).values;
  await buildUi();
  await pack();
  const faults = [...(await buildFunction()), ...weighUi()];
  if (web) await buildWeb();
  for (const fault of faults) console.error(fault);
  return faults.length > 0 ? 1 : 0;
});
