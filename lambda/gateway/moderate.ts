// Moderation as an operation: texts in, judgements out.
import { parseModeration, parseVerdicts } from '../wire/moderations/question.ts';
import { renderPlain } from '../wire/plain.ts';
import type { Errand } from './plain.ts';
import { createDocumentReader } from './read-reply.ts';

/** Reads the body of a request for moderation. Throws CallerError `invalid_request`. */
export function toModerationErrand(json: unknown): Errand {
  const question = parseModeration(json);
  return {
    name: 'moderation',
    question,
    path: { key: 'moderations', usual: '/moderations' },
    accept: 'application/json',
    patience: { longestMs: 30_000, usualMs: 5_000 },
    streamed: false,
    narrow: (selector) => selector,
    render: (target) => renderPlain(question, target),
    read: (reading) => createDocumentReader(reading, parseVerdicts),
  };
}
