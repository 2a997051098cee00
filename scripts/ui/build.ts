// Builds the web app to ui/dist, with a compressed twin beside every file that gains by it.
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'vite';
import { uiConfig, uiDist, uiRoot } from './config.ts';
import { listFiles } from './files.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const compressible = /\.(js|css|html|svg|json|webmanifest)$/;
/** Smaller files fit into one packet anyway. */
const WORTH_BYTES = 1_000;

/** Older forms of fonts, which no browser that runs the app asks for. */
const unused = /\.(ttf|woff)$/;

function finish(): void {
  for (const path of listFiles(uiDist)) {
    if (unused.test(path)) rmSync(join(uiDist, path));
    if (!compressible.test(path)) continue;
    const bytes = readFileSync(join(uiDist, path));
    if (bytes.length < WORTH_BYTES) continue;
    const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
    writeFileSync(join(uiDist, `${path}.br`), brotliCompressSync(bytes, quality));
    writeFileSync(join(uiDist, `${path}.gz`), gzipSync(bytes, { level: 9 }));
  }
}

/** Builds it. */
export async function buildUi(): Promise<void> {
  await build(uiConfig);
  finish();
}

/** Whether what was built is older than what it is built from. */
export function isUiStale(): boolean {
  const built = join(uiDist, 'index.html');
  if (!existsSync(built)) return true;
  const builtAtMs = statSync(built).mtimeMs;
  const sources = [
    ...listFiles(uiRoot)
      .filter((path) => !path.startsWith('dist'))
      .map((path) => join(uiRoot, path)),
    ...listFiles(join(root, 'shared')).map((path) => join(root, 'shared', path)),
    join(root, 'package-lock.json'),
  ];
  return sources.some((path) => statSync(path).mtimeMs > builtAtMs);
}
