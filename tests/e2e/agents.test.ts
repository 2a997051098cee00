// Coding agents, where they are installed: each does a piece of work in several turns through Freeway, answered by providers of another format.
import { LLMock } from '@copilotkit/aimock';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OWNER_KEY, startServer, toEntry, type Started } from './local.ts';

interface Agent {
  readonly command: string;
  /** Its name for `npm run connect`. */
  readonly client: string;
  /** The format its provider speaks; its own is another. */
  readonly wire: 'anthropic' | 'openai-chat';
  readonly args: readonly string[];
  /** The tool that runs a command, as it offers it. */
  readonly tool: { readonly name: string; readonly arguments: (command: string) => unknown };
}

const task = 'Please make the file as we said.';
const agents: readonly Agent[] = [
  {
    command: 'claude',
    client: 'claude-code',
    wire: 'openai-chat',
    args: ['-p', task, '--allowedTools', 'Bash'],
    tool: { name: 'Bash', arguments: (command) => ({ command, description: 'Makes the file' }) },
  },
  {
    command: 'codex',
    client: 'codex',
    wire: 'anthropic',
    args: ['exec', '--profile', 'freeway', '--skip-git-repo-check', '--sandbox', 'danger-full-access', task],
    tool: { name: 'exec_command', arguments: (cmd) => ({ cmd }) },
  },
];

/** Folders of programs: FREEWAY_AGENTS names one more, such as the node_modules/.bin of `npm install @openai/codex @anthropic-ai/claude-code`. */
const folders = [process.env['FREEWAY_AGENTS'], ...(process.env['PATH'] ?? '').split(delimiter)];
const findProgram = (command: string): string | null =>
  folders.flatMap((folder) => (folder ? [join(folder, command)] : [])).find(existsSync) ?? null;

const mock = new LLMock({ port: 0, logLevel: 'silent' });
const root = mkdtempSync(join(tmpdir(), 'freeway-agents-'));
let server: Started;

beforeAll(async () => {
  for (const { tool, wire } of agents) {
    const model = `${wire}-model`;
    const command = `echo made through ${wire} > made.txt && cat made.txt`;
    mock.on({ model, hasToolResult: true }, { content: 'The file is made, and all is well.' });
    mock.on(
      { model, hasToolResult: false },
      { toolCalls: [{ id: 'call_1', name: tool.name, arguments: JSON.stringify(tool.arguments(command)) }] },
    );
  }
  // What agents ask beside their work, such as a title.
  mock.onMessage(/.*/, { content: 'All is well.' });
  await mock.start();
  const capabilities = ['tools', 'vision', 'json', 'reasoning'];
  const model = { size: 'large', roles: ['reasoning', 'small'], context: 200_000, maxOutput: 32_000, capabilities };
  const entries = agents.map(({ wire }) =>
    toEntry(wire, `${mock.url}/v1`, { models: [{ ...model, id: `${wire}-model`, wire }] }),
  );
  server = await startServer(entries, {
    FREEWAY_MODEL_ALIASES: JSON.stringify({ 'claude-*': 'openai-chat-model' }),
  });
});
afterAll(async () => {
  await server.stop();
  await mock.stop();
  rmSync(root, { recursive: true, force: true });
});

function run(program: string, args: readonly string[], { home, work }: { home: string; work: string }) {
  return new Promise<{ code: number | null; output: string }>((resolve) => {
    const env = {
      PATH: process.env['PATH'],
      HOME: home,
      DISABLE_TELEMETRY: '1',
      DISABLE_AUTOUPDATER: '1',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    };
    const child = spawn(program, args, { cwd: work, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += String(chunk)));
    const timer = setTimeout(() => child.kill('SIGKILL'), 100_000);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, output });
    });
  });
}

describe.each(agents)('$command', ({ command, client, wire, args }) => {
  const program = findProgram(command);
  const missing = program === null ? ` (skipped: ${command} is not installed)` : '';

  it.skipIf(program === null)(
    `connected by one command, makes a file by a tool call that ${wire} answered${missing}`,
    async () => {
      const home = join(root, command);
      const work = join(home, 'work');
      mkdirSync(work, { recursive: true });
      const model = `${wire}-model`;
      const told = ['--write', '--url', server.url, '--key', OWNER_KEY, '--model', model];
      const connected = spawnSync(process.execPath, ['scripts/connect/main.ts', client, ...told], {
        env: { ...process.env, HOME: home },
        encoding: 'utf8',
      });
      expect(connected.stderr).toBe('');
      const { output } = await run(program ?? '', args, { home, work });
      expect(output).toContain('The file is made, and all is well.');
      expect(readFileSync(join(work, 'made.txt'), 'utf8')).toBe(`made through ${wire}\n`);
    },
  );
});
