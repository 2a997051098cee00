// Builds the web app to ui/dist, with a compressed twin beside every file that gains by it.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'vite';
import { uiConfig } from './config.ts';
import { uiDist } from './folders.ts';
import { listFiles } from './files.ts';

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

/** Builds it, for use: a test runner's surroundings would make it the slower and larger form for development. */
export async function buildUi(): Promise<void> {
  const before = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = 'production';
  try {
    await build(uiConfig);
  } finally {
    if (before === undefined) delete process.env['NODE_ENV'];
    else process.env['NODE_ENV'] = before;
  }
  finish();
}
