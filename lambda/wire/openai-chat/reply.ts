// Reads a whole reply of the OpenAI chat format: what the gateway must know of it, or why it is none.
import type { ProviderFailure } from '#shared/failures.ts';
import type { Finish, ParsedReply, ReplyContext, ReplyFacts } from '../types.ts';
import type { Json } from '../json.ts';
import { isRecord, parseJson, toList, toRecord, toText } from '../json.ts';
import { isErrorBody, toInnerFailure } from '../inner-error.ts';
import { readCalls, readText, toFinish, type CallPiece, type MessageText } from './message.ts';
import { completeDocument, completeMessage, conformityOf, fillIn } from './official.ts';
import { parseUsage } from './usage.ts';

/** Reads the body of a reply of status 200. */
export function parseReply(text: string, context: ReplyContext): ParsedReply {
  const json = parseJson(text);
  if (json === undefined) return refuse(notJson(text));
  if (isErrorBody(json)) return { facts: null, failure: toInnerFailure(json, text, context) };
  if (!isRecord(json)) return refuse('The provider answered with JSON that is no chat completion.');
  const choice = toList(json['choices'])[0];
  if (!isRecord(choice)) return refuse('The provider answered without any choice.');
  const facts = readFacts(json, choice, text);
  const empty = facts.contentLength === 0 && facts.toolCalls === 0;
  if (empty && facts.finish === 'content_filter') {
    return refuse("The provider's content filter held the whole answer back.", 'content_filtered');
  }
  if (facts.finish === 'error') return refuse('The provider broke the answer off with an error of its own.');
  if (empty && facts.finish !== 'length') return refuse('The provider answered with an empty message.');
  return { facts, failure: null };
}

function readFacts(json: Json, choice: Json, body: string): ReplyFacts {
  // The text-completion shape (`text`) still comes from some local servers.
  const message = isRecord(choice['message']) ? choice['message'] : { content: choice['text'] };
  const text = readText(message);
  const calls = readCalls(message, false);
  let length = text.content.length + text.reasoning.length + text.refusal.length;
  if (isRecord(message['audio'])) length += toText(message['audio']['transcript'])?.length ?? 1;
  for (const call of calls) length += call.arguments.length;
  return {
    usage: parseUsage(json),
    finish: finishOf(choice, calls.length),
    model: toText(json['model']),
    contentLength: length,
    toolCalls: calls.length,
    normalise: isAsRead(choice, text, calls) ? toCompletion(json, choice, body) : () => normaliseReply(json),
  };
}

/** Whether official clients would read the same in it. */
const isAsRead = (choice: Json, text: MessageText, calls: readonly CallPiece[]): boolean =>
  isRecord(choice['message']) && !text.irregular && !calls.some(({ irregular }) => irregular);

/** What completes a reply whose shape is right; null when nothing is missing. */
function toCompletion(json: Json, choice: Json, body: string): (() => string) | null {
  const message = toRecord(choice['message']);
  const conformity = conformityOf(json, choice, message);
  if (conformity === 'official') return null;
  const isSimple =
    conformity === 'nulls_missing' &&
    toList(json['choices']).length === 1 &&
    typeof message['role'] === 'string' &&
    (message['tool_calls'] === undefined || toList(message['tool_calls']).length > 0);
  return () => (isSimple ? fillIn(body, choice, message) : null) ?? normaliseReply(json);
}

/** Some end a tool call with `stop`. */
function finishOf(choice: Json, calls: number): Finish | null {
  const finish = toFinish(choice['finish_reason']);
  return finish === 'stop' && calls > 0 ? 'tool_calls' : finish;
}

function notJson(text: string): string {
  const start = text.slice(0, 200).trimStart();
  if (start === '') return 'The provider answered with an empty body.';
  if (start.startsWith('<')) return 'The provider answered with a web page instead of JSON.';
  if (start.startsWith('data:') || start.startsWith('event:')) {
    return 'The provider answered with an event stream where JSON was asked for.';
  }
  return 'The provider answered with a body that is not valid JSON.';
}

function refuse(message: string, kind: ProviderFailure['kind'] = 'bad_reply'): ParsedReply {
  return { facts: null, failure: { kind, message, status: 200 } };
}

/** The text of a reply in the shape official clients read: content as one string, reasoning beside it, nothing left out. */
function normaliseReply(json: Json): string {
  const document = completeDocument(json, 'chat.completion');
  document['choices'] = toList(json['choices']).map((choice) => normaliseChoice(toRecord(choice)));
  return JSON.stringify(document);
}

function normaliseChoice(choice: Json): Json {
  const { message } = choice;
  if (isRecord(message))
    return { logprobs: null, ...choice, message: completeMessage(normaliseMessage(message, false)) };
  const { text: content, ...rest } = choice;
  return { logprobs: null, ...rest, message: completeMessage({ role: 'assistant', content }) };
}

/** One message or delta in the shape official clients read. */
export function normaliseMessage(message: Json, streamed: boolean): Json {
  const text = readText(message);
  const calls = readCalls(message, streamed);
  const irregularCalls = calls.some((call) => call.irregular);
  if (!text.irregular && !irregularCalls) return message;
  const next: Record<string, unknown> = { ...message };
  if (text.irregular) {
    next['content'] = text.content;
    if (text.reasoning !== '') next['reasoning_content'] = text.reasoning;
  }
  if (irregularCalls && Array.isArray(message['tool_calls'])) {
    next['tool_calls'] = message['tool_calls'].map((call: unknown, position) => {
      const record = toRecord(call);
      const piece = calls[position];
      if (piece === undefined) return call;
      const target = { ...toRecord(record['function']), arguments: piece.arguments };
      return { ...(streamed ? { index: piece.index } : {}), ...record, function: target };
    });
  }
  return next;
}
