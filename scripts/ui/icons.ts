// Draws the icons for home screens from `favicon.svg`; run after a change of it: `node scripts/node24.mjs scripts/ui/icons.ts`.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { launchBrowser } from './browser.ts';
import { uiRoot } from './folders.ts';

/** `full`: without rounded corners, for systems that cut the shape themselves. */
const icons = [
  { file: 'icon-192.png', size: 192, full: false },
  { file: 'icon-512.png', size: 512, full: false },
  { file: 'icon-full-192.png', size: 192, full: true },
  { file: 'icon-full-512.png', size: 512, full: true },
] as const;

const folder = join(uiRoot, 'public');
const drawn = readFileSync(join(folder, 'favicon.svg'), 'utf8');
const browser = await launchBrowser();
for (const { file, size, full } of icons) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  const svg = (full ? drawn.replace(' rx="8"', '') : drawn).replace('<svg ', '<svg style="display:block" ');
  await page.setContent(`<style>body{margin:0}</style>${svg}`);
  writeFileSync(join(folder, file), await page.screenshot({ omitBackground: true }));
  await page.close();
}
await browser.close();
