// What a provider signs the calls of an answer with, so that its model takes up its own thoughts again when they come back: carried along in every format.
import type { Json } from './json.ts';
import { isRecord, toRecord, toText } from './json.ts';

/**
 * Stands for the signature of a call that somebody else made: Google's models refuse a turn whose first call bears none.
 * Source: https://ai.google.dev/gemini-api/docs/thought-signatures, read on 2026-11-23.
 */
export const UNSIGNED = 'skip_thought_signature_validator';

/** The signature as a member of what is signed; none where there is none. */
export const withSignature = (signature: string | null | undefined): { readonly signature?: string } =>
  signature === null || signature === undefined ? {} : { signature };

/** The signature as calls of the OpenAI chat format bear it, in Google's words for that. */
export const toExtra = (signature: string | null | undefined): Json =>
  signature === null || signature === undefined ? {} : { extra_content: { google: { thought_signature: signature } } };

/** The signature of a call of the OpenAI chat format. Vertex AI tells it under a name of its own. */
export function signatureOf(call: Json): string | undefined {
  const signed = Object.values(toRecord(call['extra_content'])).find(isRecord);
  return toText(signed?.['thought_signature']) ?? undefined;
}

/**
 * How a signature begins that holds thoughts of Claude's (anthropic/kept.ts): base64 of `{"claude"`. It means nothing to anybody else, and Google
 * refuses it.
 */
const KEPT = 'eyJjbGF1ZGUi';

export const isKept = (signature: unknown): signature is string =>
  typeof signature === 'string' && signature.startsWith(KEPT);

/** The signature of a call as others than Claude may be told it. */
export function foreignSignatureOf(call: Json): string | undefined {
  const signature = signatureOf(call);
  return isKept(signature) ? undefined : signature;
}

/** Among the fields that a provider refuses: signatures of calls at all; and those of one conversation, which says nothing of others. */
export const NO_SIGNATURES = 'messages[].extra_content';
export const BAD_SIGNATURES = 'messages[].thought_signature';

/** Whether signatures are not to be told to who refused these fields. */
export const areRefused = (fields: readonly string[]): boolean =>
  fields.includes(NO_SIGNATURES) || fields.includes(BAD_SIGNATURES);
