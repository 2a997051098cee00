// The signed thoughts before a call, kept as the call's signature: so clients of every format hand them back, and Claude takes them up again.
import { decodeText, encodeAscii } from '../base64.ts';
import type { Json } from '../json.ts';
import { parseJson, toList, toRecord, toText } from '../json.ts';
import { fromSeal } from '../seals.ts';
import { isKept } from '../signatures.ts';

/** A thought while it is read; `data` is that of one that nobody may read. */
export type Thought =
  | { readonly type: 'thinking'; thinking: string; signature: string }
  | { readonly type: 'redacted_thinking'; readonly data: string };

/** The thought of a block, as far as it is told there; null when it is none, or one that we have sealed. */
export function toThought(block: Json): Thought | null {
  const { type, thinking, signature, data } = block;
  if (type === 'thinking') return { type, thinking: toText(thinking) ?? '', signature: toText(signature) ?? '' };
  const isTheirs = type === 'redacted_thinking' && typeof data === 'string' && fromSeal(data) === null;
  return isTheirs ? { type, data } : null;
}

const isUnsigned = (one: Thought): boolean => one.type === 'thinking' && one.signature === '';

/** The thoughts as a signature, in base64 since Google's clients decode it; undefined where one is not signed, which would be refused. */
export function keepThoughts(thoughts: readonly Thought[]): string | undefined {
  if (thoughts.length === 0 || thoughts.some((one) => one.type === 'thinking' && one.signature === ''))
    return undefined;
  const json = JSON.stringify({ claude: thoughts });
  return encodeAscii(json.replace(/[^\0-\x7f]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`));
}

/** The blocks that are kept in a signature; none where it is that of somebody else. */
export function toKept(signature: string | undefined): readonly Json[] {
  const text = isKept(signature) ? decodeText(signature) : null;
  const thoughts = text === null ? [] : toList(toRecord(parseJson(text))['claude']);
  return thoughts.flatMap((one) => toThought(toRecord(one)) ?? []).map((one) => ({ ...one }));
}

/** The signed thoughts of a message as LiteLLM (`thinking_blocks`) and OpenRouter (`reasoning_details`) tell those of Claude; none where any is not signed. */
export function toRouted(message: Json): readonly Json[] {
  const blocks = toList(message['thinking_blocks']).flatMap((block) => toThought(toRecord(block)) ?? []);
  const thoughts = blocks.length > 0 ? blocks : readDetails(toList(message['reasoning_details']).map(toRecord));
  return thoughts.some(isUnsigned) ? [] : thoughts.map((one) => ({ ...one }));
}

/** Clients that gather a stream may leave a thought in pieces, the last of which is signed. */
function readDetails(details: readonly Json[]): Thought[] {
  const thoughts: Thought[] = [];
  for (const { type, format, text, signature, data } of details) {
    if (!toText(format)?.startsWith('anthropic-claude')) continue;
    const open = thoughts.at(-1);
    if (type === 'reasoning.encrypted' && typeof data === 'string') thoughts.push({ type: 'redacted_thinking', data });
    if (type !== 'reasoning.text') continue;
    const piece = { thinking: toText(text) ?? '', signature: toText(signature) ?? '' };
    if (open?.type === 'thinking' && isUnsigned(open)) {
      open.thinking += piece.thinking;
      open.signature = piece.signature;
    } else thoughts.push({ type: 'thinking', ...piece });
  }
  return thoughts;
}
