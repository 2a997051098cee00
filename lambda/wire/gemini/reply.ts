// Reads replies of the Gemini format: whole ones, and streams chunk by chunk.
import type { ProviderFailure } from '#shared/failures.ts';
import { toCallName } from '../call-ids.ts';
import { findFault, finishAfter, lostPiece, nothing } from '../facts.ts';
import { isErrorBody, toInnerFailure } from '../inner-error.ts';
import type { Json } from '../json.ts';
import { isRecord, parseJson, toList, toRecord, toText } from '../json.ts';
import type {
  Answer,
  Finish,
  FrameFacts,
  ParsedReply,
  ReplyContext,
  ReplyHead,
  SseFrame,
  StreamReader,
  ToolCall,
} from '../types.ts';
import { withSignature } from '../signatures.ts';
import { fieldOf, toFinish, toUsage } from './words.ts';

/** What the parts of one chunk say. */
interface Said {
  readonly content: string;
  readonly reasoning: string;
  readonly calls: readonly ToolCall[];
  /** Parts that can't be told in words: pictures, code that was run. */
  readonly others: number;
}

/** Where calls stand that bear no id: in this answer, behind so many others. */
interface Place {
  readonly answer: string;
  readonly before: number;
}

/** Reads parts; calls without an id are named after their place. */
function readParts(json: Json, { answer, before }: Place): Said {
  const candidate = toRecord(toList(json['candidates'])[0]);
  const parts = toList(toRecord(candidate['content'])['parts']).map(toRecord);
  const textOf = (part: Json): string => toText(part['text']) ?? '';
  const isText = (part: Json): boolean => typeof part['text'] === 'string';
  const calls = parts.filter((part) => isRecord(part['functionCall']));
  return {
    content: parts.map((part) => (part['thought'] === true ? '' : textOf(part))).join(''),
    reasoning: parts.map((part) => (part['thought'] === true ? textOf(part) : '')).join(''),
    calls: calls.map((part, index) => {
      const { id, name, args } = toRecord(part['functionCall']);
      return {
        id: toText(id) ?? toCallName(answer, before + index),
        name: toText(name) ?? '',
        arguments: JSON.stringify(args ?? {}),
        ...withSignature(toText(fieldOf(part, 'thoughtSignature'))),
      };
    }),
    others: parts.filter((part) => !isText(part) && !isRecord(part['functionCall']) && !isSignature(part)).length,
  };
}

/** Some parts hold nothing but the signature of a thought. */
const isSignature = (part: Json): boolean => Object.keys(part).every((name) => name.startsWith('thought'));

/** Not all who speak the format name their answers: `otherwise` stands for the id. */
const toHead = (json: Json, nowMs: number, otherwise: string): ReplyHead => ({
  id: toText(json['responseId']) ?? otherwise,
  model: toText(json['modelVersion']) ?? '',
  created: Math.floor(nowMs / 1000),
});

/** Why the prompt itself was refused; null when it was not. */
function findBlock(json: Json): ProviderFailure | null {
  const reason = toText(toRecord(json['promptFeedback'])['blockReason']);
  if (reason === null || toList(json['candidates']).length > 0) return null;
  return { kind: 'content_filtered', message: `The provider refused the prompt: ${reason}.`, status: 200 };
}

/** Why the answer ended; a prompt that was refused has none. */
const finishOf = (json: Json): Finish | null =>
  findBlock(json) === null ? toFinish(toRecord(toList(json['candidates'])[0])['finishReason']) : 'content_filter';

const refuse = (message: string): ParsedReply => ({
  facts: null,
  failure: { kind: 'bad_reply', message, status: 200 },
});

function readAnswer(json: unknown, text: string): (Answer & { readonly others: number }) | null {
  if (!isRecord(json) || (!Array.isArray(json['candidates']) && findBlock(json) === null)) return null;
  const { content, reasoning, calls, others } = readParts(json, {
    answer: toText(json['responseId']) ?? text,
    before: 0,
  });
  return {
    ...toHead(json, 0, ''),
    content,
    reasoning,
    refusal: '',
    toolCalls: calls,
    finish: finishAfter(finishOf(json), calls.length),
    usage: toUsage(json['usageMetadata']),
    others,
  };
}

/** Reads the body of a reply of status 200. */
export function parseReply(text: string, context: ReplyContext): ParsedReply {
  const json = parseJson(text);
  if (json === undefined) return refuse('The provider answered with a body that is not valid JSON.');
  if (isErrorBody(json)) return { facts: null, failure: toInnerFailure(json, text, context) };
  const block = isRecord(json) ? findBlock(json) : null;
  if (block !== null) return { facts: null, failure: block };
  const answer = readAnswer(json, text);
  if (answer === null) return refuse('The provider answered with JSON that holds no candidates.');
  const fault = answer.others > 0 ? null : findFault(answer);
  if (fault !== null) return { facts: null, failure: { ...fault, status: 200 } };
  const { usage, finish, model, content, reasoning, toolCalls, others } = answer;
  const length = toolCalls.reduce((sum, call) => sum + call.arguments.length, content.length + reasoning.length);
  return {
    facts: {
      usage,
      finish,
      model: model === '' ? null : model,
      contentLength: length + others,
      toolCalls: toolCalls.length,
      normalise: null,
    },
    failure: null,
  };
}

/** A whole reply as an answer; null when the text is none. */
export function toAnswer(text: string): Answer | null {
  const read = readAnswer(parseJson(text), text);
  if (read === null) return null;
  const { others: _, ...answer } = read;
  return answer;
}

interface State {
  calls: number;
  /** The id of the answer, once it is known or made up. */
  id: string;
}

/** Begins to read a stream. */
export function openReader(): StreamReader {
  const state: State = { calls: 0, id: '' };
  return { read: (frame, context) => readFrame(state, frame, context) };
}

function readFrame(state: State, { data }: SseFrame, context: ReplyContext): FrameFacts {
  if (data === null || data === '') return nothing;
  const json = parseJson(data);
  if (isErrorBody(json)) return { ...nothing, failure: toInnerFailure(json, data, context) };
  if (json === undefined && data.includes('"candidates"')) return lostPiece;
  if (!isRecord(json)) return { ...nothing, malformed: true };
  if (state.id === '') state.id = toText(json['responseId']) ?? `gen-${context.nowMs.toString(36)}`;
  const before = state.calls;
  const { content, reasoning, calls, others } = readParts(json, { answer: state.id, before });
  state.calls += calls.length;
  const finish = finishOf(json);
  const hasText = content !== '' || reasoning !== '';
  return {
    ...nothing,
    content: hasText || calls.length > 0 || others > 0,
    toolCall: calls.length > 0,
    finish: finishAfter(finish, state.calls),
    usage: toUsage(json['usageMetadata']),
    head: toHead(json, context.nowMs, state.id),
    text: hasText ? { content, reasoning, refusal: '' } : null,
    calls: calls.map((call, index) => ({ index: before + index, ...call })),
    opaque: others > 0,
    failure:
      finish === 'error' ? { kind: 'bad_reply', message: 'The provider broke off a call it could not write.' } : null,
  };
}
