// Builds the web app in a process of its own: building takes half a gigabyte, which whoever serves would keep for as long as it runs.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('ensure-main.ts', import.meta.url));
const node24 = fileURLToPath(new URL('../node24.mjs', import.meta.url));

/** Resolves when the built app is up to date. Rejects with what the build said when it failed. */
export function ensureUiApart(): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [node24, script], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4_000);
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(said.trim() || `the build ended with ${code}`));
    });
  });
}
