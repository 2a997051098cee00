// Structured log: one JSON object a line, of fields on a list; what looks like a key is masked all the same.
import type { Log, LogFields } from '../ports.ts';

/** Fields that may be logged. Prompts, answers, bodies and keys have no name here. */
export const logFields = [
  'request_id', 'operation', 'route', 'credential', 'tier', 'attempts', 'wait_ms', 'duration_ms', 'input_tokens', 'output_tokens',
  'cost_usd', 'outcome', 'status', 'what', 'error', 'stack', 'fields', 'url', 'path', 'store', 'version', 'candidates', 'credentials', 'signal',
] as const; // prettier-ignore
const known: ReadonlySet<string> = new Set(logFields);

const levels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof levels)[number];

const secretLike =
  /\b(?:sk-[\w-]{8,}|gsk_\w{8,}|csk-[\w-]{8,}|AIza[\w-]{20,}|AQ\.[\w-]{20,}|hf_\w{8,}|nvapi-[\w-]{8,}|xai-[\w-]{8,}|fw_\w{8,}|fwy_[\w-]{8,}|tgp_v1_[\w-]{8,}|vck_\w{8,}|Bearer\s+[\w.~+/=-]{8,}|org[-_][A-Za-z0-9]{8,})/g;

/** Masks everything that looks like a key or an organization id. */
export function redact(text: string): string {
  return text.replace(secretLike, '[redacted]');
}

export interface LogOptions {
  readonly level: LogLevel;
  readonly write: (line: string) => void;
  readonly now: () => number;
}

/** A log that writes lines. */
export function createLog({ level, write, now }: LogOptions): Log {
  const from = levels.indexOf(level);
  const at =
    (line: LogLevel) =>
    (event: string, fields: LogFields = {}): void => {
      if (levels.indexOf(line) < from) return;
      const entry: Record<string, unknown> = { time: new Date(now()).toISOString(), level: line, event };
      for (const name in fields) {
        const value = fields[name];
        if (!known.has(name) || value === undefined) continue;
        entry[name] = typeof value === 'string' ? redact(value) : value;
      }
      write(`${JSON.stringify(entry)}\n`);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
