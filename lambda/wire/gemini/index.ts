// The Gemini format in both directions, as one codec.
import { requiredHeaders } from '../openai-chat/request.ts';
import { lackOf } from '../pivot-lack.ts';
import type { ChatWire } from '../types.ts';
import { renderError } from './error.ts';
import { parseQuestion } from './question.ts';
import { openWriter, renderReply } from './render.ts';
import { openReader, parseReply, toAnswer } from './reply.ts';
import { renderRequest } from './request.ts';
import { toContents } from './request-contents.ts';

/** Pure; every method may be passed around alone. */
export const gemini: ChatWire = {
  id: 'gemini',
  parseQuestion,
  requestPath: ({ stream }, { model }) =>
    `/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
  renderRequest,
  requiredHeaders,
  lacks: lackOf(toContents),
  parseReply,
  toAnswer,
  openReader,
  renderReply,
  openWriter,
  renderError,
  tellsRefusals: true,
};
