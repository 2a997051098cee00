// How a key is used, ready to paste: by curl, by the SDKs, and by coding agents, each in its own file.
import { connectClients, type ConnectFile } from '#shared/connect.ts';

export const snippetKinds = ['curl', 'openai', 'anthropic', 'env', 'agents'] as const;
export type SnippetKind = (typeof snippetKinds)[number];

/** The text for this server and this key. */
export function toSnippet(kind: Exclude<SnippetKind, 'agents'>, origin: string, key: string): string {
  switch (kind) {
    case 'curl':
      return `curl ${origin}/v1/chat/completions \\\n  -H "authorization: Bearer ${key}" -H 'content-type: application/json' \\\n  -d '{"model": "auto", "messages": [{"role": "user", "content": "Hello!"}]}'`;
    case 'openai':
      return `import OpenAI from 'openai';\n\nconst client = new OpenAI({ baseURL: '${origin}/v1', apiKey: '${key}' });\nconst answer = await client.chat.completions.create({\n  model: 'auto',\n  messages: [{ role: 'user', content: 'Hello!' }],\n});`;
    case 'anthropic':
      return `import Anthropic from '@anthropic-ai/sdk';\n\nconst client = new Anthropic({ baseURL: '${origin}', apiKey: '${key}' });\nconst answer = await client.messages.create({\n  model: 'auto',\n  max_tokens: 1024,\n  messages: [{ role: 'user', content: 'Hello!' }],\n});`;
    case 'env':
      return `export OPENAI_BASE_URL=${origin}/v1\nexport OPENAI_API_KEY=${key}\nexport ANTHROPIC_BASE_URL=${origin}\nexport ANTHROPIC_API_KEY=${key}`;
  }
}

/** YAML of plain values, lists and mappings, which is all that settings of clients hold. */
function toYaml(value: unknown, indent = ''): string {
  if (Array.isArray(value))
    return value.map((item) => `\n${indent}- ${toYaml(item, `${indent}  `).replace(/^\n\s*/, '')}`).join('');
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return Object.entries(value)
    .map(([name, inner]) => {
      const text = toYaml(inner, `${indent}  `);
      return `\n${indent}${name}:${text.startsWith('\n') ? text : ` ${text}`}`;
    })
    .join('');
}

function toText(file: ConnectFile): string {
  if (file.format === 'toml') return file.block;
  if (file.format === 'env')
    return Object.entries(file.variables)
      .map(([name, value]) => `${name}=${value}`)
      .join('\n');
  return file.format === 'json' ? JSON.stringify(file.merge, null, 2) : toYaml(file.merge).trimStart();
}

/** The coding agents that can be told, by id, with their names. */
export const agents: readonly (readonly [string, string])[] = Object.entries(connectClients).map(([id, toSetup]) => [
  id,
  toSetup({ url: '', apiKey: '', model: '' }).name,
]);

/** What a coding agent takes: parts of its files, then what its person does. */
export interface AgentSnippet {
  readonly files: readonly { readonly path: string; readonly text: string }[];
  readonly steps: readonly string[];
}

/** How one coding agent is told to use this server with this key. */
export function toAgentSnippet(agent: string, origin: string, key: string): AgentSnippet {
  const setup = connectClients[agent]?.({ url: origin, apiKey: key, model: 'auto' });
  if (setup === undefined) return { files: [], steps: [] };
  return { files: setup.files.map((file) => ({ path: file.path, text: toText(file) })), steps: setup.steps };
}
