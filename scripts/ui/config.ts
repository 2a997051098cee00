// How the web app is built: two documents (the app, and the sign-in page that alone may load a foreign script), hashed files, nothing inline.
import { join } from 'node:path';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import type { InlineConfig, Plugin } from 'vite';
import { uiDist, uiRoot } from './folders.ts';

const CHAT = '/features/chat/page.tsx';

/** Tells the app's document the files of the chat, so that `ahead.js` can ask for them before the app does. */
const chatParts: Plugin = {
  name: 'chat-parts',
  transformIndexHtml: {
    order: 'post',
    handler: (_, { bundle, filename }) => {
      if (bundle === undefined || !filename.endsWith('index.html')) return [];
      const chunks = Object.values(bundle).filter((output) => output.type === 'chunk');
      const chat = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith(CHAT));
      const app = chunks.find(({ isEntry, facadeModuleId }) => isEntry && facadeModuleId?.endsWith('index.html'));
      const here = new Set([app?.fileName, ...(app?.imports ?? [])]);
      const parts = chat ? [chat.fileName, ...chat.imports].filter((file) => !here.has(file)) : [];
      const content = parts.map((file) => `/${file}`).join(' ');
      return [{ tag: 'meta', attrs: { name: 'chat-parts', content }, injectTo: 'head' }];
    },
  },
};

/** The settings of the build. */
export const uiConfig: InlineConfig = {
  configFile: false,
  root: uiRoot,
  logLevel: 'warn',
  plugins: [react(), tailwindcss(), chatParts],
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
