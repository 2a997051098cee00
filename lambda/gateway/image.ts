// Pictures as an operation: one prompt, one document with all of them.
import { parseImages, parsePictures } from '../wire/images/question.ts';
import { renderPlain } from '../wire/plain.ts';
import type { Errand } from './plain.ts';
import { createDocumentReader } from './read-reply.ts';

/** Reads the body of a request for pictures. Throws CallerError `invalid_request`. */
export function toImageErrand(json: unknown): Errand {
  const question = parseImages(json);
  return {
    name: 'image',
    question,
    takes: { images: question.count, maxOutputTokens: null },
    path: { key: 'images', usual: '/images/generations' },
    accept: 'application/json',
    patience: { longestMs: 300_000, usualMs: 120_000 },
    streamed: false,
    narrow: (selector) => selector,
    render: (target) => renderPlain(question, target),
    read: (reading) => createDocumentReader(reading, parsePictures),
  };
}
