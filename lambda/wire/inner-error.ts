// Finds faults that providers report inside a reply of status 200, and has the dialect judge them.
import type { ProviderFailure } from '#shared/failures.ts';
import type { ReplyContext } from './types.ts';
import type { Json } from './json.ts';
import { isRecord, toText } from './json.ts';

/** True when the JSON is an error: under `error`, in an array, or as a bare `{message, type, code}` without choices. */
export function isErrorBody(json: unknown): boolean {
  if (Array.isArray(json)) return json.length > 0 && isErrorBody(json[0]);
  if (!isRecord(json)) return false;
  const { error, object, type } = json;
  if (isRecord(error) || (typeof error === 'string' && error !== '')) return true;
  if (json['success'] === false || object === 'error' || type === 'error') return true;
  if (Array.isArray(json['choices'])) return false;
  return toText(json['message']) !== null || json['detail'] !== undefined;
}

/** The failure an error body stands for. Its own status, when it names one, counts more than the reply's 200. */
export function toInnerFailure(json: unknown, body: string, context: ReplyContext): ProviderFailure {
  const status = innerStatus(Array.isArray(json) ? json[0] : json) ?? 200;
  return context.dialect.parseFailure({ status, headers: {}, body }, context.nowMs);
}

function innerStatus(json: unknown): number | null {
  const outer: Json = isRecord(json) ? json : {};
  const inner: Json = isRecord(outer['error']) ? outer['error'] : {};
  const named = [
    inner['status_code'],
    inner['code'],
    inner['status'],
    outer['status_code'],
    outer['code'],
    outer['status'],
  ];
  for (const value of named) {
    const status = typeof value === 'string' && /^\d{3}$/.test(value) ? Number(value) : value;
    if (typeof status === 'number' && status >= 400 && status <= 599) return status;
  }
  return null;
}
