// Takes out of a provider's words what must not be shown: keys, organizations, accounts; and bounds their length.

const longest = 300;

const secrets: readonly (readonly [RegExp, string])[] = [
  [/\b(bearer)\s+[\w.~+/=-]+/gi, '$1 ***'],
  [/(key provided:\s*)[^\s,;]+/gi, '$1***'],
  [/\b(?:sk|gsk|csk|pk|rk|xai|pplx|hf|nvapi|fw|r8|ghp|fwy|tgp|key)[-_][\w*-]{6,}/gi, '***'],
  [/\bAIza[\w-]{10,}/g, '***'],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{8,}/g, '***'],
  [/\beyJ[\w-]+\.[\w-]+(?:\.[\w-]+)?/g, '***'],
  [/\barn:aws[\w:./-]+/g, 'arn:***'],
  [/\b(organization|team|account|user|project)(\s+(?:id\s+)?)[`'"][^`'"\s]+[`'"]/gi, '$1$2***'],
  [/\b(?:org|proj|user)[-_]\w+/gi, '***'],
  [/\b(projects\/)[^/\s`'"]+/g, '$1***'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '***'],
  [/\b[0-9a-f]{32,}\b/gi, '***'],
  [/\b\d{12}\b/g, '***'],
];

/** Every secret has one of these in it. Most messages have none, and need not be searched for each kind. */
const suspicious = /[-_`'"]|bearer\s|provided:|AIza|AKIA|ASIA|eyJ|arn:|projects\/|[0-9a-f]{32}|\d{12}/i;
/** White space that is not a single blank. */
const untidy = /[^\S ]|\p{Cc}| {2}/u;

/** A provider's message as it may be shown: one line of at most 300 characters without secrets. */
export function scrubMessage(message: string): string {
  // Cut first with room to spare: a secret across the final cut must be seen whole.
  let text = message.slice(0, longest * 4);
  if (suspicious.test(text)) for (const [pattern, replacement] of secrets) text = text.replace(pattern, replacement);
  if (untidy.test(text)) text = text.replace(/[\s\p{Cc}]+/gu, ' ');
  text = text.trim();
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}
