// Builds a dialect out of what sets it apart: header rows, own rules, own judgement.
import type { DialectId } from '#shared/catalog.ts';
import type { ProviderFailure } from '#shared/failures.ts';
import type { Dialect, HttpReply, ObservedLimit } from '../types.ts';
import { findResetMs, findToldMs, findWaitMs, parseRetryAfterMs, theirTimeMs } from './durations.ts';
import type { Fault } from './fault.ts';
import { toFault } from './fault.ts';
import { findField } from './field.ts';
import { isBeyondLimit, readLimitHeaders, readLimitText, type LimitHeaders } from './limits.ts';
import type { Rule, Verdict } from './rules.ts';
import { generalRules, judgeByRules, judgeByStatus } from './rules.ts';
import { scrubMessage } from './scrub.ts';

/** What sets a dialect apart. All of it is optional. */
export interface DialectSpec {
  readonly headers?: readonly LimitHeaders[];
  /** Asked before the general rules. */
  readonly rules?: readonly Rule[];
  /** Asked before everything else; null leaves it to the rules. */
  judge?(fault: Fault, nowMs: number): Verdict | null;
  /** Further limits told by headers of any reply. */
  readMore?(headers: HttpReply['headers'], nowMs: number): readonly ObservedLimit[];
  /** Limits told by the body of a refusal, where the general wordings do not fit. */
  readRefusal?(fault: Fault, nowMs: number): readonly ObservedLimit[];
}

/** Makes a dialect. */
export function createDialect(id: DialectId, spec: DialectSpec = {}): Dialect {
  return {
    id,
    parseLimits: (reply, nowMs) => parseLimits(spec, reply, nowMs),
    parseFailure: (reply, nowMs) => parseFailure(spec, reply, nowMs),
  };
}

const noRows: readonly LimitHeaders[] = [];

function parseLimits(spec: DialectSpec, reply: HttpReply, nowMs: number): readonly ObservedLimit[] {
  const limits = readLimitHeaders(spec.headers ?? noRows, reply.headers, nowMs);
  if (spec.readMore !== undefined) limits.push(...spec.readMore(reply.headers, nowMs));
  if (reply.status !== 429 && reply.status !== 413) return limits;
  const fault = toFault(reply);
  const told = spec.readRefusal?.(fault, nowMs) ?? [];
  limits.push(...(told.length > 0 ? told : readLimitText(fault)));
  return limits;
}

function parseFailure(spec: DialectSpec, reply: HttpReply, ourTimeMs: number): ProviderFailure {
  const nowMs = theirTimeMs(reply, ourTimeMs);
  const fault = toFault(reply);
  const verdict = withRetryHint(judge(spec, fault, nowMs), fault);
  const retryAfterMs = findRetryAfterMs(verdict, reply, { fault, nowMs });
  const field = verdict.kind === 'rejected' ? findField(fault) : null;
  return {
    kind: verdict.kind,
    message:
      verdict.message ??
      (scrubMessage(fault.message) || `The provider answered with status ${reply.status} and no explanation.`),
    status: reply.status,
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
    ...(field === null ? toParam(verdict, fault) : { field }),
    ...(verdict.covers === undefined ? {} : { covers: verdict.covers }),
    ...(verdict.untilReset === true && retryAfterMs === null ? { untilReset: true } : {}),
  };
}

/** A path such as `messages[0].content`; anything else could be some of the request. */
const toParam = ({ kind }: Verdict, { param }: Fault): { readonly param?: string } =>
  kind === 'rejected' && param !== null && /^[\w.[\]]{1,80}$/.test(param) ? { param } : {};

function judge(spec: DialectSpec, fault: Fault, nowMs: number): Verdict {
  const own = spec.judge?.(fault, nowMs) ?? judgeByRules(spec.rules ?? [], fault);
  if (own !== null) return own;
  const limited = fault.status === 429 || fault.status === 413;
  if (limited && isBeyondLimit(fault.message)) return { kind: 'too_large' };
  return judgeByRules(generalRules, fault) ?? judgeByStatus(fault);
}

/** A refusal the provider itself calls worth repeating is not the caller's fault. */
function withRetryHint(verdict: Verdict, fault: Fault): Verdict {
  const hint = fault.headers['x-should-retry'];
  return verdict.kind === 'rejected' && hint === 'true' ? { kind: 'overloaded' } : verdict;
}

const waitable = new Set<ProviderFailure['kind']>(['rate_limited', 'quota_exhausted', 'overloaded', 'timeout']);

function findRetryAfterMs(
  verdict: Verdict,
  reply: HttpReply,
  { fault, nowMs }: { fault: Fault; nowMs: number },
): number | null {
  if (verdict.retryAfterMs !== undefined) return verdict.retryAfterMs;
  if (!waitable.has(verdict.kind)) return null;
  const told = parseRetryAfterMs(reply, nowMs) ?? findToldMs(fault.error, nowMs) ?? findWaitMs(fault.message);
  return told ?? findResetMs(reply, nowMs);
}
