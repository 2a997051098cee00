// The 429 (and Groq's 413) of each kind of provider: the text, details and headers that say when to come back.
import type { DialectId } from '#shared/catalog.ts';
import type { RetryForm } from './faults.ts';
import { periodOf, toGoDuration, toLimitHeaders } from './headers.ts';
import type { Breach } from './limits.ts';
import type { LimitUnit } from './spec.ts';
import { type ErrorFacts, type ErrorReply, toErrorReply } from './refusals.ts';

/** Looks like an organization id, so that a test can see whether it leaks. */
export const organizationId = 'org_01simulated9secret';

interface Limited {
  readonly model: string;
  readonly breach: Breach;
  readonly nowMs: number;
}

const groqWords: Readonly<Record<LimitUnit, { readonly noun: string; readonly short: string }>> = {
  requests: { noun: 'requests', short: 'RP' },
  tokens: { noun: 'tokens', short: 'TP' },
  input_tokens: { noun: 'tokens', short: 'TP' },
  audio_seconds: { noun: 'seconds of audio', short: 'ASP' },
  concurrent: { noun: 'requests', short: 'RP' },
};

function groqFacts({ model, breach }: Limited): ErrorFacts {
  const { limit, used, requested, waitMs } = breach;
  const period = periodOf(limit.clock);
  const words = groqWords[limit.unit];
  const on = `on ${words.noun} per ${period} (${words.short}${period.charAt(0).toUpperCase()})`;
  const where = `for model \`${model}\` in organization \`${organizationId}\` service tier \`on_demand\` ${on}`;
  const type = limit.unit === 'audio_seconds' ? 'seconds' : limit.unit;
  const code = 'rate_limit_exceeded';
  if (waitMs === Infinity) {
    const message =
      `Request too large ${where}: Limit ${limit.max}, Requested ${Math.ceil(requested)}, ` +
      'please reduce your message size and try again.';
    return { status: 413, message, type, code };
  }
  const message =
    `Rate limit reached ${where}: Limit ${limit.max}, Used ${Math.floor(used)}, Requested ${Math.ceil(requested)}. ` +
    `Please try again in ${toGoDuration(waitMs)}. Need more tokens? Upgrade to Dev Tier today.`;
  return { status: 429, message, type, code };
}

function geminiFacts({ model, breach }: Limited): ErrorFacts {
  const { limit } = breach;
  const perDay = periodOf(limit.clock) === 'day';
  const tokens = limit.unit !== 'requests';
  const metric = `generativelanguage.googleapis.com/generate_content_free_tier_${tokens ? 'input_token_count' : 'requests'}`;
  const quotaId = tokens
    ? `GenerateContentInputTokensPerModelPer${perDay ? 'Day' : 'Minute'}-FreeTier`
    : `GenerateRequestsPer${perDay ? 'Day' : 'Minute'}PerProjectPerModel-FreeTier`;
  // The delay says nothing about a daily quota, as with the real one.
  const seconds = perDay || breach.waitMs === Infinity ? 47.25 : breach.waitMs / 1000;
  const quotaValue = String(limit.max);
  return {
    status: 429,
    message:
      'You exceeded your current quota, please check your plan and billing details. \n' +
      `* Quota exceeded for metric: ${metric}, limit: ${quotaValue}, model: ${model}\nPlease retry in ${seconds}s.`,
    type: 'rate_limit',
    code: null,
    details: [
      {
        '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
        violations: [{ quotaMetric: metric, quotaId, quotaDimensions: { model, location: 'global' }, quotaValue }],
      },
      { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${Math.ceil(seconds)}s` },
    ],
  };
}

function openRouterFacts({ breach, nowMs }: Limited): ErrorFacts {
  const name = periodOf(breach.limit.clock) === 'day' ? 'free-models-per-day' : 'free-models-per-min';
  const headers = {
    'X-RateLimit-Limit': String(breach.limit.max),
    'X-RateLimit-Remaining': '0',
    'X-RateLimit-Reset': String(Math.ceil(nowMs + breach.resetMs)),
  };
  return {
    status: 429,
    message: `Rate limit exceeded: ${name}.`,
    type: 'rate_limit',
    code: null,
    metadata: { headers },
  };
}

function openAiFacts({ model, breach }: Limited): ErrorFacts {
  const { limit, used, requested, waitMs } = breach;
  const short = periodOf(limit.clock) === 'minute' ? 'min' : periodOf(limit.clock);
  const unit = limit.unit === 'requests' ? 'requests' : 'tokens';
  const where = `for ${model} in organization ${organizationId} on ${unit} per ${short}`;
  const message =
    waitMs === Infinity
      ? `Request too large ${where}: Limit ${limit.max}, Requested ${Math.ceil(requested)}.`
      : `Rate limit reached ${where}: Limit ${limit.max}, Used ${Math.floor(used)}, Requested ${Math.ceil(requested)}. ` +
        `Please try again in ${toGoDuration(waitMs)}.`;
  return { status: 429, message, type: unit, code: 'rate_limit_exceeded' };
}

function plainFacts(message: string, type: string, code: string | null): (limited: Limited) => ErrorFacts {
  return () => ({ status: 429, message, type, code });
}

const facts: Partial<Record<DialectId, (limited: Limited) => ErrorFacts>> = {
  groq: groqFacts,
  gemini: geminiFacts,
  openrouter: openRouterFacts,
  mistral: plainFacts('Rate limit exceeded', 'rate_limited', '1300'),
  cerebras: (limited) => ({
    ...(limited.breach.limit.unit === 'requests'
      ? {
          message: 'Requests per minute limit exceeded - too many requests sent.',
          code: 'request_quota_exceeded',
        }
      : { message: 'Tokens per minute limit exceeded - too many tokens processed.', code: 'token_quota_exceeded' }),
    status: 429,
    type: 'too_many_requests_error',
    param: 'quota',
  }),
  cohere: plainFacts('You are using a Trial key, which is limited to 20 API calls / minute.', 'rate_limit', null),
  together: plainFacts('You have been rate limited.', 'credit_limit', null),
  anthropic: plainFacts(
    `This request would exceed the rate limit for your organization (${organizationId}).`,
    'invalid_request_error',
    'rate_limit_error',
  ),
};

/** Dialects that never send retry-after. */
const silentDialects: readonly DialectId[] = ['gemini', 'openrouter', 'cohere', 'mistral'];

function retryHeaders(dialect: DialectId, waitMs: number): Record<string, string> {
  if (waitMs === Infinity || silentDialects.includes(dialect)) return {};
  const headers: Record<string, string> = { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1000))) };
  if (dialect === 'azure') headers['retry-after-ms'] = String(Math.ceil(waitMs));
  return headers;
}

/** The refusal of a call that a limit does not admit. */
export function toLimitedReply(dialect: DialectId, limited: Limited): ErrorReply {
  const { breach, nowMs } = limited;
  const said = (facts[dialect] ?? openAiFacts)(limited);
  return toErrorReply(dialect, said, {
    ...toLimitHeaders(dialect, [breach], { nowMs, refused: true }),
    ...retryHeaders(dialect, breach.waitMs),
  });
}

export interface ScriptedLimit {
  readonly model: string;
  readonly nowMs: number;
  readonly retry: RetryForm;
  readonly seconds: number;
  readonly daily: boolean;
}

/** A scripted 429 whose hint has the form asked for. */
export function toScriptedLimitReply(dialect: DialectId, scripted: ScriptedLimit): ErrorReply {
  const { retry, seconds, nowMs, model } = scripted;
  const waitMs = seconds * 1000;
  const breach: Breach = {
    limit: {
      models: ['*'],
      unit: 'requests',
      max: 30,
      clock: { kind: 'fixed', seconds: scripted.daily ? 86_400 : 60 },
    },
    used: 30,
    remaining: 0,
    requested: 1,
    waitMs,
    resetMs: waitMs,
  };
  if (retry === 'dialect') return toLimitedReply(dialect, { model, breach, nowMs });
  if (retry === 'gemini') return toErrorReply('gemini', geminiFacts({ model, breach, nowMs }));
  const said = (message: string): ErrorFacts => ({
    status: 429,
    message,
    type: 'requests',
    code: 'rate_limit_exceeded',
  });
  const headers: Record<string, string> = {};
  if (retry === 'seconds') headers['retry-after'] = String(seconds);
  if (retry === 'date') headers['retry-after'] = new Date(nowMs + waitMs).toUTCString();
  if (retry === 'ms') headers['retry-after-ms'] = String(waitMs);
  const message = retry === 'text' ? `Rate limit reached. Please try again in ${toGoDuration(waitMs)}.` : 'Slow down.';
  return toErrorReply(dialect, said(message), headers);
}
