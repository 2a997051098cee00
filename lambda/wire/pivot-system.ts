// Puts what the system says into the messages of a pivot, where every provider takes it.
import type { Json } from './json.ts';

function join(before: unknown, text: string): unknown {
  return Array.isArray(before) ? [...before, { type: 'text', text }] : `${String(before)}\n\n${text}`;
}

/** The system speaks first and once; what it says later is told as the user's words, since many models take it nowhere else. */
export function addSystem(messages: Json[], text: string): void {
  if (text === '') return;
  const [first] = messages;
  if (messages.length === 0) messages.push({ role: 'system', content: text });
  else if (messages.length === 1 && first?.['role'] === 'system')
    messages[0] = { role: 'system', content: join(first['content'], text) };
  else messages.push({ role: 'user', content: text });
}
