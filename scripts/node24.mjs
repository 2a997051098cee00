// Runs the given script on Node 24: in this process when it already is one, else on the binary that npm installed.
import module from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { resolve } from 'node:path';

const NEEDED = 24;
const [script, ...args] = process.argv.slice(2);
const target = resolve(script);
/** Where Node keeps the code it has compiled: the next start takes half the time and 25 MB less. */
const compiled = fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url));

/** Without any packages the first import fails, in words for programmers. */
async function explain(error) {
  const { existsSync } = await import('node:fs');
  if (
    error?.code !== 'ERR_MODULE_NOT_FOUND' ||
    existsSync(fileURLToPath(new URL('../node_modules/zod', import.meta.url)))
  )
    throw error;
  console.error('The packages are missing: run "npm install" first.');
  process.exit(1);
}

async function packagedNode() {
  const { existsSync } = await import('node:fs');
  const modules = fileURLToPath(new URL('../node_modules/', import.meta.url));
  const { platform, arch } = process;
  const names =
    platform === 'win32' ? [`node-win-${arch}`] : [`node-${platform}-${arch}`, `node-bin-${platform}-${arch}`];
  const binary = platform === 'win32' ? 'node.exe' : 'node';
  return names.map((name) => `${modules}${name}/bin/${binary}`).find((path) => existsSync(path));
}

/** How often it is looked whether whoever started us is still there. */
const LOOK_MS = 500;

/**
 * Told to stop, npm tells only the shell in which it runs a script, and the shell ends without telling us: a server would be left behind,
 * with its port. Whoever was not started by npm may outlive its parent.
 */
function whenLeftBehind(stop) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const looking = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(looking);
    stop();
  }, LOOK_MS);
  looking.unref();
}

if (Number(process.versions.node.split('.')[0]) >= NEEDED) {
  process.argv.splice(1, 2, target);
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE ?? compiled);
  whenLeftBehind(() => process.kill(process.pid, 'SIGTERM'));
  await import(pathToFileURL(target).href).catch(explain);
} else {
  const node = await packagedNode();
  if (!node) {
    console.error(
      `Freeway needs Node ${NEEDED} or newer, but this is Node ${process.versions.node}, and npm has brought no Node ` +
        `for ${process.platform}-${process.arch}. Run "npm install" again (without --omit=optional), or install Node ${NEEDED}.`,
    );
    process.exit(1);
  }
  const { spawn } = await import('node:child_process');
  const child = spawn(node, [...process.execArgv, target, ...args], {
    stdio: 'inherit',
    env: { NODE_COMPILE_CACHE: compiled, ...process.env },
  });
  whenLeftBehind(() => child.kill('SIGTERM'));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => (signal ? process.kill(process.pid, signal) : process.exit(code ?? 1)));
}
