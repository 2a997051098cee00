// Finds out whether a credential works, by the cheapest real calls: the list of models, and a chat of one token only where that proves nothing.
import type { TestCause, TestOutcome, TestResult } from '#shared/api/credentials.ts';
import type { Model, Provider } from '#shared/catalog.ts';
import type { ProviderFailure, ProviderFailureKind } from '#shared/failures.ts';
import { UpstreamError, type Clock, type Headers, type Upstream, type UpstreamCall } from '../ports.ts';
import type { Dialect, HttpReply } from '../wire/types.ts';
import { askWhole } from './ask-whole.ts';
import { SigningError } from './authorize.ts';
import { toCredential, type Credential, type FleetEntry } from './credentials.ts';

export interface TestDeps {
  readonly upstream: Upstream;
  readonly clock: Pick<Clock, 'now'>;
  readonly dialectOf: (provider: Provider) => Dialect;
}

const PATIENCE_MS = 15_000;
const MAX_MODELS = 2_000;

/** What a kind of failure means for the person who gave the key. */
const outcomes: Readonly<Record<ProviderFailureKind, TestOutcome>> = {
  rate_limited: 'limited',
  quota_exhausted: 'limited',
  overloaded: 'unreachable',
  timeout: 'unreachable',
  network: 'unreachable',
  bad_credential: 'wrong_key',
  not_entitled: 'wrong_key',
  model_missing: 'no_such_model',
  too_large: 'refused',
  context_exceeded: 'refused',
  content_filtered: 'refused',
  rejected: 'refused',
  unexplained: 'wrong_url',
  bad_reply: 'wrong_url',
  cancelled: 'unreachable',
};

const advice: Readonly<Record<TestOutcome, string>> = {
  works: 'The provider accepts this key.',
  wrong_key: 'The provider does not accept this key. Check that all of it was copied, and that it was not revoked.',
  limited: 'The key is right, but its limit is used up for now.',
  wrong_url: 'At this address nothing answers like this provider. Check the base URL; it usually ends in /v1.',
  no_such_model: 'The key is right, but the model it was tried with is not served to it.',
  unreachable: 'The provider could not be reached, or is overloaded. Try again in a minute.',
  refused: 'The provider refused the test call for another reason than the key.',
};

interface Found {
  readonly outcome: TestOutcome;
  readonly message?: string;
  readonly cause?: TestCause;
  readonly limitedUntilMs?: number | null;
  readonly models?: readonly string[];
}

/** A call with the credential's own headers, not signed yet. */
export function toCall(credential: Credential, path: string, given: Partial<UpstreamCall> = {}): UpstreamCall {
  const headers: Headers = {
    accept: 'application/json',
    'accept-encoding': 'identity',
    'content-type': 'application/json',
    ...credential.authorize(),
  };
  return {
    method: 'GET',
    // A path that leads out of the base URL is resolved by nobody else.
    url: path.startsWith('/../') ? new URL(credential.baseUrl + path).href : credential.baseUrl + path,
    headers,
    body: null,
    headTimeoutMs: PATIENCE_MS,
    idleTimeoutMs: PATIENCE_MS,
    publicOnly: credential.publicOnly,
    ...given,
  };
}

/** Asks with the credential, signed where it takes that. */
export async function askAs(
  { upstream, clock }: Pick<TestDeps, 'upstream' | 'clock'>,
  { sign }: Credential,
  call: UpstreamCall,
): Promise<HttpReply> {
  return askWhole(upstream, sign === null ? call : await sign(call, { upstream, clock }));
}

/** The ids in a list of models, as OpenAI, Anthropic, Gemini or Ollama write it; null when it is none. */
export function parseModelIds(body: string): string[] | null {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return null;
  }
  const { data, models } = (Array.isArray(json) ? { data: json } : (json ?? {})) as {
    data?: unknown;
    models?: unknown;
  };
  const list = Array.isArray(data) ? data : Array.isArray(models) ? models : null;
  if (list === null) return null;
  return list
    .flatMap((item: unknown) => {
      const { id, name } = (item ?? {}) as { id?: unknown; name?: unknown };
      const text = typeof id === 'string' ? id : typeof name === 'string' ? name.replace(/^models\//, '') : '';
      return text === '' ? [] : [text];
    })
    .slice(0, MAX_MODELS);
}

function fromFailure({ kind, retryAfterMs, status }: ProviderFailure, nowMs: number): Found {
  if (status === 404 || status === 405) return { outcome: 'wrong_url' };
  const outcome = outcomes[kind];
  return { outcome, limitedUntilMs: outcome === 'limited' && retryAfterMs !== undefined ? nowMs + retryAfterMs : null };
}

function fromError(error: unknown, { baseUrl }: FleetEntry): Found {
  if (error instanceof SigningError) return { outcome: 'wrong_key', cause: 'identity', message: error.message };
  if (!(error instanceof UpstreamError)) throw error;
  if (error.message.includes('PRIVATE_ADDRESS'))
    return {
      outcome: 'wrong_url',
      cause: 'private_address',
      message:
        'This address is not on the public internet, and only the owner of this installation may allow such addresses.',
    };
  if (error.message.includes('PLAIN_ADDRESS'))
    return {
      outcome: 'wrong_url',
      cause: 'plain_address',
      message: 'This address begins with http, so the key could be read on the way. Use https.',
    };
  if (/ENOTFOUND|EAI_AGAIN/.test(error.message))
    return baseUrl === undefined
      ? {
          outcome: 'unreachable',
          cause: 'offline',
          message: 'The provider was not found. Is this server connected to the internet?',
        }
      : {
          outcome: 'wrong_url',
          cause: 'no_such_host',
          message: 'There is no server of this name. Check the base URL.',
        };
  if (error.message.includes('ECONNREFUSED'))
    return {
      outcome: 'unreachable',
      cause: 'not_listening',
      message: 'Nothing listens at this address. Is the server started?',
    };
  return { outcome: 'unreachable' };
}

/** The model a test costs least with: free before cheap, small before large. */
function cheapest(models: readonly Model[]): Model | undefined {
  const price = ({ price, free }: Model): number => (free === undefined ? (price?.outputPerMillionUsd ?? 1_000) : 0);
  return models
    .filter(({ kind, wire }) => kind === 'chat' && wire === undefined)
    .toSorted((a, b) => price(a) - price(b))[0];
}

/** One token, for providers whose list of models proves nothing. */
async function askForOneToken(credential: Credential, deps: TestDeps): Promise<Found> {
  const { provider } = credential;
  const model = cheapest([...credential.models, ...provider.models]);
  if (model === undefined || provider.wire !== 'openai-chat') return { outcome: 'works' };
  const body = JSON.stringify({ model: model.id, max_tokens: 1, messages: [{ role: 'user', content: 'Hi' }] });
  const path = model.path ?? provider.paths['chat'] ?? '/chat/completions';
  const reply = await askAs(deps, credential, toCall(credential, path, { method: 'POST', body }));
  if (isGood(reply)) return { outcome: 'works' };
  const nowMs = deps.clock.now();
  return fromFailure(deps.dialectOf(provider).parseFailure(reply, nowMs), nowMs);
}

const isGood = ({ status }: HttpReply): boolean => status >= 200 && status <= 299;

/** Whether the list of models is shown to any key: then it tells nothing of this one. */
async function showsToAnybody(credential: Credential, entry: FleetEntry, deps: TestDeps): Promise<boolean> {
  if (credential.provider.auth.scheme === 'none' || !('authorization' in credential.authorize())) return false;
  const { sealed: _, ...open } = entry;
  const stranger = toCredential({ ...open, apiKey: 'not-a-key' }, credential.provider);
  const reply = await askAs(deps, stranger, toCall(stranger, '/models')).catch(() => null);
  return reply !== null && isGood(reply);
}

async function find(entry: FleetEntry, provider: Provider, deps: TestDeps): Promise<Found> {
  const credential = toCredential(entry, provider);
  const check = provider.paths['check'];
  const reply = await askAs(deps, credential, toCall(credential, check ?? '/models'));
  const nowMs = deps.clock.now();
  // A path that answers whoever has a key, and nobody else.
  if (check !== undefined && isGood(reply)) return { outcome: 'works' };
  if (check !== undefined) return fromFailure(deps.dialectOf(provider).parseFailure(reply, nowMs), nowMs);
  // Some have no list at all; their chat tells.
  if (reply.status === 404 || reply.status === 405) {
    const found = await askForOneToken(credential, deps);
    return provider.wire === 'openai-chat' && cheapest([...credential.models, ...provider.models]) === undefined
      ? { outcome: 'wrong_url' }
      : found;
  }
  if (!isGood(reply)) return fromFailure(deps.dialectOf(provider).parseFailure(reply, nowMs), nowMs);
  const models = parseModelIds(reply.body);
  if (models === null) return { outcome: 'wrong_url' };
  if (await showsToAnybody(credential, entry, deps)) return { ...(await askForOneToken(credential, deps)), models };
  return { outcome: 'works', models };
}

/** Tests the entry. Spends no quota where the provider's list of models tells, and one token at most. Never rejects for what the provider does. */
export async function testCredential(entry: FleetEntry, provider: Provider, deps: TestDeps): Promise<TestResult> {
  const startedAtMs = deps.clock.now();
  const found = await find(entry, provider, deps).catch((error: unknown) => fromError(error, entry));
  const { outcome, cause, message = advice[outcome], limitedUntilMs = null, models = null } = found;
  const nowMs = deps.clock.now();
  return {
    outcome,
    message,
    ...(cause !== undefined && { cause }),
    at: new Date(nowMs).toISOString(),
    ms: outcome === 'unreachable' ? null : Math.round(nowMs - startedAtMs),
    limited_until: limitedUntilMs === null ? null : new Date(limitedUntilMs).toISOString(),
    models: models === null ? null : [...models],
  };
}
