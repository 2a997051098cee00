// Structured log: one JSON object a line, of fields on a list; what looks like a key is masked all the same.
import { createIsoTimes } from '#shared/iso-times.ts';
import { logLevels, type LogLevel } from '#shared/log-levels.ts';
import { logFields, type Log, type LogFields } from '../ports-telemetry.ts';

/** The fields that are written, as they begin in a line. */
const beginnings: ReadonlyMap<string, string> = new Map(logFields.map((name) => [name, `,"${name}":`]));

/** Keys and tokens by the marks their makers put on them. */
const marked =
  /\b(?:(?:sk|csk|xai|nvapi|pplx|gsk|hf|fw|fwy|fwsk|vck|r8|jina|glpat|gh[opsu]|github_pat|tgp_v1)[-_][\w-]{8,}|AIza[\w-]{20,}|AQ\.[\w-]{20,}|ya29\.[\w-]{10,}|(?:AKIA|ASIA)[A-Z0-9]{16}|eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?|Bearer\s+[\w.~+/=-]{8,}|org[-_][A-Za-z0-9]{8,})/gi;

/** Long runs of what keys are written with. */
const opaque = /[A-Za-z0-9+/_=-]{32,}/g;

const MASK = '[redacted]';

const email = /[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+/g;
/** With a country's prefix, or in groups as people write them. */
const phone = /(?<![\w.+-])(?:\+\d[\d ().-]{6,18}\d|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4})(?![\w-]|\.\d)/g;
/** Social security numbers of the United States. */
const ssn = /(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])/g;
const iban = /(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z\d]{4}){3,7}(?: ?[A-Z\d]{1,3})?(?!\w)/g;
const cardLike = /(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w.-])/g;

/** The check digit of payment cards: a number of that length without it is something else. */
function isCard(text: string): boolean {
  const digits = text.replace(/\D/g, '');
  let sum = 0;
  for (let at = 0; at < digits.length; at++) {
    const digit = Number(digits[digits.length - 1 - at]);
    sum += at % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2;
  }
  return sum % 10 === 0;
}

/** The remainder by 97 that bank accounts are checked by. */
function isIban(text: string): boolean {
  const compact = text.replaceAll(' ', '');
  const turned = compact.slice(4) + compact.slice(0, 4);
  let rest = 0;
  for (const sign of turned)
    for (const digit of String(Number.parseInt(sign, 36))) rest = (rest * 10 + Number(digit)) % 97;
  return rest === 1;
}

/** Masks what identifies people: addresses of mail, phone numbers, payment cards, bank accounts, social security numbers. */
function redactPersonal(text: string): string {
  // Most lines hold none of their signs.
  if (!/@|\d{3}/.test(text)) return text;
  return text
    .replace(email, MASK)
    .replace(iban, (found) => (isIban(found) ? MASK : found))
    .replace(cardLike, (found) => (isCard(found) ? MASK : found))
    .replace(phone, MASK)
    .replace(ssn, MASK);
}

/** Names of models, files and UUIDs consist of short words; a key is one long one, of letters and digits. */
const maskKey = (run: string): string =>
  run.split(/[-_/=+]/).some((word) => word.length >= 16 && /\d/.test(word) && /[A-Za-z]/.test(word)) ? MASK : run;

/** Masks everything that looks like a key or an organization id, or identifies a person. */
export function redact(text: string): string {
  return redactPersonal(text.replace(marked, MASK).replace(opaque, maskKey));
}

/** Codes of the system, such as `ENOSPC` or `EMFILE`. */
const systemCode = /^E[A-Z0-9_]{2,40}$/;

/** Names an error for the log: its class, the system's code and where it happened. Its message may quote what was being read, so it is left out. */
export function toErrorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const code = 'code' in error && systemCode.test(String(error.code)) ? ` ${String(error.code)}` : '';
  return { error: `${error.name}${code}`, stack: frames.join('\n') };
}

/** Values of these fields come again and again: names of ours, and of models and credentials. */
const repeated: ReadonlySet<string> = new Set([
  'gen_ai.operation.name',
  'gen_ai.provider.name',
  'gen_ai.response.model',
  'route',
  'credential',
  'tier',
  'finish',
  'outcome',
]);
/** Remembered at most; then anew. */
const MOST_REMEMBERED = 2_000;

/** Ids of requests as we make them: no key, and nobody's number, can look like that. */
const ownId = /^req_[0-9a-hjkmnp-z]{24}$/;

/** Text as JSON, redacted: looked up where it was seen before. */
function createMemory(): (text: string) => string {
  const seen = new Map<string, string>();
  return (text) => {
    const known = seen.get(text);
    if (known !== undefined) return known;
    if (seen.size >= MOST_REMEMBERED) seen.clear();
    const safe = JSON.stringify(redact(text));
    seen.set(text, safe);
    return safe;
  };
}

export interface LogOptions {
  readonly level: LogLevel;
  readonly write: (line: string) => void;
  readonly now: () => number;
}

/** A log that writes lines. */
export function createLog({ level, write, now }: LogOptions): Log {
  const from = logLevels.indexOf(level);
  const again = createMemory();
  const timeOf = createIsoTimes();
  const toJson = (name: string, value: string | number | boolean | null): string => {
    if (typeof value !== 'string') return typeof value === 'number' && !Number.isFinite(value) ? 'null' : String(value);
    if (repeated.has(name)) return again(value);
    return ownId.test(value) ? `"${value}"` : JSON.stringify(redact(value));
  };
  const at = (line: LogLevel): Log[LogLevel] => {
    if (logLevels.indexOf(line) < from) return () => undefined;
    return (event, fields = {}) => {
      let text = `{"time":"${timeOf(now())}","level":"${line}","event":${again(event)}`;
      for (const name in fields) {
        const value = fields[name as keyof LogFields];
        const beginning = beginnings.get(name);
        if (beginning !== undefined && value !== undefined) text += beginning + toJson(name, value);
      }
      write(`${text}}\n`);
    };
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
