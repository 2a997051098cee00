// POST /v1/messages/count_tokens and /v1/responses/input_tokens: how many input tokens a question takes, counted here; no provider is asked.
import { CallerError } from '#shared/failures.ts';
import { toChatProfile } from '../gateway/chat.ts';
import type { ChatQuestion, ChatWire } from '../wire/types.ts';
import { replyError, replyJson, type Endpoint, type EndpointDeps } from './endpoint.ts';
import { readJsonBody } from './read-body.ts';

/** Roles and separators around each text, and the start of the reply. */
const PER_TEXT = 4;
const PER_REPLY = 3;

/** The input tokens of a question: exact but for what the vocabulary of the model differs from o200k; texts too long to be counted are estimated. */
export async function countInput(deps: EndpointDeps, question: ChatQuestion): Promise<number> {
  const estimated = toChatProfile(question).inputTokens;
  const counted = question.images.length > 0 ? null : await deps.exactTokens.count(question.texts);
  return Math.ceil(counted === null ? estimated : counted + question.texts.length * PER_TEXT + PER_REPLY);
}

/** The endpoint over its services, for callers who speak this wire. */
export function createCountTokensEndpoint(deps: EndpointDeps, wire: ChatWire): Endpoint {
  const head = wire.id === 'openai-responses' ? { object: 'response.input_tokens' } : {};
  return async (visit) => {
    try {
      const { json } = await readJsonBody(visit);
      replyJson(visit, 200, { ...head, input_tokens: await countInput(deps, wire.parseQuestion(json)) });
    } catch (error) {
      if (!(error instanceof CallerError)) throw error;
      replyError(visit, error, { renderer: wire, nowMs: deps.clock.now() });
    }
  };
}
