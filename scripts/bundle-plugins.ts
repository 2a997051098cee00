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
 * The catalog is data: as text in a chunk of its own it is parsed by the parser for JSON, which is several times faster than
 * compiling it with the entry. It is not frozen there, which would cost what the parser saves.
 */
export const catalogAsText: Plugin = {
  name: 'catalog-as-text',
  setup: (bundle) => {
    bundle.onLoad({ filter: /[\\/]catalog[\\/]index\.ts$/ }, () => ({
      contents: "const { text } = await import('catalog-text'); export const providers = JSON.parse(text);",
    }));
    bundle.onResolve({ filter: /^catalog-text$/ }, () => ({ path: 'catalog-text', namespace: 'catalog-text' }));
    bundle.onLoad({ filter: /.*/, namespace: 'catalog-text' }, () => ({
      contents: `export const text = ${JSON.stringify(JSON.stringify(providers))};`,
    }));
  },
};
