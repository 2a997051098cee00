// The Anthropic Messages format in both directions, as one codec.
import { requiredHeaders } from '../openai-chat/request.ts';
import { lackOf } from '../pivot-lack.ts';
import type { ChatWire } from '../types.ts';
import { renderError } from './error.ts';
import { parseQuestion } from './question.ts';
import { renderReply } from './render.ts';
import { parseReply, toAnswer } from './reply.ts';
import { renderRequest } from './request.ts';
import { toMessages } from './request-messages.ts';
import { openReader } from './stream.ts';
import { openWriter } from './writer.ts';

/** The only version there is. Each call must name it, wherever the format is spoken; a provider's own data may name another. */
const version = { 'anthropic-version': '2023-06-01' } as const;

/** Pure; every method may be passed around alone. */
export const anthropic: ChatWire = {
  id: 'anthropic',
  callerHeaders: ['anthropic-beta'],
  parseQuestion,
  requestPath: () => '/messages',
  renderRequest,
  requiredHeaders: (target) => ({ ...version, ...requiredHeaders(target) }),
  lacks: lackOf(toMessages),
  parseReply,
  toAnswer,
  openReader,
  renderReply,
  openWriter,
  renderError,
  tellsRefusals: true,
  idHeader: 'request-id',
};
