// The rules by which error replies are judged, for every provider; dialects put their own before them.
import type { ProviderFailure, ProviderFailureKind } from '#shared/failures.ts';
import type { Fault } from './fault.ts';

/** What an error means. `retryAfterMs` null: waiting does not help, whatever headers say; absent: as headers and message say. */
export interface Verdict {
  readonly kind: ProviderFailureKind;
  readonly covers?: ProviderFailure['covers'];
  readonly untilReset?: boolean;
  readonly retryAfterMs?: number | null;
  /** Said instead of the provider's own words. */
  readonly message?: string;
}

/** Holds when all given conditions do. `said` is tried on codes and message. */
export interface Rule {
  readonly statuses?: readonly number[];
  readonly except?: readonly number[];
  readonly codes?: RegExp;
  readonly said?: RegExp;
  readonly verdict: Verdict;
}

/** The verdict of the first rule that holds; null when none does. */
export function judgeByRules(rules: readonly Rule[], fault: Fault): Verdict | null {
  return rules.find((rule) => holds(rule, fault))?.verdict ?? null;
}

function holds({ statuses, except, codes, said }: Rule, fault: Fault): boolean {
  if (statuses !== undefined && !statuses.includes(fault.status)) return false;
  if (except?.includes(fault.status)) return false;
  if (codes !== undefined && !codes.test(fault.codes)) return false;
  return said === undefined || said.test(fault.said);
}

const badCredential: Verdict = { kind: 'bad_credential', covers: 'credential' };
/** Only a person can help: the account needs money or another plan. */
const needsMoney: Verdict = { kind: 'quota_exhausted', covers: 'credential', retryAfterMs: null };
const limited: Verdict = { kind: 'rate_limited', covers: 'model' };
const missing: Verdict = { kind: 'model_missing', covers: 'model' };

/** Asked in this order after a dialect's own rules. */
export const generalRules: readonly Rule[] = [
  {
    statuses: [200, 400, 401, 403],
    said: /invalid_api_key|API_KEY_INVALID|authentication_error|account_deactivated|api key (?:is )?(?:not valid|invalid|expired|revoked|disabled|not found)|(?:incorrect|invalid|wrong) (?:api[ -]key|x-api-key|authentication|subscription key)|invalid access token/i,
    verdict: badCredential,
  },
  {
    said: /insufficient_quota|billing_(?:hard_limit|not_active)|insufficient[ _](?:balance|credits?|funds)|not[ _]enough[ _](?:balance|credits?)|credit balance is too low|used all available credits|out of credits|credits? (?:have |has )?(?:expired|been exhausted)/i,
    verdict: needsMoney,
  },
  { statuses: [402], verdict: needsMoney },
  // Some call a used-up month unauthorised.
  { statuses: [401], codes: /quota_exceeded/i, verdict: { kind: 'quota_exhausted', covers: 'credential' } },
  {
    said: /FreeTierOnly|not available (?:on|in|for) (?:the |your )?free (?:tier|plan)/i,
    verdict: { kind: 'not_entitled', covers: 'model' },
  },
  {
    except: [401, 404, 429],
    said: /content_filter|content_policy|content management policy|ResponsibleAIPolicy|PROHIBITED_CONTENT|data_inspection_failed|moderation_blocked|safety system|guardrail_intervened|(?:input|prompt|content|request|message) (?:was |is |has been )?flagged|inappropriate content/i,
    verdict: { kind: 'content_filtered' },
  },
  {
    except: [401, 403, 404, 429],
    said: /context_length_exceeded|exceed_context_size|TOO_MANY_TOKENS|(?:maximum|max|model'?s?|available|this model'?s?) (?:\w+ )?context (?:length|window|size|limit)|context window|maximum prompt length|(?:prompt|input|request) (?:is |was )?too long|input tokens? (?:count )?exceed|input token count|number of input tokens exceeds|exceed(?:s|ed)? (?:the )?context|too many (?:input )?tokens|reduce the length of the (?:messages|prompt|input)|too large for model with \d+ maximum|`inputs` tokens \+/i,
    verdict: { kind: 'context_exceeded' },
  },
  {
    // A candidate that can't do what is asked: nothing to rest, nothing to repeat.
    statuses: [200, 400, 404, 422],
    said: /no endpoints found that support|does not support (?:tools|tool|function|image|vision|audio|structured|response[_ ]format|json)|(?:tool calling|tool use|tools|function calling|image input|image_url|response_format|json_schema)[`'"]? (?:is|are) not supported/i,
    verdict: { kind: 'too_large', message: 'The model does not support what the request needs.' },
  },
  {
    statuses: [200, 400, 403, 404, 410, 422],
    said: /model_not_found|model_decommissioned|decommissioned|model_not_supported|DeploymentNotFound|no endpoints found|no allowed providers|(?:model|deployment)\b[^.]{0,80} (?:does not exist|not found|is not found|was removed|is not available|is no longer)|version does not exist|(?:unknown|invalid|no such|unsupported) model\b|model (?:not exist|identifier is invalid)|not a (?:valid|chat) model|is not a valid model/i,
    verdict: missing,
  },
  { said: /json_validate_failed|tool_use_failed|failed_generation/i, verdict: { kind: 'bad_reply' } },
  // A limit of the account.
  { statuses: [429], said: /request was throttled/i, verdict: { kind: 'rate_limited', covers: 'credential' } },
  {
    statuses: [429, 413],
    said: /request too large|reduced in order to run successfully/i,
    verdict: { kind: 'too_large' },
  },
  {
    statuses: [200, 429],
    said: /overloaded|capacity (?:was |is |has been )?(?:temporarily )?exceeded|(?:at|over|no|insufficient) capacity|queue_exceeded|high (?:demand|traffic|load)/i,
    verdict: { kind: 'overloaded' },
  },
  {
    statuses: [200, 403, 429],
    said: /(?:per|\/) ?(?:day|month)\b|\b(?:daily|monthly|weekly)\b|\b(?:RPD|TPD|ASPD|ASD)\b/i,
    verdict: { kind: 'quota_exhausted', covers: 'model', untilReset: true },
  },
  {
    // AWS says so, and gateways before others do. The words of a message may be the caller's own.
    statuses: [400, 422],
    codes: /rate_limit_(?:exceeded|error)|\bThrottling|TooManyRequests|RESOURCE_EXHAUSTED/,
    verdict: limited,
  },
  {
    statuses: [403],
    said: /quota|rate.?limit|limit (?:exceeded|reached)/i,
    verdict: { kind: 'quota_exhausted', covers: 'model' },
  },
  {
    statuses: [403],
    said: /country|region|territory|location is not supported/i,
    verdict: { kind: 'not_entitled', covers: 'credential' },
  },
  { statuses: [200], said: /rate.?limit|too[ _]many[ _]requests|RESOURCE_EXHAUSTED|quota/i, verdict: limited },
  {
    statuses: [200],
    said: /server_error|internal|unavailable|timeout|timed out|overload|try again/i,
    verdict: { kind: 'overloaded' },
  },
];

const byStatus: Readonly<Record<number, Verdict>> = {
  401: badCredential,
  403: { kind: 'not_entitled', covers: 'model' },
  404: missing,
  408: { kind: 'timeout' },
  409: { kind: 'overloaded' },
  410: missing,
  413: { kind: 'too_large' },
  424: { kind: 'overloaded' },
  425: { kind: 'overloaded' },
  429: limited,
  451: { kind: 'not_entitled', covers: 'credential' },
  498: { kind: 'overloaded' },
  499: { kind: 'overloaded' },
  504: { kind: 'timeout' },
  522: { kind: 'timeout' },
  524: { kind: 'timeout' },
};

const badReply: Verdict = { kind: 'bad_reply' };
/** Of these statuses a web page says nothing: firewalls and proxies send them for reasons of their own. */
const pageStatuses = new Set([400, 403, 404, 410, 422, 451]);
/** Only these speak of what was asked; the others of how, which is never the caller's doing. */
const requestStatuses = new Set([400, 422]);

/** What a status means when nothing else is known. */
export function judgeByStatus({ status, isPage, message }: Pick<Fault, 'status' | 'isPage' | 'message'>): Verdict {
  if (isPage && pageStatuses.has(status)) return badReply;
  const known = byStatus[status];
  if (known !== undefined) return known;
  if (status >= 500) return { kind: 'overloaded' };
  if (status < 400 || isPage) return badReply;
  return { kind: requestStatuses.has(status) && message !== '' ? 'rejected' : 'unexplained' };
}
