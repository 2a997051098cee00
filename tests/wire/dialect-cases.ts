// Error replies put together from documented and reported wordings, and what they must be understood as.
import type { DialectId } from '#shared/catalog.ts';

export const nowMs = Date.parse('2026-11-21T12:00:00Z');

/** An error body in the common envelope. */
export const said = (message: string, more: object = {}): object => ({ error: { message, ...more } });

/** What it is, dialect, reply, failure without message and status. */
type Case = readonly [string, DialectId, { status: number; body?: unknown; headers?: Record<string, string> }, object];

export const reportedFailures: readonly Case[] = [
  // Predictions.
  [
    'the plain limit of an account',
    'generic',
    { status: 429, body: { detail: 'Request was throttled. Expected available in 1 second.' } },
    { kind: 'rate_limited', covers: 'credential', retryAfterMs: 1_000 },
  ],
  [
    'the limit of an account that holds little credit',
    'generic',
    {
      status: 429,
      body: {
        detail:
          'Request was throttled. Your rate limit for creating predictions is reduced to 6 requests per minute with a burst of 1 requests while you have less than $5.0 in credit. Your rate limit resets in ~5s.',
        status: 429,
        retry_after: 5,
      },
    },
    { kind: 'rate_limited', covers: 'credential', retryAfterMs: 5_000 },
  ],
  [
    'a model that has broken down',
    'generic',
    { status: 500, body: { detail: 'CUDA out of memory. Tried to allocate 2.00 GiB' } },
    { kind: 'overloaded' },
  ],
  // Speech providers.
  [
    'a parameter in another envelope',
    'generic',
    { status: 400, body: { err_code: 'INVALID_QUERY_PARAMETER', err_msg: 'Unknown parameter: utterances' } },
    { kind: 'rejected', field: 'utterances' },
  ],
  [
    'credits used up, in detail',
    'generic',
    {
      status: 401,
      body: { detail: { status: 'quota_exceeded', message: 'This request exceeds your quota of 10000.' } },
    },
    { kind: 'quota_exhausted', covers: 'credential' },
  ],
  [
    'a wrong key, in detail',
    'generic',
    { status: 401, body: { detail: { status: 'invalid_api_key', message: 'Invalid API key' } } },
    { kind: 'bad_credential', covers: 'credential' },
  ],
  [
    'a day used up, with a wait',
    'groq',
    {
      status: 429,
      body: said(
        'Rate limit reached for model `m` in organization `org_01abc` on tokens per day (TPD): Limit 200000, Used 197494, Requested 4035. Please try again in 11m0.528s.',
        { type: 'tokens', code: 'rate_limit_exceeded' },
      ),
    },
    { kind: 'quota_exhausted', covers: 'model', retryAfterMs: 660_528 },
  ],
  [
    'a wait with spaces',
    'groq',
    {
      status: 429,
      body: said('on tokens per minute (TPM): Limit 6000, Used 5900, Requested 900. Please try again in 6m 11.52s.'),
    },
    { kind: 'rate_limited', covers: 'model', retryAfterMs: 371_520 },
  ],
  [
    'hours',
    'groq',
    { status: 429, body: said('on requests per day (RPD): Limit 1000, Used 1000. Please try again in 1h23m45.6s') },
    { kind: 'quota_exhausted', covers: 'model', retryAfterMs: 5_025_600 },
  ],
  [
    'audio that never fits',
    'groq',
    { status: 413, body: said('Request too large on seconds of audio per hour (ASPH): Limit 7200, Requested 9000') },
    { kind: 'too_large' },
  ],
  ['flex without room', 'groq', { status: 498, body: said('capacity exceeded') }, { kind: 'overloaded' }],
  [
    'a broken tool call',
    'groq',
    { status: 400, body: said('Failed to call a function.', { code: 'tool_use_failed' }) },
    { kind: 'bad_reply' },
  ],
  [
    'a model gone',
    'groq',
    { status: 400, body: said('The model `x` has been decommissioned', { code: 'model_decommissioned' }) },
    { kind: 'model_missing', covers: 'model' },
  ],
  [
    'a quota of zero',
    'gemini',
    {
      status: 429,
      body: [
        said(
          'Quota exceeded for metric: x/generate_content_free_tier_requests, limit: 0, model: gemini-pro\nPlease retry in 26.1s.',
          { status: 'RESOURCE_EXHAUSTED' },
        ),
      ],
    },
    { kind: 'not_entitled', covers: 'model' },
  ],
  [
    'a wait of a day',
    'gemini',
    {
      status: 429,
      body: said('quota', {
        status: 'RESOURCE_EXHAUSTED',
        details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '65205s' }],
      }),
    },
    { kind: 'quota_exhausted', covers: 'model', retryAfterMs: 65_205_000 },
  ],
  [
    'no capacity',
    'gemini',
    { status: 503, body: said('The model is overloaded. Please try again later.', { status: 'UNAVAILABLE' }) },
    { kind: 'overloaded' },
  ],
  [
    'an unknown field',
    'gemini',
    { status: 400, body: [said('Invalid JSON payload received. Unknown name "store": Cannot find field.')] },
    { kind: 'rejected', field: 'store' },
  ],
  [
    'too many tokens',
    'gemini',
    {
      status: 400,
      body: said('The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).'),
    },
    { kind: 'context_exceeded' },
  ],
  [
    'not on the plan',
    'mistral',
    { status: 429, headers: { 'x-ratelimit-limit-req-minute': '0' }, body: { message: 'Rate limit exceeded' } },
    { kind: 'not_entitled', covers: 'model' },
  ],
  [
    'no capacity as 429',
    'mistral',
    {
      status: 429,
      body: {
        object: 'error',
        message: 'Service tier capacity exceeded for this model.',
        type: 'service_tier_capacity_exceeded',
        code: '3505',
      },
    },
    { kind: 'overloaded' },
  ],
  [
    'a forbidden extra',
    'mistral',
    {
      status: 422,
      body: {
        detail: [{ type: 'extra_forbidden', loc: ['body', 'logit_bias'], msg: 'Extra inputs are not permitted' }],
      },
    },
    { kind: 'rejected', field: 'logit_bias' },
  ],
  [
    'a forbidden extra of messages',
    'mistral',
    {
      status: 422,
      body: {
        object: 'error',
        message: {
          detail: [
            {
              type: 'extra_forbidden',
              loc: ['body', 'messages', 1, 'assistant', 'reasoning_content'],
              msg: 'Extra inputs are not permitted',
            },
          ],
        },
      },
    },
    { kind: 'rejected', field: 'messages[].reasoning_content' },
  ],
  [
    'a day with its reset',
    'openrouter',
    {
      status: 429,
      body: said('Rate limit exceeded: free-models-per-day. ', {
        code: 429,
        metadata: {
          headers: {
            'X-RateLimit-Limit': '50',
            'X-RateLimit-Remaining': '0',
            'X-RateLimit-Reset': String(nowMs + 7000),
          },
        },
      }),
    },
    { kind: 'quota_exhausted', covers: 'model', retryAfterMs: 7000 },
  ],
  [
    'a day whose reset is over by our clock',
    'openrouter',
    {
      status: 429,
      headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(nowMs - 60_000) },
      body: said('Rate limit exceeded: free-models-per-day. '),
    },
    { kind: 'quota_exhausted', covers: 'model', untilReset: true },
  ],
  [
    'a day whose reset is over by our clock, but not by its own',
    'openrouter',
    {
      status: 429,
      headers: { date: new Date(nowMs - 180_000).toUTCString(), 'x-ratelimit-reset': String(nowMs - 60_000) },
      body: said('Rate limit exceeded: free-models-per-day. '),
    },
    { kind: 'quota_exhausted', covers: 'model', retryAfterMs: 120_000 },
  ],
  [
    'a date by a clock that is behind',
    'generic',
    {
      status: 429,
      headers: {
        date: new Date(nowMs - 180_000).toUTCString(),
        'retry-after': new Date(nowMs - 120_000).toUTCString(),
      },
      body: said('Slow down.'),
    },
    { kind: 'rate_limited', covers: 'model', retryAfterMs: 60_000 },
  ],
  [
    'a minute',
    'openrouter',
    {
      status: 429,
      headers: { 'x-ratelimit-reset': String(nowMs + 900) },
      body: said('Rate limit exceeded: free-models-per-min'),
    },
    { kind: 'rate_limited', covers: 'model', retryAfterMs: 900 },
  ],
  [
    'no endpoint',
    'openrouter',
    { status: 404, body: said('No endpoints found for x/y.', { code: 404 }) },
    { kind: 'model_missing', covers: 'model' },
  ],
  [
    'no endpoint with tools',
    'openrouter',
    { status: 404, body: said('No endpoints found that support tool use.', { code: 404 }) },
    { kind: 'too_large' },
  ],
  [
    'moderation',
    'openrouter',
    { status: 403, body: said('Your input was flagged', { code: 403 }) },
    { kind: 'content_filtered' },
  ],
  [
    'neurons used up',
    'cloudflare',
    {
      status: 429,
      body: {
        success: false,
        errors: [{ code: 3036, message: 'you have used up your daily free allocation of 10,000 neurons' }],
      },
    },
    { kind: 'quota_exhausted', covers: 'credential', untilReset: true },
  ],
  [
    'no capacity',
    'cloudflare',
    { status: 429, body: { errors: [{ code: 3040, message: 'Capacity temporarily exceeded, please try again.' }] } },
    { kind: 'overloaded' },
  ],
  [
    'a licence to accept',
    'cloudflare',
    {
      status: 403,
      body: {
        errors: [
          { code: 5016, message: "Model Agreement: Prior to using this model, you must submit the prompt 'agree'." },
        ],
      },
    },
    { kind: 'not_entitled', covers: 'model' },
  ],
  [
    'credits used up',
    'huggingface',
    { status: 402, body: { error: 'You have exceeded your monthly included credits for Inference Providers.' } },
    { kind: 'quota_exhausted', covers: 'credential', untilReset: true },
  ],
  [
    'frequency',
    'zai',
    { status: 429, body: said('Rate limit reached for requests', { code: '1302' }) },
    { kind: 'rate_limited', covers: 'model' },
  ],
  [
    'overload under 200',
    'zai',
    { status: 200, body: said('The service may be temporarily overloaded', { code: '1305' }) },
    { kind: 'overloaded' },
  ],
  [
    'a window with its reset',
    'zai',
    {
      status: 429,
      body: said('Usage limit reached for 5 hour. Your limit will reset at 2026-11-21 21:00:00', { code: '1308' }),
    },
    { kind: 'quota_exhausted', covers: 'credential', retryAfterMs: 3_600_000 },
  ],
  [
    'no balance',
    'zai',
    { status: 429, body: said('Insufficient balance or no resource package. Please recharge.', { code: '1113' }) },
    { kind: 'quota_exhausted', covers: 'model' },
  ],
  [
    'throttling',
    'bedrock',
    {
      status: 429,
      headers: { 'x-amzn-errortype': 'ThrottlingException:http://internal' },
      body: { message: 'Too many requests' },
    },
    { kind: 'rate_limited', covers: 'model' },
  ],
  [
    'no access',
    'bedrock',
    {
      status: 403,
      body: {
        __type: 'AccessDeniedException',
        message: "You don't have access to the model with the specified model ID.",
      },
    },
    { kind: 'not_entitled', covers: 'model' },
  ],
  [
    'a route that does not fit',
    'bedrock',
    { status: 400, body: { message: "The model 'x' isn't supported on this route." } },
    { kind: 'model_missing', covers: 'model' },
  ],
  [
    'a month used up',
    'cohere',
    { status: 429, body: { message: 'You are using a Trial key, which is limited to 1000 API calls / month.' } },
    { kind: 'quota_exhausted', covers: 'credential', untilReset: true },
  ],
  [
    'a trial minute',
    'cohere',
    { status: 429, body: { message: 'You are using a Trial key, which is limited to 20 API calls / minute.' } },
    { kind: 'rate_limited', covers: 'model' },
  ],
  [
    'a filter',
    'azure',
    {
      status: 400,
      body: said('The response was filtered due to the prompt', {
        code: 'content_filter',
        innererror: { code: 'ResponsibleAIPolicyViolation' },
      }),
    },
    { kind: 'content_filtered' },
  ],
  [
    'overload',
    'anthropic',
    { status: 529, body: { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } } },
    { kind: 'overloaded' },
  ],
  [
    'no credit',
    'anthropic',
    {
      status: 400,
      body: {
        type: 'error',
        error: { type: 'invalid_request_error', message: 'Your credit balance is too low to access the API.' },
      },
    },
    { kind: 'quota_exhausted', covers: 'credential' },
  ],
  [
    'a day of tokens',
    'cerebras',
    {
      status: 429,
      body: {
        message: 'Tokens per day limit exceeded - too many tokens processed.',
        type: 'too_many_tokens_error',
        param: 'quota',
        code: 'token_quota_exceeded',
      },
    },
    { kind: 'quota_exhausted', covers: 'model', untilReset: true },
  ],
  [
    'no balance',
    'generic',
    { status: 402, body: said('Insufficient Balance') },
    { kind: 'quota_exhausted', covers: 'credential' },
  ],
  [
    'no balance as 403',
    'generic',
    { status: 403, body: { code: 403, reason: 'x', message: 'NOT_ENOUGH_BALANCE' } },
    { kind: 'quota_exhausted', covers: 'credential' },
  ],
  [
    'free tier only',
    'generic',
    {
      status: 403,
      body: said('The free tier of the model has been exhausted.', { code: 'AllocationQuota.FreeTierOnly' }),
    },
    { kind: 'not_entitled', covers: 'model' },
  ],
  [
    'a web page',
    'generic',
    { status: 502, body: '<html><body>Bad gateway sk-abcdefghijk</body></html>' },
    { kind: 'overloaded' },
  ],
  [
    'gone',
    'generic',
    { status: 410, body: said('github_models_retirement_brownout') },
    { kind: 'model_missing', covers: 'model' },
  ],
  [
    'worth repeating',
    'openai',
    { status: 400, headers: { 'x-should-retry': 'true' }, body: said('Try again.') },
    { kind: 'overloaded' },
  ],
  ['time out', 'generic', { status: 524 }, { kind: 'timeout' }],
  ...[400, 403, 404, 405, 422].map((status): Case => [
    `a web page of a firewall, ${status}`,
    'generic',
    { status, body: '<!DOCTYPE html><title>Attention Required! | Cloudflare</title>' },
    { kind: 'bad_reply' },
  ]),
  [
    'a web page of somebody who counts',
    'generic',
    { status: 429, body: '<html>1015</html>' },
    { kind: 'rate_limited', covers: 'model' },
  ],
  ['a refusal without a word', 'generic', { status: 400, body: '' }, { kind: 'unexplained' }],
  ['a refusal without a word in JSON', 'openai', { status: 422, body: {} }, { kind: 'unexplained' }],
  ['a refusal in plain text', 'generic', { status: 400, body: 'Bad request: messages' }, { kind: 'rejected' }],
  ...[405, 406, 415, 421, 426, 431].map((status): Case => [
    `a refusal of the way of asking, ${status}`,
    'generic',
    { status, body: said('Not in this way.') },
    { kind: 'unexplained' },
  ]),
];
