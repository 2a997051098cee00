// Reads a whole reply of the OpenAI chat format: what the gateway must know of it, or why it is none.
import type { ProviderFailure } from '#shared/failures.ts';
import type { Finish, FrameCall, ParsedReply, ReplyContext, ReplyFacts, ToolCall } from '../types.ts';
import type { Json } from '../json.ts';
import { isRecord, parseJson, toList, toRecord, toText } from '../json.ts';
import { areBroken, brokenCall } from '../facts.ts';
import { isErrorBody, toInnerFailure } from '../inner-error.ts';
import { readCalls, writeCalls, type ReadCalls } from './calls.ts';
import { readText, toFinish, type MessageText } from './message.ts';
import { completeDocument, completeMessage, conformityOf, fillIn, toNames, type Names } from './official.ts';
import { parseUsage } from './usage.ts';

/** Reads the body of a reply of status 200. */
export function parseReply(text: string, context: ReplyContext): ParsedReply {
  const json = parseJson(text);
  if (json === undefined) return refuse(notJson(text));
  if (isErrorBody(json)) return { facts: null, failure: toInnerFailure(json, text, context) };
  if (!isRecord(json)) return refuse('The provider answered with JSON that is no chat completion.');
  const choice = toList(json['choices'])[0];
  if (!isRecord(choice)) return refuse('The provider answered without any choice.');
  const { facts, calls } = readFacts(json, choice, { body: text, names: toNames(context.nowMs) });
  const empty = facts.contentLength === 0 && facts.toolCalls === 0;
  if (empty && facts.finish === 'content_filter') {
    return refuse("The provider's content filter held the whole answer back.", 'content_filtered');
  }
  if (facts.finish === 'error') return refuse('The provider broke the answer off with an error of its own.');
  if (empty && facts.finish !== 'length') return refuse('The provider answered with an empty message.');
  if (areBroken(calls, facts.finish)) return { facts: null, failure: { ...brokenCall, status: 200 } };
  return { facts, failure: null };
}

/** The text of a reply, and what stands in for names it does not tell. */
interface Told {
  readonly body: string;
  readonly names: Names;
}

function readFacts(json: Json, choice: Json, told: Told): { facts: ReplyFacts; calls: readonly ToolCall[] } {
  // The text-completion shape (`text`) still comes from some local servers.
  const message = isRecord(choice['message']) ? choice['message'] : { content: choice['text'] };
  const text = readText(message);
  const read = readCalls(message, told.body);
  const { calls } = read;
  let length = text.content.length + text.reasoning.length + text.refusal.length;
  if (isRecord(message['audio'])) length += toText(message['audio']['transcript'])?.length ?? 1;
  for (const call of calls) length += call.arguments.length;
  const facts = {
    usage: parseUsage(json),
    finish: finishOf(choice, calls.length),
    model: toText(json['model']),
    contentLength: length,
    toolCalls: calls.length,
    normalise: isAsRead(choice, text, read) ? toCompletion(json, choice, told) : () => normaliseReply(json, told),
  };
  return { facts, calls };
}

/** Whether official clients would read the same in it. */
const isAsRead = (choice: Json, text: MessageText, calls: ReadCalls<ToolCall>): boolean =>
  isRecord(choice['message']) && !text.irregular && !calls.irregular;

/** What completes a reply whose shape is right; null when nothing is missing. */
function toCompletion(json: Json, choice: Json, told: Told): (() => string) | null {
  const message = toRecord(choice['message']);
  const conformity = conformityOf(json, choice, message);
  if (conformity === 'official') return null;
  const isSimple =
    conformity === 'nulls_missing' &&
    toList(json['choices']).length === 1 &&
    typeof message['role'] === 'string' &&
    (message['tool_calls'] === undefined || toList(message['tool_calls']).length > 0);
  return () => (isSimple ? fillIn(told.body, choice, message) : null) ?? normaliseReply(json, told);
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
function normaliseReply(json: Json, { body, names }: Told): string {
  const document = completeDocument(json, 'chat.completion', names);
  document['choices'] = toList(json['choices']).map((choice, at) => normaliseChoice(toRecord(choice), at, body));
  return JSON.stringify(document);
}

function normaliseChoice(choice: Json, at: number, body: string): Json {
  const { text, message: given, ...rest } = choice;
  const message = isRecord(given) ? given : { role: 'assistant', content: text };
  const read = readCalls(message, body);
  return {
    logprobs: null,
    ...rest,
    index: typeof choice['index'] === 'number' ? choice['index'] : at,
    message: completeMessage(normaliseMessage(message, read)),
    finish_reason: toText(choice['finish_reason']) ?? (read.calls.length > 0 ? 'tool_calls' : 'stop'),
  };
}

/** One message or delta in the shape official clients read. */
export function normaliseMessage(message: Json, read: ReadCalls<ToolCall | FrameCall>): Json {
  const text = readText(message);
  if (!text.irregular && !read.irregular) return message;
  const next: Record<string, unknown> = { ...message };
  if (text.irregular) {
    next['content'] = text.content;
    if (text.reasoning !== '') next['reasoning_content'] = text.reasoning;
  }
  if (read.irregular) next['tool_calls'] = writeCalls(toList(message['tool_calls']), read.calls);
  return next;
}
