// Asks for JSON in words, in formats that have no mode for it.
import type { Json } from './json.ts';
import { toList, toRecord } from './json.ts';

const words = 'Answer with one JSON object and nothing else: no words around it, no code fences.';

/** The body, whose system says so where JSON without a schema is wanted. */
export function withJsonWords(body: Json): Json {
  if (toRecord(body['response_format'])['type'] !== 'json_object') return body;
  return { ...body, messages: [...toList(body['messages']), { role: 'system', content: words }] };
}
