// The OpenAI chat format in both directions, as one codec.
import type { ChatWire } from '../types.ts';
import { toAnswer } from './answer.ts';
import { renderError } from './error.ts';
import { parseQuestion } from './question.ts';
import { openWriter, renderReply } from './render.ts';
import { parseReply } from './reply.ts';
import { renderRequest, requiredHeaders } from './request.ts';
import { openReader } from './stream.ts';

/** Pure; every method may be passed around alone. */
export const openaiChat: ChatWire = {
  id: 'openai-chat',
  parseQuestion,
  requestPath: () => '/chat/completions',
  renderRequest,
  requiredHeaders,
  parseReply,
  toAnswer,
  openReader,
  renderReply,
  openWriter,
  renderError,
  idHeader: 'x-request-id',
};
