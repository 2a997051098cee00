// The Converse format of Amazon Bedrock, as providers are asked in it.
import { requiredHeaders } from '../openai-chat/request.ts';
import { lackOf } from '../pivot-lack.ts';
import type { UpstreamWire } from '../types.ts';
import { eventStream } from './event-stream.ts';
import { parseReply, toAnswer } from './reply.ts';
import { renderRequest } from './request.ts';
import { toMessages } from './request-messages.ts';
import { openReader } from './stream.ts';

/** Pure; every method may be passed around alone. */
export const converse: UpstreamWire = {
  id: 'bedrock-converse',
  framing: eventStream,
  // Ids may be those of profiles and of bought throughput, which hold colons and slashes.
  requestPath: ({ stream }, { model }) => `/model/${encodeURIComponent(model)}/converse${stream ? '-stream' : ''}`,
  renderRequest,
  requiredHeaders,
  lacks: lackOf((messages, dropped) => toMessages(messages, { dropped, takesMarks: true })),
  parseReply,
  toAnswer,
  openReader,
};
