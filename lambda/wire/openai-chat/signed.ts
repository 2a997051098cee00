// Keeps what earlier answers were signed with from those who never signed any: strict ones refuse it.
import {
  areRefused,
  BAD_SIGNATURES,
  foreignSignatureOf,
  isKept,
  signatureOf,
  toExtra,
  UNSIGNED,
} from '../signatures.ts';
import type { RequestTarget } from '../types.ts';
import type { Json } from '../json.ts';
import { isRecord, toList } from '../json.ts';
import { appliesTo, editMessages, without } from './quirks.ts';

/** What a target makes of signatures. */
interface Ways {
  readonly calls: boolean;
  readonly thoughts: boolean;
  /** A turn whose first call bears none is refused. */
  readonly checked: boolean;
}

function toWays({ quirks, model, stripped }: RequestTarget): Ways {
  const quirk = quirks.find((one) => one.kind === 'signatures' && appliesTo(one, model));
  const of = quirk?.kind === 'signatures' ? quirk.of : [];
  return {
    calls: of.includes('calls') && !areRefused(stripped),
    thoughts: of.includes('thoughts'),
    checked: (quirk?.kind === 'signatures' && quirk.checked === true) || stripped.includes(BAD_SIGNATURES),
  };
}

/** A call as the target takes it. */
function toCall(call: Json, isFirst: boolean, { calls, checked }: Ways): Json {
  if (isFirst && checked && (!calls || foreignSignatureOf(call) === undefined))
    return { ...call, ...toExtra(UNSIGNED) };
  return calls && !isKept(signatureOf(call)) ? call : without(call, ['extra_content']);
}

function toMessage(message: Json, ways: Ways): Json {
  if (message['role'] !== 'assistant') return message;
  const told = ways.thoughts ? message : without(message, ['reasoning_details']);
  const given = toList(message['tool_calls']);
  const calls = given.map((call, index) => (isRecord(call) ? toCall(call, index === 0, ways) : call));
  return calls.every((call, index) => call === given[index]) ? told : { ...told, tool_calls: calls };
}

/** Puts the messages of a body as the target takes their signatures; leaves them as they are where none has any. */
export function bendSignatures(draft: Record<string, unknown>, target: RequestTarget): void {
  const ways = toWays(target);
  editMessages(draft, (message) => toMessage(message, ways));
}
