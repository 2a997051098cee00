// What bundles have in common, of the Lambda function and of the local start: less to load before the first request.
import type { Plugin } from 'esbuild';
import { providers } from '#catalog/index.ts';

/**
 * `import` of node:http reads all it exports, among it the WebSocket of a client for which Node then loads 500 KB of its own
 * code: 20 ms of every start. Asked for as a builtin, only what is used is read.
 */
export const leanHttp: Plugin = {
  name: 'lean-http',
  setup: (bundle) => {
    bundle.onResolve({ filter: /^(node:)?http$/ }, () => ({ path: 'node:http', namespace: 'lean-http' }));
    bundle.onLoad({ filter: /.*/, namespace: 'lean-http' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('${path}');`,
    }));
  },
};

/**
 * The catalog is data: read from a file by the parser for JSON, which is several times faster than compiling it with the entry. It is not
 * frozen there, which would cost what the parser saves.
 */
export const catalogAsFile: Plugin = {
  name: 'catalog-as-file',
  setup: (bundle) => {
    bundle.onLoad({ filter: /[\\/]catalog[\\/]index\.ts$/ }, () => ({
      contents: `import { readFileSync } from 'node:fs';
        import path from 'catalog.json';
        export const providers = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));`,
    }));
    bundle.onResolve({ filter: /^catalog\.json$/ }, ({ path }) => ({ path, namespace: 'catalog' }));
    bundle.onLoad({ filter: /./, namespace: 'catalog' }, () => ({
      contents: JSON.stringify(providers),
      loader: 'file',
    }));
  },
};
