// Other gateways, installed for the time of one run: pinned to versions with which they work, so that runs can be compared.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from './processes.ts';
import { makeFolder } from '../temporary.ts';

/** A gateway to measure beside ours, and the request headers by which it is told where to go. */
export interface Peer {
  readonly name: string;
  readonly program: Program;
  readonly headers: Readonly<Record<string, string>>;
}

interface Recipe {
  readonly name: string;
  /** Package and exact version. */
  readonly packages: Readonly<Record<string, string>>;
  /** Versions of what they need, wherever they ask for it. */
  readonly overrides: Readonly<Record<string, string>>;
  /** The script that starts it, in the folder of its packages, and its arguments. */
  readonly script: string;
  readonly args: (port: number) => readonly string[];
  readonly headers: (providerUrl: string) => Readonly<Record<string, string>>;
}

const recipes: readonly Recipe[] = [
  {
    name: 'portkey',
    packages: { '@portkey-ai/gateway': '1.15.2' },
    // With newer versions it answers every stream with 500.
    overrides: { hono: '4.9.7', '@hono/node-server': '1.13.8' },
    script: '@portkey-ai/gateway/build/start-server.js',
    args: (port) => [`--port=${port}`, '--headless'],
    headers: (providerUrl) => ({ 'x-portkey-provider': 'openai', 'x-portkey-custom-host': providerUrl }),
  },
];

/** Gateways that were looked for and that npm does not bring, as of 2026-11-21. */
const absent: readonly string[] = [
  'omniroute: its only version on npm (3.7.9) asks for a package that is not there (icu-minify)',
  'freellmapi: npm has its set-up tool for coding agents, not the gateway',
];

const INSTALL_MS = 180_000;

/** Installs one gateway into a folder of its own. Throws with what npm said. */
function install(
  { name, packages: dependencies, overrides, script, args, headers }: Recipe,
  providerUrl: string,
  node: string,
): Peer {
  const folder = makeFolder();
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies, overrides }));
  const { status, stderr } = spawnSync('npm', ['install', ...flags], {
    cwd: folder,
    encoding: 'utf8',
    timeout: INSTALL_MS,
  });
  if (status !== 0) throw new Error(`npm could not install it. ${stderr.trim().slice(-300)}`);
  const path = join(folder, 'node_modules', script);
  return {
    name,
    program: { name, command: node, args: (port) => [path, ...args(port)], env: { NODE_ENV: 'production' } },
    headers: headers(providerUrl),
  };
}

/** All peers that can be installed here, to be run with this Node; the others with the reason why not. */
export function installPeers(
  providerUrl: string,
  node: string,
): {
  readonly peers: readonly Peer[];
  readonly missing: readonly string[];
} {
  const peers: Peer[] = [];
  const missing: string[] = [...absent];
  for (const recipe of recipes) {
    try {
      peers.push(install(recipe, providerUrl, node));
    } catch (error) {
      missing.push(`${recipe.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { peers, missing };
}
