// Finds the optional request field a provider objected to, so that it can be left out and the call repeated.
import type { Fault } from './fault.ts';
import { BAD_SIGNATURES, NO_SIGNATURES } from '../signatures.ts';
import { toList, toText } from '../json.ts';

/** Without these a request means something else; they are never left out. */
const essential = new Set([
  'model',
  'messages',
  'stream',
  'tools',
  'tool_choice',
  'functions',
  'function_call',
  'response_format',
  'n',
  'input',
  // Of Gemini's format: one field of theirs may be refused, and all the others would go with it.
  'contents',
  'system_instruction',
  'generation_config',
  'tool_config',
]);
const essentialOfMessage = new Set(['role', 'content', 'tool_calls', 'tool_call_id', 'function_call']);

const unsupportedCodes = /unsupported_(?:parameter|value)|unknown_parameter|unrecognized_(?:parameter|request)/i;
const memberOfMessage = /'?messages\.\d+'?[^]*?property '([\w.-]+)' is unsupported/;
const unexpectedDetail = /extra_forbidden|value_error\.extra|extra inputs/i;

/** Google's words, and Anthropic's: "messages.1.content.0: Invalid `signature` in `thinking` block". */
const badSignature =
  /thought.?signature|invalid `signature` in `thinking`|thinking` blocks [^]{0,60}cannot be modified/i;

/** Wordings that name a field the provider does not know or does not take. */
const wordings: readonly RegExp[] = [
  /unknown name "([\w.[\]-]+)"(?: at '([\w.[\]-]*)')?/i,
  /unsupported (?:parameter|value|argument|field)\(?s?\)?:? ?[`'"]?([\w.[\]-]+)[`'"]?/i,
  /unrecognized request arguments? supplied: ([\w.-]+)/i,
  /unknown (?:parameter|argument|field):? [`'"]?([\w.[\]-]+)[`'"]?/i,
  /property [`'"]([\w.[\]-]+)[`'"] is unsupported/i,
  /argument not supported[^:]{0,40}: ([\w.-]+)/i,
  /additional properties are not allowed \([`'"]([\w.-]+)[`'"] was unexpected/i,
  /([\w.[\]-]{1,80}): extra inputs are not permitted/i,
  /extra inputs are not permitted, field: [`'"]([\w.[\]-]+)/i,
  /[`'"]([\w.[\]-]+)[`'"]:? [\w ]{0,40}(?:is|are) not (?:supported|allowed|permitted)/i,
  /(?:parameter|argument|field|property) ([\w.[\]-]+) (?:is|are) not (?:supported|allowed|permitted)/i,
];

/**
 * The field in the words of `RequestTarget.stripped`: a top-level name, or `messages[].name` for a field of messages. Null when
 * the error names none, or one a request can't do without.
 */
export function findField(fault: Fault): string | null {
  // Which call it is does not matter: one bad signature spoils the whole conversation.
  if (badSignature.test(fault.message)) return BAD_SIGNATURES;
  const inMessage = memberOfMessage.exec(fault.message)?.[1];
  if (inMessage !== undefined) return toField(`messages[0].${inMessage}`);
  if (fault.param !== null && unsupportedCodes.test(fault.codes)) return toField(fault.param);
  for (const detail of fault.details) {
    const isUnexpected = unexpectedDetail.test(`${String(detail['type'])} ${toText(detail['msg']) ?? ''}`);
    const field = isUnexpected ? toField(toList(detail['loc']).map(String).join('.')) : null;
    if (field !== null) return field;
  }
  for (const wording of wordings) {
    const [, name, place] = wording.exec(fault.message) ?? [];
    const field = name === undefined ? null : toField(place ? `${place}.${name}` : name);
    if (field !== null) return field;
  }
  return null;
}

function toField(path: string): string | null {
  const steps = path.split(/[.[\]]+/).filter((step) => step !== '' && step !== 'body');
  const [first, ...inner] = steps;
  if (first === undefined) return null;
  if (first === 'messages') {
    const last = inner.at(-1);
    if (last === 'extra_content') return NO_SIGNATURES;
    const plain = last !== undefined && /^[a-z_]+$/.test(last) && !essentialOfMessage.has(last);
    return plain && !inner.includes('content') && !inner.includes('tool_calls') ? `messages[].${last}` : null;
  }
  const name = first.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return /^[a-z][a-z_]{1,40}$/.test(name) && !essential.has(name) && !filler.has(name) ? name : null;
}

/** Words that stand where a name would in looser wordings. */
const filler = new Set([
  'value',
  'this',
  'that',
  'the',
  'for',
  'parameter',
  'argument',
  'field',
  'model',
  'it',
  'in',
  'is',
]);
