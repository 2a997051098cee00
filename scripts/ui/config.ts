// How the web app is built: two documents (the app, and the sign-in page that alone may load a foreign script), hashed files, nothing inline.
import { join } from 'node:path';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import type { InlineConfig } from 'vite';
import { uiDist, uiRoot } from './folders.ts';

/** The settings of the build. */
export const uiConfig: InlineConfig = {
  configFile: false,
  root: uiRoot,
  logLevel: 'warn',
  plugins: [react(), tailwindcss()],
  build: {
    outDir: uiDist,
    emptyOutDir: true,
    target: 'es2023',
    manifest: 'manifest.json',
    // A file inside another would need exceptions from the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1_000,
    rolldownOptions: {
      input: { app: join(uiRoot, 'index.html'), login: join(uiRoot, 'login.html') },
      // Making a schema changes nothing, so those that a page does not use are left out.
      treeshake: { manualPureFunctions: ['z'] },
    },
  },
};
