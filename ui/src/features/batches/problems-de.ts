// What is wrong with the file of a batch, in German, by the codes of the server.
import type { Problem } from './data.ts';

const texts: Readonly<Record<string, string>> = {
  empty_file: 'Die Datei enthält keine Anfragen. Schreib in jede Zeile ein JSON-Objekt.',
  too_many_tasks: 'Die Datei enthält zu viele Anfragen. Sende sie in mehreren Batches.',
  too_large: 'Diese Zeile ist zu lang. Sende weniger darin.',
  duplicate_custom_id: 'Diese Zeile hat dieselbe „custom_id“ wie eine frühere. Jede braucht ihre eigene.',
  invalid_json_line:
    'Diese Zeile ist kein gültiges JSON. Jede Zeile muss ein JSON-Objekt sein, ohne Zeilenumbrüche darin.',
  mismatched_url: 'Diese Zeile ist für eine andere URL als der Batch.',
};

/** The problem in German; in the words of the server where its code is none of these. */
export function toGermanProblem({ code, message, param }: Problem): string {
  if (param === 'body.stream') return 'Antworten eines Batches lassen sich nicht streamen. Lass „stream“ weg.';
  if (code === 'invalid_request' && param) return `„${param}“ fehlt in dieser Zeile oder stimmt so nicht.`;
  return texts[code] ?? message;
}
