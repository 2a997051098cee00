// What bundles have in common, of the Lambda function and of the local start: less to load before the first request.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';
import { providers } from '#catalog/index.ts';

/**
 * `import` of node:http reads all it exports, among it the WebSocket of a client for which Node then loads 500 KB of its own
 * code: 20 ms of every start. Asked for as a builtin, only what is used is read. An `import()` is made later, and needs the names that a
 * module of the older format does not export.
 */
export const leanHttp: Plugin = {
  name: 'lean-http',
  setup: (bundle) => {
    bundle.onResolve({ filter: /^(node:)?http$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? null : { path: 'node:http', namespace: 'lean-http' },
    );
    bundle.onLoad({ filter: /.*/, namespace: 'lean-http' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('${path}');`,
    }));
  },
};

/**
 * `import` of a builtin reads all that it exports, of which some is loaded only then. Our own sources get what they name, and no more.
 */
export const leanBuiltins: Plugin = {
  name: 'lean-builtins',
  setup: (bundle) => {
    bundle.onResolve({ filter: /^node:/ }, ({ path, importer, kind }) =>
      kind !== 'import-statement' || /[\\/]node_modules[\\/]/.test(importer)
        ? null
        : { path, namespace: 'lean-builtins', sideEffects: false },
    );
    bundle.onLoad({ filter: /./, namespace: 'lean-builtins' }, ({ path }) => {
      const names = Object.keys(process.getBuiltinModule(path) ?? {}).filter((name) => /^[A-Za-z]\w*$/.test(name));
      const named = names.map((name) => `export const ${name} = /* @__PURE__ */ $read('${name}');`);
      // By a function, whose calls can be left out where nobody wants what they answer; reading a member itself might do something.
      const read = `const $builtin = process.getBuiltinModule('${path}'), $read = (name) => $builtin[name];`;
      return { contents: [read, 'export default $builtin;', ...named].join('\n') };
    });
  },
};

const LATER = 'later-builtins';

/** Of these builtins, which much of Node's own code comes with, functions are asked for when they are first called: many servers never do. */
export const laterBuiltins: Plugin = {
  name: LATER,
  setup: (bundle) => {
    bundle.onResolve({ filter: /^node:(tls|zlib)$/ }, ({ path, importer, kind }) =>
      kind !== 'import-statement' || /[\\/]node_modules[\\/]/.test(importer)
        ? null
        : { path, namespace: LATER, sideEffects: false },
    );
    bundle.onLoad({ filter: /./, namespace: LATER }, ({ path }) => {
      const builtin = `process.getBuiltinModule('${path}')`;
      const parts = Object.entries(process.getBuiltinModule(path) ?? {}).filter(([name]) => /^[A-Za-z]\w*$/.test(name));
      const toValue = ([name, part]: [string, unknown]): string => {
        if (name === 'constants') return JSON.stringify(part);
        const isFunction = typeof part === 'function' && /^[a-z]/.test(name);
        return isFunction
          ? `(...given) => ${builtin}.${name}(...given)`
          : `/* @__PURE__ */ (() => ${builtin}.${name})()`;
      };
      return { contents: parts.map((part) => `export const ${part[0]} = ${toValue(part)};`).join('\n') };
    });
  },
};

const wholeZod = join(dirname(fileURLToPath(import.meta.resolve('zod/mini'))), '../v4/mini/external.js');

/**
 * A third of zod draws schemas as JSON Schema, which one file asks for. The lists of all that zod has would lead every start to it, so it
 * is left out of them for the others.
 */
export const leanZod: Plugin = {
  name: 'lean-zod',
  setup: (bundle) => {
    bundle.onResolve({ filter: /^zod\/mini$/ }, ({ importer }) =>
      /[\\/]openapi\.ts$/.test(importer) ? { path: wholeZod, suffix: '?whole', sideEffects: false } : null,
    );
    bundle.onLoad({ filter: /[\\/]zod[\\/]v4[\\/](mini[\\/]external|core[\\/]index)\.js$/ }, ({ path, suffix }) =>
      suffix === '?whole' ? null : { contents: readFileSync(path, 'utf8').replaceAll(/^.*json-schema.*$/gm, '') },
    );
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
