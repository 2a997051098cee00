// Why answers of the Gemini format end: no broken one may pass for complete.
import { expect, it } from 'vitest';
import { loadChatWires } from '#lambda/wire/index.ts';

const { gemini } = await loadChatWires();
const finishOf = (finishReason: string): unknown =>
  gemini.toAnswer(
    JSON.stringify({ candidates: [{ content: { role: 'model', parts: [{ text: 'x' }] }, finishReason }] }),
  )?.finish;

// https://ai.google.dev/api/generate-content#FinishReason, and the list of Google's client 3.1.0, both of 2026-11.
it.each([
  ['stop', ['STOP']],
  ['length', ['MAX_TOKENS', 'CONTINUATION']],
  ['content_filter', ['SAFETY', 'RECITATION', 'LANGUAGE', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'SPII', 'IMAGE_SAFETY', 'IMAGE_PROHIBITED_CONTENT', 'IMAGE_RECITATION']],
  ['error', ['MALFORMED_FUNCTION_CALL', 'MALFORMED_RESPONSE', 'UNEXPECTED_TOOL_CALL', 'TOO_MANY_TOOL_CALLS', 'MISSING_THOUGHT_SIGNATURE']],
  ['other', ['OTHER', 'NO_IMAGE', 'IMAGE_OTHER', 'SOMETHING_NEW']],
] as const)('%s', (finish, reasons) => {
  expect(reasons.map(finishOf)).toEqual(reasons.map(() => finish));
}); // prettier-ignore
