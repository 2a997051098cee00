// What each metric counts, in words, for the person who reads /metrics.

/** By name. A metric that is missing here is told without a description. */
export const metricHelp: Readonly<Record<string, string>> = {
  freeway_requests_total: 'Requests of callers by operation, tier of the answer (none: no answer) and result.',
  freeway_request_duration_seconds: 'From the arrival of a request to the end of its answer, by operation.',
  freeway_first_content_seconds:
    'From asking the provider that answered to the first content of its answer, by operation.',
  freeway_wait_seconds: 'How long answered requests waited for quota, by operation.',
  freeway_attempts_total: 'Calls to providers by provider, tier and result (ok, or what went wrong).',
  freeway_attempt_duration_seconds: 'Duration of calls to providers that succeeded, from sending to the last byte.',
  freeway_failovers_total: 'Answers that came only after another candidate had failed.',
  freeway_hedges_total: 'Second candidates asked because the first was slow to begin, by whether the second won.',
  freeway_mended_total:
    'Answers that were put right by provider and what: tool calls written as text, JSON among words, schemas that would have been refused.',
  freeway_rescues_total: 'Answers that broke off and were taken up again, by provider and failure.',
  freeway_tokens_total: 'Tokens by direction and tier, as the providers report them.',
  freeway_cost_usd_total: 'US dollars paid by provider, failed calls that were billed included.',
  freeway_list_price_saved_usd_total: 'US dollars that free calls would have cost at list prices, by provider.',
  freeway_health_checks_total: 'Free checks of providers that had failed, by provider and result.',
  freeway_pool_pressure: 'How full the tightest quota pool of a candidate is: 0 is unused, 1 is exhausted.',
  freeway_long_pool_pressure: 'The same of the pools alone that last for hours or days.',
  freeway_quota_pressure:
    'Of each kind of model: how full the lasting quota is of the free candidate that has most left, 0 to 1.',
  freeway_breaker_open:
    'Whether the breaker of a candidate is open: 0 is closed, 1 is open, 0.5 lets one call try, 0.25 is recovering.',
  freeway_credentials_locked: "Saved credentials in use whose keys can't be opened, as far as this instance has tried.",
  freeway_security_events_total: 'Sign-ins, keys and sessions that were refused, by kind.',
  freeway_reserve_conflicts_total: 'Reservations that had to be tried again because another instance was faster.',
  freeway_guard_total: 'Prompts that guards have looked at, by guard and what it did.',
  freeway_invoke_refusals_total: 'Direct invokes that failed by a fault of their caller.',
  freeway_alerts_total: 'Alerts raised, by kind.',
  freeway_slices_total:
    'Shares of pools far from their limits that this instance reserved ahead of its calls, by result.',
  freeway_store_unavailable_total: 'Reads and writes that the store did not answer, by what was lost.',
};
