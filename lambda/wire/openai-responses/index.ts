// The OpenAI Responses format in both directions, without stored state, as one codec.
import { renderError } from '../openai-chat/error.ts';
import { requiredHeaders } from '../openai-chat/request.ts';
import type { ChatWire } from '../types.ts';
import { parseQuestion } from './question.ts';
import { renderReply } from './render.ts';
import { parseReply, toAnswer } from './reply.ts';
import { renderRequest } from './request.ts';
import { openReader } from './stream.ts';
import { openWriter } from './writer.ts';

/** Pure; every method may be passed around alone. */
export const openaiResponses: ChatWire = {
  id: 'openai-responses',
  parseQuestion,
  requestPath: () => '/responses',
  renderRequest,
  requiredHeaders,
  // Files by their addresses, too.
  lacks: () => null,
  parseReply,
  toAnswer,
  openReader,
  renderReply,
  openWriter,
  renderError,
  idHeader: 'x-request-id',
};
