// Starts the programs under test as processes of their own, waits until they listen, and ends them again.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeFolder } from '../temporary.ts';

/** A program that listens. */
export interface Running {
  readonly port: number;
  readonly pid: number;
  /** Ends it and resolves when it is gone. */
  stop(): Promise<void>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const START_MS = 30_000;
const STOP_MS = 5_000;
/** How often is looked whether somebody listens. */
const LOOK_MS = 4;

/** A port nobody listens on right now. */
function findPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    child.once('exit', () => {
      clearTimeout(force);
      resolve();
    });
    child.kill('SIGTERM');
  });
}

async function waitFor(child: ChildProcess, port: number): Promise<void> {
  const until = Date.now() + START_MS;
  while (!(await isListening(port))) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`ended with ${child.exitCode ?? child.signalCode}.`);
    if (Date.now() > until) throw new Error(`did not listen within ${START_MS / 1000} s.`);
    await pause(LOOK_MS);
  }
}

/** What is started. */
export interface Program {
  readonly name: string;
  /** What is run; absent: this Node. */
  readonly command?: string;
  /** Its arguments. */
  readonly args: (port: number) => readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A script of this repository. It is told its port by PORT. */
export const toScript = (script: string, env: Readonly<Record<string, string>>): Program => ({
  name: script,
  args: () => [`${root}scripts/node24.mjs`, `${root}${script}`],
  env,
});

/** What `npm start` runs, memory settings included. It is told its port by PORT. */
export function toStart(env: Readonly<Record<string, string>>): Program {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: { start: string } };
  const [, ...args] = scripts.start.split(' ');
  return { name: 'npm start', args: () => args, env };
}

/** Runs a program on a free port. Rejects with what it said when it ends or does not listen in time. */
export async function start({ name, command = process.execPath, args, env }: Program): Promise<Running> {
  const port = await findPort();
  // A file, not a pipe: nobody here has to spend time on reading a log line per request.
  const logPath = join(makeFolder(), 'stderr');
  const log = openSync(logPath, 'a');
  const child = spawn(command, args(port), {
    cwd: root,
    env: { PATH: process.env['PATH'] ?? '', PORT: String(port), HOST: '127.0.0.1', ...env },
    stdio: ['ignore', 'ignore', log],
  });
  closeSync(log);
  const abandon = (): void => void child.kill();
  process.once('exit', abandon);
  const end = async (): Promise<void> => {
    process.off('exit', abandon);
    await stop(child);
  };
  try {
    await waitFor(child, port);
  } catch (error) {
    const said = readFileSync(logPath, 'utf8').trim().slice(-600);
    await end();
    throw new Error(`${name} ${error instanceof Error ? error.message : String(error)} ${said}`, { cause: error });
  }
  return { port, pid: child.pid ?? 0, stop: end };
}
