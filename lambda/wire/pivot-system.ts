// Puts what the system says into the messages of a pivot, where every provider takes it.
import type { Json } from './json.ts';

/** The system speaks first and once; what it says later is told as the user's words, since many models take it nowhere else. */
export function addSystem(messages: Json[], text: string): void {
  if (text === '') return;
  const [first] = messages;
  if (messages.length === 0) messages.push({ role: 'system', content: text });
  else if (messages.length === 1 && first?.['role'] === 'system')
    messages[0] = { role: 'system', content: `${String(first['content'])}\n\n${text}` };
  else messages.push({ role: 'user', content: text });
}
