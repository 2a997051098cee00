// Words of the Gemini format: names in two spellings, why an answer ended and what it used, read and written.
import type { Usage } from '#shared/usage.ts';
import { toTerms } from '../billed.ts';
import type { Json } from '../json.ts';
import { toKnown, toList, toRecord, toText, toTokens } from '../json.ts';
import type { Finish } from '../types.ts';

/** A field by its name in camel case; the format takes both spellings. */
export function fieldOf(json: Json, name: string): unknown {
  return json[name] ?? json[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
}

const finishes: Readonly<Record<string, Finish>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  // There is more, which could be asked for.
  CONTINUATION: 'length',
  // Said by some who speak the format.
  FUNCTION_CALL: 'tool_calls',
  SAFETY: 'content_filter',
  RECITATION: 'content_filter',
  LANGUAGE: 'content_filter',
  BLOCKLIST: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  SPII: 'content_filter',
  IMAGE_SAFETY: 'content_filter',
  IMAGE_PROHIBITED_CONTENT: 'content_filter',
  IMAGE_RECITATION: 'content_filter',
  MALFORMED_FUNCTION_CALL: 'error',
  MALFORMED_RESPONSE: 'error',
  UNEXPECTED_TOOL_CALL: 'error',
  TOO_MANY_TOOL_CALLS: 'error',
  MISSING_THOUGHT_SIGNATURE: 'error',
};

/** The reason an answer ended; null while it goes on. */
export function toFinish(raw: unknown): Finish | null {
  const word = toText(raw);
  if (word === null || word === 'FINISH_REASON_UNSPECIFIED') return null;
  return Object.hasOwn(finishes, word) ? (finishes[word] ?? 'other') : 'other';
}

/** The format's word for a reason. */
export const finishReasons: Readonly<Record<Finish, string>> = {
  stop: 'STOP',
  length: 'MAX_TOKENS',
  // Calls are an answer like any other here.
  tool_calls: 'STOP',
  content_filter: 'SAFETY',
  error: 'OTHER',
  other: 'OTHER',
};

/** Tokens of one modality among details; undefined when there are none. */
function toModal(details: unknown, modality: string): number | undefined {
  const found = toList(details)
    .map(toRecord)
    .filter((detail) => detail['modality'] === modality);
  return found.reduce((sum, { tokenCount }) => sum + (toTokens(tokenCount) ?? 0), 0) || undefined;
}

/** The use in our words: here output does not count thoughts. null when nothing is known. */
export function toUsage(raw: unknown): Usage | null {
  const counts = toRecord(raw);
  const prompt = toTokens(counts['promptTokenCount']);
  const answer = toTokens(counts['candidatesTokenCount']);
  const reasoningTokens = toTokens(counts['thoughtsTokenCount']);
  if (prompt === undefined && answer === undefined) return null;
  const heard = toModal(counts['promptTokensDetails'], 'AUDIO');
  const cachedAudioInputTokens = toModal(counts['cacheTokensDetails'], 'AUDIO');
  return toKnown<Usage>({
    inputTokens: prompt === undefined ? prompt : prompt + (toTokens(counts['toolUsePromptTokenCount']) ?? 0),
    outputTokens:
      answer === undefined && reasoningTokens === undefined ? undefined : (answer ?? 0) + (reasoningTokens ?? 0),
    cachedInputTokens: toTokens(counts['cachedContentTokenCount']),
    reasoningTokens,
    audioInputTokens: heard && Math.max(0, heard - (cachedAudioInputTokens ?? 0)),
    cachedAudioInputTokens,
    audioOutputTokens: toModal(counts['candidatesTokensDetails'], 'AUDIO'),
    imageOutputTokens: toModal(counts['candidatesTokensDetails'], 'IMAGE'),
    billedAs: toTerms(counts['serviceTier'], counts['trafficType']),
  });
}

/** The use in the format's words; null when nothing is known. Unknown counts are left out. */
export function toUsageJson(usage: Usage | null): Json | null {
  const { inputTokens, outputTokens, cachedInputTokens, reasoningTokens } = usage ?? {};
  if (inputTokens === undefined && outputTokens === undefined) return null;
  return {
    ...(inputTokens === undefined ? {} : { promptTokenCount: inputTokens }),
    ...(outputTokens === undefined ? {} : { candidatesTokenCount: Math.max(0, outputTokens - (reasoningTokens ?? 0)) }),
    ...(reasoningTokens === undefined ? {} : { thoughtsTokenCount: reasoningTokens }),
    ...(cachedInputTokens === undefined ? {} : { cachedContentTokenCount: cachedInputTokens }),
    totalTokenCount: (inputTokens ?? 0) + (outputTokens ?? 0),
  };
}
