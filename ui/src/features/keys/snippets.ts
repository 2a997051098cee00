// How a key is used, ready to paste.

export const snippetKinds = ['curl', 'openai', 'anthropic', 'env'] as const;
export type SnippetKind = (typeof snippetKinds)[number];

/** The text for this server and this key. */
export function toSnippet(kind: SnippetKind, origin: string, key: string): string {
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
