// Finds a browser and starts it without a window: the machine's own Chrome or Chromium, or the one that npm brings.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { inLasting } from '../temporary.ts';

const installed = [
  process.env['CHROME_PATH'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
// A page that listens hears a test tone, and is not asked whether it may.
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
];

/** What it brings along and people's browsers have not: in one process it would end with the first context that is closed, and pages could read all sites. */
const unlike: ReadonlySet<string> = new Set([
  '--single-process',
  '--disable-web-security',
  '--allow-running-insecure-content',
  '--disable-site-isolation-trials',
]);

/**
 * The installed Chrome or Chromium, else the one that npm brought (Linux), which is unpacked by the first call on a machine: several
 * processes at once must not be the first.
 */
export async function findBrowser(): Promise<{ readonly executablePath: string; readonly args: string[] }> {
  const found = installed.find((path) => path !== '' && existsSync(path));
  if (found !== undefined) return { executablePath: found, args: flags };
  // The package brings its own system libraries only where it believes to be on Lambda.
  process.env['AWS_EXECUTION_ENV'] ??= 'AWS_Lambda_nodejs24.x';
  const { default: packed, setupLambdaEnvironment } = await import('@sparticuz/chromium');
  const executablePath = await inLasting(async (folder) => {
    const path = await packed.executablePath();
    setupLambdaEnvironment(join(folder, 'al2023/lib'));
    return path;
  });
  const args = packed.args.filter((flag) => !unlike.has(flag));
  return { executablePath, args: [...args, ...flags] };
}

/** Starts it without a window. */
export const launchBrowser = async (): Promise<Browser> => chromium.launch(await findBrowser());
